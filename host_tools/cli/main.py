"""`thecal`: the verbs by name. A verb's module is imported only when it is used, so that `--help` is fast."""

from importlib import import_module
from typing import Any, NamedTuple

import rich_click as click

from host_tools.cli.failures import one_line, wants_json
from host_tools.cli.layout import apply_plain_output, is_plain
from host_tools.cli.output import guarded


class Verb(NamedTuple):
    """A verb's place (module:attribute), the panel of `--help` that lists it, and its line there."""

    target: str
    panel: str
    summary: str


VERBS = {
    "status": Verb("host_tools.cli.status:status", "Look", "Show therapy, reservoir, alarms and dates"),
    "watch": Verb("host_tools.cli.status:watch", "Look", "Live telemetry, one line an update"),
    "log": Verb("host_tools.cli.status:log", "Look", "The pump's event log"),
    "titration": Verb("host_tools.cli.patient:titration", "Look", "The doses committed, and what each changed"),
    "patient": Verb("host_tools.cli.patient:patient", "Look", "Show or write the patient's record in the pump"),
    "patient-view": Verb("host_tools.cli.patientview:patient_view", "Look", "Show the patient what to know and do"),
    "lasts": Verb("host_tools.cli.supply:lasts", "Look", "Check whether the drug lasts until a date"),
    "refills": Verb("host_tools.cli.refills:refills", "Look", "List the refills to come, or write a calendar"),
    "emergency": Verb("host_tools.cli.emergency:emergency", "Look", "Show drug, dose, signs and first steps"),
    "report": Verb("host_tools.cli.documents:report", "Look", "Write the therapy report, to print"),
    "card": Verb("host_tools.cli.documents:card", "Look", "Write the device identification card, to print"),
    "implant": Verb("host_tools.cli.implant:implant", "Therapy", "Record the implantation, set the clock"),
    "refill": Verb("host_tools.cli.refill:refill", "Therapy", "Book a refill: volumes, accuracy, next dates"),
    "correct": Verb("host_tools.cli.correct:correct", "Therapy", "Put right what was booked of the newest filling"),
    "program": Verb("host_tools.cli.program:program", "Therapy", "Show old and new dosing, ask, commit"),
    "prime": Verb("host_tools.cli.bolus:prime", "Therapy", "Fill tubing and catheter with drug"),
    "bolus": Verb("host_tools.cli.bolus:bolus", "Therapy", "Give a single bolus, or cancel one"),
    "patient-bolus": Verb("host_tools.cli.bolus:patient_bolus", "Therapy", "Ask for the patient's bolus"),
    "bolus-settings": Verb("host_tools.cli.bolus:bolus_settings", "Therapy", "Show or set the patient's bolus"),
    "stop": Verb("host_tools.cli.therapy:stop", "Therapy", "Stop delivery"),
    "minimum-rate": Verb("host_tools.cli.therapy:minimum_rate", "Therapy", "Deliver at the minimum rate"),
    "resume": Verb("host_tools.cli.therapy:resume", "Therapy", "Deliver by the committed program again"),
    "limits": Verb("host_tools.cli.settings:limits", "Therapy", "Show or set the limits of dose, bolus and change"),
    "clock": Verb("host_tools.cli.settings:clock", "Therapy", "Set the pump's wall clock"),
    "silence": Verb("host_tools.cli.alarms:silence", "Alarms", "Silence an alarm, or all"),
    "demo-alarm": Verb("host_tools.cli.alarms:demo_alarm", "Alarms", "Let the patient hear an alarm's tone"),
    "hear": Verb("host_tools.cli.hear:hear", "Alarms", "Play an alarm's sample on this computer"),
    "alarm-settings": Verb(
        "host_tools.cli.settings:alarm_settings", "Alarms", "Show or set how soon and how often it warns"
    ),
    "pair": Verb("host_tools.cli.keys:pair", "Keys", "Give the pump a key of its own, or a way back"),
    "keys": Verb("host_tools.cli.keys:keys", "Keys", "List, replace or forget the keys of pumps"),
    "record": Verb("host_tools.cli.export:record", "Record", "Telemetry into an SQLite file"),
    "export": Verb("host_tools.cli.export:export", "Record", "The event log, or a registry's row, as CSV or JSONL"),
    "emulate": Verb("host_tools.cli.emulate:emulate", "Emulate", "Run an emulated pump on TCP and a PTY"),
    "rig": Verb("host_tools.cli.rig:rig", "Emulate", "Run the board's own code on an emulated RP2040"),
    "flash": Verb("host_tools.cli.flash:flash", "Board", "Make a board on USB a pump"),
    "run": Verb("host_tools.cli.run:run", "Emulate", "Run scenario files in virtual time"),
    "simulate": Verb(
        "host_tools.cli.simulate:simulate", "Emulate", "Live whole lives drawn from seeds, and check them"
    ),
    "replay": Verb("host_tools.cli.replay:replay_verb", "Emulate", "Run the firmware on a journal, and compare"),
    "debug": Verb("host_tools.cli.debug:debug", "Debug (emulators only)", "Time, faults, power and truth"),
    "demo": Verb("host_tools.cli.demo:demo", "Start", "A pump's seven years under a programmer, as a report"),
}
VERB, AS_JSON = "thecal.verb", "thecal.as_json"
"""Keys under which a context keeps parts of the command line, for its failures."""

PANELS = list(dict.fromkeys(verb.panel for verb in VERBS.values()))


class LazyGroup(click.RichGroup):
    """Lists verbs without importing them, and ends every failure in one line and its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        if name is None or listed is None:
            return name, listed, rest
        ctx.meta[VERB] = name
        try:
            return name, verb_of(name), rest
        except ModuleNotFoundError:
            if not ctx.resilient_parsing:
                raise
            return name, listed, rest  # a shell completes a verb whose extra is missing: no traceback at a TAB

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with guarded(), apply_plain_output():
            return super().main(*args, **kwargs)

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **kwargs: Any) -> Any:
        as_json = wants_json(args)
        with one_line(as_json, lambda: None):
            ctx = super().make_context(info_name, args, *more, **kwargs)
        ctx.meta[AS_JSON] = as_json
        if is_plain():
            ctx.color = False
        return ctx

    def invoke(self, ctx: click.Context) -> object:
        with one_line(ctx.meta[AS_JSON], lambda: ctx.meta.get(VERB)):
            return super().invoke(ctx)


def verb_of(name: str) -> click.Command:
    """Import a verb."""
    module, _, attribute = VERBS[name].target.partition(":")
    return getattr(import_module(module), attribute)


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"thecal {version('thecal')}")
        ctx.exit()


@click.group(cls=LazyGroup, panels=[click.RichCommandPanel(name) for name in PANELS])
@click.rich_config({"style_commands_table_column_width_ratio": (2, 5)})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version.",
)
def main() -> None:
    """Thecal: an open emulator of a programmable intrathecal drug pump, and its programmer.

    A simulation and engineering tool. Not a medical device, not for human use.
    """


for _name, _verb in VERBS.items():
    main.add_command(click.RichCommand(name=_name, short_help=_verb.summary, panel=_verb.panel))

if __name__ == "__main__":
    main()
