"""`thecal replay`: this version's firmware on the journal of a run."""

from pathlib import Path

import rich_click as click

from host_tools.cli.common import Failure, json_option, print_json, print_text
from host_tools.common.durations import format_duration
from host_tools.machines.mock.replay import JournalError, Replayed, replay


@click.command("replay", epilog="Example: thecal replay low_reservoir.journal")
@click.argument("journal", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="JOURNAL")
@json_option
@click.pass_context
def replay_verb(ctx: click.Context, journal: Path, as_json: bool) -> None:
    """Run the firmware on a JOURNAL of `thecal run --journal`, without pump, plant or programmer.

    Says whether it does the same to the byte, and if not where it first does anything else. Exit codes: 0 the same,
    1 it departs, 2 the file is no journal.
    """
    try:
        done = replay(journal)
    except JournalError as error:
        raise Failure(str(error), 2) from error
    if as_json:
        print_json({key: value for key, value in done._asdict().items() if key != "events"} | {"same": done.same})
    else:
        print_text(_verdict(done), " " * 6)
    ctx.exit(0 if done.same else 1)


def _verdict(done: Replayed) -> str:
    lived = f"{done.name}: {format_duration(done.now_ms // 1000)}, {done.polls} wakes, {len(done.events)} events"
    if done.departure:
        return f"other {lived} until it departs {done.departure}"
    if not done.same:
        return (
            f"other {lived}, and trace {done.trace_sha256[:12]} where the journal has {str(done.expected_sha256)[:12]}"
        )
    end = (
        "" if done.expected_sha256 else f"; the journal ends here{f', as it raised {done.crash}' if done.crash else ''}"
    )
    return f"same  {lived}, trace {done.trace_sha256[:12]}{end}"
