"""Plans programs, and orders them: stage, read back, compare, commit."""

from hashlib import sha256

from host_tools.programmer.client import Client
from host_tools.programmer.errors import ReadBackDiffers
from host_tools.programmer.flex import FlexProgram, Schedule, check_flex, flex_program
from host_tools.programmer.history import newest_commit
from host_tools.programmer.program import Program, check_program, simple_program
from host_tools.programmer.reading import read_status
from host_tools.programmer.units import Number
from protocol import messages


def plan_simple(
    client: Client, dose_mcg_per_day: Number, concentration_mcg_per_ml: int | None, override: bool
) -> Program:
    """The simple program for this dose, by default of the drug in the reservoir."""
    status = read_status(client)
    concentration = concentration_mcg_per_ml or status["concentration_mcg_per_ml"]
    program = simple_program(dose_mcg_per_day, concentration or 1)  # unfilled: refused whatever it says
    if client.checks:
        check_program(program, status, override)
    return program


def program_simple(
    client: Client, dose_mcg_per_day: Number, concentration_mcg_per_ml: int | None, override: bool
) -> Program:
    """Order the same dose all day, unless another program is committed meanwhile."""
    after_commit = newest_commit(client)
    program = plan_simple(client, dose_mcg_per_day, concentration_mcg_per_ml, override)
    order(client, program, after_commit, override)
    return program


def plan_flex(client: Client, schedule: Schedule, override: bool) -> FlexProgram:
    """The flex program of a schedule, for the drug in the reservoir."""
    status = read_status(client)
    program = flex_program(schedule, status["concentration_mcg_per_ml"] or 1)  # unfilled: refused in any case
    if client.checks:
        check_flex(program, status, override)
    return program


def program_flex(client: Client, schedule: Schedule, override: bool) -> FlexProgram:
    """Order a week of doses, unless another program is committed meanwhile."""
    after_commit = newest_commit(client)
    program = plan_flex(client, schedule, override)
    order(client, program, after_commit, override)
    return program


def order(client: Client, program: Program | FlexProgram, after_commit: int, override: bool) -> None:
    """Stage `program`, compare what the pump reads back, and commit exactly that."""
    head, days = (program, ()) if isinstance(program, Program) else (program.head, program.days)
    rows = [{"day": day, "steps": [step._asdict() for step in steps]} for day, steps in enumerate(days)]
    meant = messages.Program.build(head._asdict()) + b"".join(map(messages.Day.build, rows))
    digest = sha256(meant).digest()[: messages.DIGEST_BYTES]
    with client.session():
        client.ask("STAGE", **head._asdict())
        for row in rows:
            client.ask("STAGE_DAY", **row)
        back = client.ask("READ_BACK")
        staged = Program(*(back["program"][name] for name in Program._fields))
        same_days = all(client.ask("READ_DAY", day=row["day"])["steps"] == row["steps"] for row in rows)
        if staged != head or not same_days or back["digest"] != digest:
            raise ReadBackDiffers(
                f"the pump read back {staged}, not {head}, or another week; "
                "nothing was committed, the old program goes on"
            )
        client.ask("COMMIT", digest=digest, override="yes" if override else "no", after_commit=after_commit)
