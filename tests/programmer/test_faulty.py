"""A bad line before any port: what it does to frames, and a clinic's work over one."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import NoDevice, Programmer
from host_tools.programmer.transport import SerialTransport
from host_tools.programmer.urls.protocol_faulty import BadLine, parse

DAY_S = 86_400
WORK = ("IMPLANT", "REFILL", "PROGRAM_COMMITTED")


@pytest.mark.parametrize("seed", range(2))
def test_a_clinic_s_work_is_done_once_over_a_line_that_is_five_percent_bad(seed):
    """Implanted, filled, programmed, refilled and programmed anew; what the pump then is, is read over a good line."""
    with EmulatorProcess(speed=0) as emulator, emulator.debug_client() as debug:
        bad = f"faulty://{emulator.url}?noise=5&drop=5&duplicate=5&seed={seed}"
        with Programmer.open(bad, timeout_s=0.3, tries=16) as pump:
            pump.implant(89)
            pump.refill(20, 500)
            pump.program_simple(100)
            debug.advance(DAY_S)
            pump.refill(20, 2000, aspirated_ml=19.8)
            pump.program_simple(120)
        with Programmer.open(emulator.url) as pump:
            status = pump.status()
            done = Counter(event["name"] for event in pump.log())
    assert [done[name] for name in WORK] == [1, 2, 2]
    assert (status["concentration_mcg_per_ml"], status["dose_mcg_per_day"]) == (2000, 120)
    assert status["reservoir_nl"] == 20_000_000


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(1, 7), st.integers(0, 99))
def test_a_good_line_changes_nothing_but_the_pieces(frames, size, seed):
    data = b"".join(frame.replace(b"\0", b"\1") + b"\0" for frame in frames)
    line = BadLine({"noise": 0, "drop": 0, "duplicate": 0}, str(seed))
    assert b"".join(line.carry(data[at : at + size]) for at in range(0, len(data), size)) == data


@pytest.mark.parametrize("what", ["noise", "drop", "duplicate"])
def test_as_many_frames_as_it_says(what):
    line = BadLine(dict.fromkeys(["noise", "drop", "duplicate"], 0) | {what: 20}, "3")
    came = [line.carry(b"%04d\0" % number) for number in range(5000)]
    touched = sum(data != b"%04d\0" % number for number, data in enumerate(came))
    print(f"{what}: {touched} of 5000, {line.counts}")
    assert touched == line.counts[what] == pytest.approx(1000, abs=120)
    assert line.counts["all"] == 5000


def test_it_repeats():
    lines = [BadLine({"noise": 10, "drop": 10, "duplicate": 10}, "7") for _ in range(2)]
    data = b"".join(b"%04d\0" % number for number in range(500))
    assert lines[0].carry(data) == b"".join(lines[1].carry(bytes([byte])) for byte in data)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("faulty://socket://127.0.0.1:1?drop=101", "drop is '101'; it is a whole number of percent from 0 to 100"),
        ("faulty://socket://127.0.0.1:1?drop=", "drop is ''; it is"),
        ("faulty://socket://127.0.0.1:1?delay=3", "'delay' is nothing that a bad line does; known: noise, drop"),
        ("faulty://socket://127.0.0.1:1", "names no port, or no faults: write faulty://"),
        ("faulty://?drop=5", "names no port, or no faults"),
        ("faulty:///dev/ttyABSENT9?drop=5", "there is no such port"),
    ],
)
def test_a_bad_url_is_said(url, complaint):
    with pytest.raises(NoDevice, match=complaint):
        SerialTransport(url)


def test_a_port_that_has_a_query_of_its_own_nests():
    assert parse("faulty://spy:///dev/ttyACM0?color?noise=1&seed=x") == (
        "spy:///dev/ttyACM0?color",
        {"noise": 1, "drop": 0, "duplicate": 0},
        "x",
    )
