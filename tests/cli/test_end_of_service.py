"""A pump past its end of service: no verb advises what cannot help, least of all to stop it."""

import pytest

from host_tools.emulator.process import EmulatorProcess
from tests.cli.conftest import Thecal
from tests.cli.test_verbs import DAY_S, IMPLANT, PROGRAM, REFILL, start_therapy

BOLUS = ("bolus", "--dose-mcg", "20", "--over", "30m", "--yes")
ORDERS = [
    IMPLANT,
    REFILL,
    ("refill", "--volume-ml", "41", "--concentration-mcg-per-ml", "2000"),
    PROGRAM,
    ("program", "--dose-mcg-per-day", "900", "--yes"),
    BOLUS,
    ("bolus", "--cancel"),
    ("patient-bolus",),
    ("prime", "--volume-ml", "0.1"),
    ("stop",),
    ("minimum-rate",),
    ("resume",),
    ("limits", "--max-bolus-mcg", "50"),
    ("alarm-settings", "--critical-interval", "5m"),
]


def test_every_order_of_therapy_is_told_of_the_end(emulator: EmulatorProcess, thecal: Thecal) -> None:
    start_therapy(thecal)
    with emulator.debug_client() as debug:
        debug.fault("battery_drain", percent=10_000)
        debug.advance(120 * DAY_S)
    for order in ORDERS:
        done = thecal(*order)
        last = done.stderr.splitlines()[-1]
        assert done.exit_code == 4, (order, done.stderr)
        assert "(state): the pump has reached its end of service, and nothing starts it again" in last, order
        for bad in ("thecal stop", "thecal resume", "thecal program", "thecal refill", "--override"):
            assert bad not in done.stderr, order
    # what it still takes is refused for its own reason
    done = thecal("silence", "low_battery_reset")
    assert (done.exit_code, "that alarm is not on" in done.stderr) == (4, True)
    done = thecal("silence", "end_of_service")
    assert done.exit_code == 0
    assert "the pump has reached its end of service: only a new one gives therapy" in done.stderr
    assert "`thecal resume`" not in done.stderr


@pytest.mark.usefixtures("emulator")
def test_a_pump_in_service_is_told_to_be_stopped_first(thecal: Thecal) -> None:
    start_therapy(thecal)
    done = thecal(*IMPLANT)
    assert (done.exit_code, "`thecal stop` comes first" in done.stderr) == (4, True)
