"""`--timeout`: what a verb does with a pump that is slow to answer. Its clock is virtual: nobody waits."""

import pytest

from host_tools.cli import flash
from host_tools.programmer import programmer
from host_tools.programmer.timeouts import TIMEOUT_VARIABLE
from tests.cli.conftest import Thecal
from tests.programmer.slow import SlowTransport

URL = "socket://127.0.0.1:4321"
WAITING = "waiting: a slow emulation may take {} s for an answer (Ctrl-C ends)\n"
VERBS = [["status"], ["stop"], ["program", "--dose-mcg-per-day", "500", "--yes"], ["log"], ["silence", "all"]]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowTransport:
    """A pump that takes 20 s for each answer."""
    line = SlowTransport(20)
    monkeypatch.setattr(programmer, "SerialTransport", lambda _url: line)
    monkeypatch.delenv(TIMEOUT_VARIABLE, raising=False)
    return line


@pytest.mark.usefixtures("slow")
def test_without_it_a_slow_pump_is_none(thecal: Thecal) -> None:
    done = thecal("status", "--port", URL)
    assert (done.exit_code, done.stdout) == (3, "")
    assert "nothing answers" in done.stderr
    assert "--timeout" in done.stderr


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_every_verb_takes_it_and_says_once_that_it_waits(thecal: Thecal, verb: list[str]) -> None:
    done = thecal(*verb, "--port", URL, "--timeout", "30")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.count(WAITING.format(30)) == done.stderr.count("waiting") == 1


def test_it_goes_before_the_environment(thecal: Thecal, slow: SlowTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TIMEOUT_VARIABLE, "25")
    done = thecal("status", "--port", URL)
    assert (done.exit_code, WAITING.format(25) in done.stderr) == (0, True)
    began_s = slow.now_s()
    done = thecal("status", "--port", URL, "--timeout", "0.5")
    assert (done.exit_code, slow.now_s() - began_s) == (3, 2)


@pytest.mark.parametrize("verb", [*VERBS, ["flash"]], ids=lambda verb: verb[0])
@pytest.mark.parametrize("text", ["0", "-3", "soon"])
def test_what_is_no_time_out_is_named(
    thecal: Thecal, verb: list[str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = thecal(*verb, "--port", URL, "--timeout", text)
    monkeypatch.setenv(TIMEOUT_VARIABLE, text)
    found = thecal(*verb, "--port", URL)
    for done in (said, found):
        assert (done.exit_code, done.stdout) == (2, "")
        assert f"{text!r} is no time-out" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("timeout_s", [0.5, 1, 30, 300])
def test_a_flashed_board_is_waited_for_at_least_a_minute(
    monkeypatch: pytest.MonkeyPatch, slow: SlowTransport, timeout_s: float
) -> None:
    """Somebody has to lay the head on. `flash` gives the pump four tries in any case."""
    monkeypatch.setattr(slow, "_delay_s", 1e9)
    with pytest.raises(flash.NoDevice, match="no hello came"):
        flash._read_identity(URL, timeout_s)
    assert slow.now_s() == max(60, 4 * timeout_s)
