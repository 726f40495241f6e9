"""How long a programmer waits for a slow pump: as its user says, else as the emulator publishes, else a second."""

import json
import os
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from host_tools.programmer import BadValue, NoDevice, Programmer, programmer
from host_tools.programmer.discovery import (
    find_emulator,
    find_port,
    published_timeout_s,
    registry_dir,
    running_emulators,
)
from host_tools.programmer.timeouts import MAX_TIMEOUT_S, TIMEOUT_VARIABLE
from tests.programmer.slow import SlowTransport

URL = "socket://127.0.0.1:4321"
OLD_RECORD: dict[str, Any] = {
    "pid": os.getpid(),
    "tcp": URL,
    "pty": "/dev/pts/99",
    "debug": "127.0.0.1:1",
    "debug_token": "",
    "serial": "PEER-0000001",
    "started": "2026-01-05T00:00:00",
}
TRIES = 4


@pytest.fixture(autouse=True)
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THECAL_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv(TIMEOUT_VARIABLE, raising=False)
    monkeypatch.setattr("host_tools.programmer.discovery.usb_ports", list)


def publish(**fields: object) -> None:
    registry_dir().mkdir(exist_ok=True)
    (registry_dir() / "1.json").write_text(json.dumps(OLD_RECORD | fields))


def waited_s(monkeypatch: pytest.MonkeyPatch, url: str, **options: Any) -> float:
    """How long a programmer waits at `url` for a pump that never answers, in all its tries."""
    line = SlowTransport(1e9)
    monkeypatch.setattr(programmer, "SerialTransport", lambda _url: line)
    with Programmer.open(url, **options) as pump, pytest.raises(NoDevice):
        pump.hello()
    return line.now_s()


@pytest.mark.parametrize(("said", "in_environment", "published"), list(product((None, 7), (None, 11), (None, 13))))
@pytest.mark.parametrize("url", ["auto", URL, "socket://LocalHost:4321", "/dev/pts/99"])
def test_what_is_said_goes_before_the_environment_and_that_before_what_is_published(
    monkeypatch: pytest.MonkeyPatch, url: str, said: int | None, in_environment: int | None, published: int | None
) -> None:
    publish(**({} if published is None else {"timeout_s": published}))
    if in_environment:
        monkeypatch.setenv(TIMEOUT_VARIABLE, str(in_environment))
    options = {} if said is None else {"timeout_s": said}
    expected_s = said or in_environment or published or 1
    assert waited_s(monkeypatch, url, **options) == TRIES * expected_s


def test_what_is_published_is_for_that_emulator_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    publish(timeout_s=13)
    for url in ("socket://127.0.0.1:4322", "/dev/ttyACM0", "socket://elsewhere:4321", "spy://" + URL):
        assert published_timeout_s(url) is None
        assert waited_s(monkeypatch, url) == TRIES


def test_a_record_without_a_time_out_is_still_read() -> None:
    publish()
    [emulator] = running_emulators()
    assert (emulator.tcp, emulator.timeout_s) == (URL, None)


def test_an_emulated_chip_is_found_though_it_has_no_debug_link() -> None:
    publish(debug="", timeout_s=80)
    assert find_port() == URL
    with pytest.raises(NoDevice, match="no emulator runs here"):
        find_emulator()


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e9", str(MAX_TIMEOUT_S + 1), "soon", "1 s", " "])
def test_what_is_no_time_out_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(TIMEOUT_VARIABLE, text)
    with pytest.raises(BadValue) as error:
        Programmer.open(URL)
    assert f"{text!r} is no time-out" in str(error.value)
    assert TIMEOUT_VARIABLE in str(error.value)


@pytest.mark.parametrize("delay_s", [0.5, 1.9, 2.1, 6, 29])
def test_a_slow_pump_is_asked_once_and_said_to_be_slow_once(delay_s: float) -> None:
    told: list[float] = []
    line = SlowTransport(delay_s)
    pump = Programmer(line, timeout_s=30, waiting=told.append)
    pump.stop()
    requests = len(set(line.sent))
    assert len(line.sent) == requests
    assert line.now_s() == pytest.approx(requests * delay_s)
    assert told == ([30] if delay_s > 2 else [])


def test_an_answer_that_comes_when_it_was_asked_for_again_is_taken() -> None:
    line = SlowTransport(50)
    assert Programmer(line, timeout_s=30).hello()["serial"] == "PEER-0000001"
    assert (len(line.sent), line.now_s()) == (2, 50)


def test_a_pump_that_is_asked_each_second_is_not_said_to_be_slow() -> None:
    told: list[float] = []
    with pytest.raises(NoDevice):
        Programmer(SlowTransport(1e9), waiting=told.append).hello()
    assert told == []
