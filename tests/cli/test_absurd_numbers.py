"""Absurd numbers at every option that takes one: refused at once, in one line that names the value."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import rich_click as click

from host_tools.cli.common import DECIMAL, DURATION_S, LOCAL_TIME
from host_tools.cli.main import VERBS
from host_tools.emulator.process import EmulatorProcess
from tests.cli.conftest import Thecal
from tests.cli.test_verbs import start_therapy, status

DIGITS = "9" * 5000  # more than Python makes an integer of
NUMBERS = (
    "1e308", "-1e308", "1e400", "1e999999", "-1e999999", "1e99999999999", "1e-99999999", "nan", "-nan", "sNaN", "inf",
    "-inf", "9" * 30, "-" + "9" * 30, DIGITS, "0x10", "", "-1",
)  # fmt: skip
COUNTS = tuple(number for number in (*NUMBERS, "0") if number not in ("1e400", "-nan", "sNaN"))
DURATIONS = ("9" * 30 + "d", DIGITS + "s", "-1d", "1e308s", "1e9y", "34y", "99999w", "nan", "inf", "")
TIMES = (
    "9999-12-31", "9999-12-31T23:59:59", "0001-01-01", "2017-12-31T23:59:59", "2052-01-11", "10000-01-01", "2026-13-01",
    "2026-01-05T00:00:00.5", "2026-01-05T00:00:00+99:99", "1e308", "nan", "-1",
)  # fmt: skip

ORDERS: dict[str, tuple[str, ...]] = {
    "watch": ("--every 1s", "--count 1"),
    "log": ("--since 1",),
    "report": ("--event 1", "--force"),
    "refills": ("--count 1", "--volume-ml 20", "--early 7"),
    "implant": (
        "--catheter-cm 89", "--catheter kept", "--catheter-mcg-per-ml 500", "--pump-tubing-ml 0.1", "--depth-mm 20",
        "--date 2026-01-05", "--wall 2026-01-05",
    ),
    "refill": ("--volume-ml 20", "--concentration-mcg-per-ml 2000", "--aspirated-ml 10"),
    "correct": ("--concentration-mcg-per-ml 2000", "--volume-ml 20", "--line 0.1:2000", "--yes"),
    "program": ("--dose-mcg-per-day 500", "--yes"),
    "prime": ("--volume-ml 0.1",),
    "bolus": ("--dose-mcg 20", "--over 30m", "--yes"),
    "bolus-settings": ("--dose-mcg 20", "--over 5m", "--lockout 4h", "--per-day 2"),
    "limits": ("--max-dose-mcg-per-day 900", "--max-bolus-mcg 100", "--max-change-percent 20"),
    "clock": ("--wall 2026-01-05",),
    "alarm-settings": (
        "--critical-interval 5m", "--non-critical-interval 1h", "--stopped-after 6h", "--low-reservoir-ml 2",
    ),
    "record": ("FILE", "--every 1s", "--count 1", "--for 1s"),
    "emulate": ("--speed 0", "--tcp 0", "--seed 0", "--start 2026-01-05"),
    "rig": ("--tcp 0",),
    "simulate": ("--seed 0", "--jobs 1"),
}  # fmt: skip
"""Whole orders that stand, of which one number at a time is made absurd."""

ARGUMENTS = {
    "lasts": TIMES[5:],  # the others are dates, and an answer
    "debug advance": (*DURATIONS, *(text for text in TIMES if text != "2052-01-11")),
    "debug cut": DURATIONS,
    "debug speed": NUMBERS,
    "debug fault motor_stall": [f"for={text}" for text in DURATIONS],
    "debug fault clock_jump": [f"by={text}" for text in DURATIONS if text != "-1d"],
    "debug fault reservoir_leak": [f"ml_per_day={text}" for text in NUMBERS],
    "debug fault over_delivery": [f"percent={text}" for text in NUMBERS],
    "debug fault temperature": [f"celsius={text}" for text in NUMBERS if text != "-1"],
    "debug fault motor_stall_intermittent every=6h": [f"lasting={text}" for text in DURATIONS],
}


def _options(verb: str) -> dict[str, tuple[str, ...]]:
    """Each option of a verb that takes a number, and the absurd ones for its kind."""
    module, _, attribute = VERBS[verb].target.partition(":")
    absurd = {}
    for option in getattr(import_module(module), attribute).params:
        if option.type in (DECIMAL, DURATION_S, LOCAL_TIME):
            absurd[option.opts[0]] = {DECIMAL: NUMBERS, DURATION_S: DURATIONS, LOCAL_TIME: TIMES}[option.type]
        elif option.type.name in ("speed", "float"):
            absurd[option.opts[0]] = NUMBERS
        elif isinstance(option.type, click.IntRange | type(click.INT)):
            zero_is_none = isinstance(option.type, click.IntRange) and option.type.min == 0
            absurd[option.opts[0]] = tuple(text for text in COUNTS if text != "0" or not zero_is_none)
    return absurd


def _cases(file: Path) -> Iterator[tuple[str, ...]]:
    for verb in VERBS:
        for option, absurd in _options(verb).items() if verb not in ("lasts", "debug") else ():
            whole = ORDERS[verb]
            assert any(part.split()[0] == option for part in whole), f"{verb} {option} is in no order here"
            others = [word for part in whole if part.split()[0] != option for word in part.split()]
            for text in absurd:
                if (option, text) not in (("--per-day", "0"), ("--concentration-mcg-per-ml", "0")):
                    yield (verb, *(str(file) if word == "FILE" else word for word in others), option, text)
    for order, absurd in ARGUMENTS.items():
        for text in absurd:
            yield (*order.split(), "--", text)


@pytest.mark.timeout(180)
def test_absurd_numbers_are_refused_in_one_line(emulator: EmulatorProcess, thecal: Thecal, tmp_path: Path) -> None:
    start_therapy(thecal)
    before = status(thecal)
    tried = 0
    for case in _cases(tmp_path / "pump.sqlite"):
        done = thecal(*case)
        shown = [text[:40] for text in case]
        assert done.exit_code in (2, 4), (shown, done.stdout, done.stderr)
        assert done.stderr.count("\n") == 1, (shown, done.stderr)
        assert len(done.stderr) < 300, (shown, done.stderr)
        tried += 1
    print(f"{tried} absurd numbers")
    assert tried > 400
    after = status(thecal)
    for key in ("therapy", "dose_mcg_per_day", "reservoir_nl", "wall", "uptime_s", "limits", "alarm_settings"):
        assert after[key] == before[key]
