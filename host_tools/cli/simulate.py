"""`thecal simulate`: lives drawn from seeds, with faults and people who make mistakes."""

import math
import os
import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import rich_click as click

from host_tools.cli.common import Failure, json_option, print_json, print_message
from host_tools.cli.simulatetext import campaign_progress, print_beginning, print_found, print_sum
from host_tools.machines.machine import RuntimeUnavailable
from host_tools.simulate.campaign import Settings, Sum, campaign

RUNTIMES = ("cpython", "micropython")
SEED_DIGITS = 18
MOST_JOBS = 256
LONGEST_YEARS = 30
INTERRUPTED = 130


_NUMBER = rf"\d{{1,{SEED_DIGITS}}}"


class _Seed(click.ParamType):
    name = "N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if not re.fullmatch(_NUMBER, str(value), re.ASCII):
            self.fail(f"{value!r} is no seed; write a whole number of at most {SEED_DIGITS} digits", param, ctx)
        return int(str(value))


class _Seeds(click.ParamType):
    """A range such as 0..99, both ends included."""

    name = "A..B"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        match = re.fullmatch(rf"({_NUMBER})\.\.({_NUMBER})", str(value), re.ASCII)
        if not match:
            self.fail(f"{value!r} is no range of seeds; write 0..99", param, ctx)
        first, last = int(match[1]), int(match[2])
        if last < first:
            self.fail(f"{value!r} ends before it begins; write {last}..{first}", param, ctx)
        return range(first, last + 1)


class _Years(click.ParamType):
    name = "years"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            years = float(str(value))
        except ValueError:
            years = math.nan
        if not 0 < years <= LONGEST_YEARS:
            self.fail(f"{value!r} is no number of years above 0, at most {LONGEST_YEARS}", param, ctx)
        return years


@click.command(epilog="Example: thecal simulate --seeds 0..99 --jobs 2 --out build/found")
@click.option("--seed", type=_Seed(), help="The life of one seed.  [default: 0]")
@click.option("--seeds", type=_Seeds(), help="The lives of a range of seeds, both ends included.")
@click.option("--jobs", type=click.IntRange(1, MOST_JOBS), help="How many at a time.  [default: one for each core]")
@click.option("--years", type=_Years(), default=0.25, show_default=True, help="Of each life.")
@click.option(
    "--on", type=click.Choice(RUNTIMES), default="cpython", show_default=True, help="What the firmware runs on."
)
@click.option("--outside", is_flag=True, help="Inject faults of which nothing is promised, too (docs/faults.md).")
@click.option("--strict", is_flag=True, help="A slip that the pump took and that harms is a failure, too.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, writable=True, path_type=Path),
    help="Write the cut-down scenario of each life that fails there.",
)
@json_option
@click.pass_context
def simulate(
    ctx: click.Context,
    seed: int | None,
    seeds: range | None,
    jobs: int | None,
    years: float,
    on: str,
    outside: bool,
    strict: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Live whole lives of pumps, drawn from seeds, and check every moment of them.

    A patient, a clinic with people who slip, faults, power cuts and bad lines; docs/simulation.md has what is checked.
    Exit codes: 0 nothing found, 1 a life failed, 2 usage. What people's slips did is listed, and fails with --strict.
    Ctrl-C prints what was found so far.
    """
    if seed is not None and seeds is not None:
        raise click.UsageError("expected one of --seed and --seeds, got both")
    numbers = seeds or range(seed or 0, (seed or 0) + 1)
    settings = Settings(years, on, outside)
    if out:
        _make(out)
    if not as_json:
        print_beginning(numbers, settings)
    total, interrupted = Sum(), False
    try:
        _live(numbers, settings, jobs or os.cpu_count() or 1, out, as_json, total)
    except RuntimeUnavailable as error:
        raise Failure(str(error), 2) from error
    except KeyboardInterrupt:
        interrupted = True
    if interrupted:
        print_message(f"stopped after {total.seeds} of {len(numbers)} seeds")
    if as_json:
        print_json(total.document(settings))
    else:
        print_sum(total, strict)
    failed = bool(total.failed or (strict and total.human))
    ctx.exit(INTERRUPTED if interrupted else int(failed))


def _live(seeds: Sequence[int], settings: Settings, jobs: int, out: Path | None, as_json: bool, total: Sum) -> None:
    """Live the seeds and say at once what is found; `total` holds what was done, however it ends."""
    with (
        campaign_progress(len(seeds), hidden=as_json) as show,
        closing(campaign(seeds, settings, min(jobs, len(seeds)), bool(out))) as outcomes,
    ):
        for outcome in outcomes:
            total.add(outcome)
            show(total)
            path = out / f"seed-{outcome.lived.seed}.yaml" if out and outcome.scenario else None
            if path:
                _write(path, outcome.scenario or "")
            if as_json:
                print_json(outcome.document(settings))
            else:
                print_found(outcome, settings, path)


def _make(folder: Path) -> None:
    """Make a folder, before lives are spent on what goes there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{folder} cannot be made: {error.strerror}; name another --out", 2) from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}", 2) from error
