"""What asks before it changes the pump, what never does, and what a script without a terminal is told."""

import json
from subprocess import PIPE

import pytest

from tests.child import LIMIT_S, child
from tests.child import thecal as child_command
from tests.cli.conftest import PeerServer, Thecal, asked, commands

SETTINGS = ("bolus-settings", "--dose-mcg", "5", "--over", "5m", "--lockout", "4h", "--per-day", "3")
ASK = {
    ("silence",): ("SILENCE", b"eri, non-critical: "),
    ("limits", "--max-bolus-mcg", "99"): ("LIMITS", b"bolus  now at most 200 mcg  new at most 99 mcg\n"),
    ("alarm-settings", "--critical-interval", "5m"): ("ALARM_SETTINGS", b"now every 10m  new every 5m\n"),
    SETTINGS: ("SET_PATIENT_BOLUS", b"  now 20 mcg over 10m, of 2000 mcg/mL: 1h apart, 4 in any 24 h\n"),
    ("clock", "--wall", "2034-11-28T08:15"): ("SET_CLOCK", b"now 2026-01-07 05:46:40  new 2034-11-28 08:15:00\n"),
    ("resume",): ("RESUME", b"committed: simple, 500 mcg/day"),
}
"""Verbs that ask, what they then request of the pump, and what is shown before the question."""
EVERY = pytest.mark.parametrize("verb", ASK, ids=lambda verb: verb[0])


@EVERY
@pytest.mark.parametrize(("keys", "exit_code"), [(b"y\n", 0), (b"n\n", 1)])
def test_a_terminal_is_asked_and_shown_old_and_new(
    server: PeerServer, terminal: tuple[int, int], verb: tuple[str, ...], keys: bytes, exit_code: int
) -> None:
    request, words = ASK[verb]
    shown, code = asked(terminal, keys, *verb, "--port", server.url)
    assert code == exit_code
    assert words in shown
    assert (request in commands(server.peer)) == (exit_code == 0)


@EVERY
def test_a_script_that_says_yes_is_not_asked(server: PeerServer, thecal: Thecal, verb: tuple[str, ...]) -> None:
    assert thecal(*verb, "--yes", "--port", server.url).exit_code == 0
    assert ASK[verb][0] in commands(server.peer)


@EVERY
def test_nor_is_one_that_named_all_values(server: PeerServer, thecal: Thecal, verb: tuple[str, ...]) -> None:
    done = thecal(*verb, "--port", server.url)
    if verb == ("silence",):
        assert done.exit_code == 2
        assert "no alarm is named, and there is no terminal to ask on; name one" in done.stderr
        assert "SILENCE" not in commands(server.peer)
    else:
        assert done.exit_code == 0
        assert ASK[verb][0] in commands(server.peer)


AT_ONCE = {
    ("stop",): "STOP",
    ("minimum-rate",): "MINIMUM_RATE",
    ("silence", "eri"): "SILENCE",
    ("silence", "all"): "SILENCE",
    ("bolus", "--cancel"): "CANCEL_BOLUS",
    ("bolus-settings", "--per-day", "0"): "SET_PATIENT_BOLUS",
}


@pytest.mark.parametrize("verb", AT_ONCE, ids=" ".join)
def test_to_deliver_or_to_allow_less_is_never_delayed_by_a_question(
    server: PeerServer, terminal: tuple[int, int], verb: tuple[str, ...]
) -> None:
    _, theirs = terminal
    with child(child_command(*verb, "--port", server.url), stdin=theirs, stdout=PIPE, stderr=PIPE) as running:
        _, said = running.communicate(timeout=LIMIT_S)
    assert running.returncode == 0
    assert b"[y/N]" not in said
    assert AT_ONCE[verb] in commands(server.peer)


@pytest.mark.parametrize("verb", ["limits", "alarm-settings", "bolus-settings"])
def test_settings_are_shown_where_none_is_given(server: PeerServer, thecal: Thecal, verb: str) -> None:
    assert thecal(verb, "--port", server.url).stdout
    assert json.loads(thecal(verb, "--json", "--port", server.url).stdout)
    assert not {"LIMITS", "ALARM_SETTINGS", "SET_PATIENT_BOLUS"} & set(commands(server.peer))


def test_where_nothing_sounds_there_is_nothing_to_silence(server: PeerServer, thecal: Thecal) -> None:
    server.peer.status["alarms"] = []
    done = thecal("silence", "--yes", "--port", server.url)
    assert (done.exit_code, done.stdout) == (0, "no alarm sounds: there is none to silence\n")
    assert "SILENCE" not in commands(server.peer)
