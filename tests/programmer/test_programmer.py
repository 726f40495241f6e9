"""The programmer's verbs against a pump of the wire alone."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from host_tools.programmer import (
    BadValue,
    NotAuthorised,
    Programmer,
    ProtocolMismatch,
    ReadBackDiffers,
    Refused,
    SessionLost,
)
from host_tools.programmer.errors import PER_REQUEST, REASONS
from protocol import codes, messages
from protocol.frame import encode
from protocol.messages import NONE32
from tests.programmer.peer import STATUS, Peer, PeerTransport

NOW = datetime(2026, 1, 5, 8)
Verb = Callable[[Programmer], Any]
VERBS: dict[str, Verb] = {
    "IMPLANT": lambda pump: pump.implant(89, wall=NOW),
    "REFILL": lambda pump: pump.refill(20, 2000),
    "STAGE": lambda pump: pump.program_simple(500),
    "COMMIT": lambda pump: pump.program_simple(500),
    "STOP": lambda pump: pump.stop(),
    "RESUME": lambda pump: pump.resume(),
    "SILENCE": lambda pump: pump.silence("eri"),
    "SET_CLOCK": lambda pump: pump.set_clock(NOW),
    "MINIMUM_RATE": lambda pump: pump.minimum_rate(),
    "DEMO_ALARM": lambda pump: pump.demo_alarm("critical"),
    "WRITE_RECORD": lambda pump: pump.write_record("clinic", "North"),
    "LIMITS": lambda pump: pump.limits(max_bolus_mcg=100),
}


def connect(peer: Peer, **options: Any) -> Programmer:
    return Programmer(PeerTransport(peer), entropy=random.Random(1).randbytes, **options)


def event(seq: int, name: str, a: int = 0, b: int = 0, c: int = 0) -> dict[str, Any]:
    head = {"seq": seq, "uptime_s": seq, "wall_s": NONE32, "event": name, "severity": "info"}
    return head | {"a": a, "b": b, "c": c}


@pytest.mark.parametrize("name", VERBS)
def test_each_verb_is_one_session(name: str) -> None:
    peer = Peer()
    VERBS[name](connect(peer))
    done = [request for request, _ in peer.done]
    assert done[0] == "PROVE"
    assert done[-1] == "CLOSE"
    assert done.count("PROVE") == done.count(name) == 1


def test_verbs_in_a_session_block_share_it() -> None:
    peer = Peer()
    pump = connect(peer)
    with pump.session():
        pump.stop()
        pump.status()
        pump.resume()
    assert [request for request, _ in peer.done] == ["PROVE", "STOP", "RESUME", "CLOSE"]


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("reason", sorted(set(REASONS) - {"auth", "replay"}))
def test_every_refusal_has_its_reason_and_a_sentence_and_ends_the_session(name: str, reason: str) -> None:
    peer = Peer()
    peer.refuse = {name: reason}
    with pytest.raises(Refused) as refused:
        VERBS[name](connect(peer))
    assert (refused.value.reason, refused.value.exit_code) == (reason, 4)
    assert PER_REQUEST.get((name, reason), REASONS[reason]) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert peer.done[-1][0] == "CLOSE"


def test_there_is_a_sentence_for_each_reason() -> None:
    assert set(REASONS) == set(codes.REASON)


def test_wrong_key_is_not_authorised() -> None:
    with pytest.raises(NotAuthorised, match="does not accept this key") as refused:
        connect(Peer(key=bytes(32))).stop()
    assert refused.value.exit_code == 5


def test_pump_that_restarted_has_lost_the_session() -> None:
    peer = Peer()
    pump = connect(peer)
    with pump.session():
        peer.forget()
        with pytest.raises(SessionLost, match="session is gone"):
            pump.stop()
    pump.stop()
    assert [request for request, _ in peer.done] == ["PROVE", "PROVE", "STOP", "CLOSE"]


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"version": messages.VERSION + 1}, "this programmer is older"),
        ({"version": messages.VERSION - 1}, "the pump is older"),
        ({"fingerprint": 1}, "make gen"),
    ],
)
def test_other_message_tables_are_said_with_what_to_do(change: dict[str, int], advice: str) -> None:
    peer = Peer()
    peer.identity |= change
    with pytest.raises(ProtocolMismatch, match=advice):
        connect(peer).status()


def test_diagnostics_say_what_the_pump_runs_on_and_what_is_free() -> None:
    peer = Peer()
    pump = connect(peer)
    assert pump.diagnostics() == {"runtime": "micropython 1.26.1 rp2040", "free_bytes": 123_456}
    peer.free_bytes = messages.NONE32
    assert pump.diagnostics()["free_bytes"] is None
    assert peer.done == []


def test_status_is_in_the_units_of_its_names() -> None:
    status = connect(Peer()).status()
    assert status["dose_mcg_per_day"] == 500
    assert status["delivered_today_mcg"] == 1
    assert status["reservoir_sensor_nl"] is None
    assert status["battery_load_mv"] is None
    assert status["low_reservoir_date"] == "2026-01-08"
    assert status["refill_by"] is None
    assert status["alarms"] == ["eri"]
    assert status["alarm_list"] == [
        {"name": "eri", "class": "non_critical", "since_s": 5, "silenced": False, "condition": "active"}
    ]


def test_without_a_clock_there_are_no_dates() -> None:
    peer = Peer()
    peer.status |= {"wall_s": NONE32}
    status = connect(peer).status()
    assert [status[key] for key in ("wall", "low_reservoir_date", "last_refill", "eri_forecast")] == [None] * 4


def test_log_is_read_in_pieces_without_gaps() -> None:
    peer = Peer()
    peer.events = [event(seq, "BOOT") for seq in range(1, 101)]
    pump = connect(peer)
    assert [entry["seq"] for entry in pump.log()] == list(range(1, 101))
    assert [entry["seq"] for entry in pump.log(since=98)] == [98, 99, 100]
    assert list(pump.log(since=101)) == []


def test_log_ends_where_it_ended_when_it_was_asked_for() -> None:
    peer = Peer()
    peer.events = [event(seq, "BOOT") for seq in range(1, 21)]
    seqs = []
    for entry in connect(peer).log():
        seqs.append(entry["seq"])
        peer.events.append(event(len(peer.events) + 1, "BOOT"))
    assert seqs == list(range(1, 25)), "at most what came in one answer is past the end"


def test_events_name_their_numbers_and_codes() -> None:
    peer = Peer()
    peer.events = [
        event(1, "ALARM_SILENCED", codes.ALARM["eri"]),
        event(2, "THERAPY_STATE_CHANGED", codes.THERAPY["unfilled"], codes.THERAPY["stopped"]),
        event(3, "CMD_REJECTED", 0x21, codes.REASON["overfill"]),
        event(4, "PROGRAM_COMMITTED", 1, 2, 3),
    ]
    assert [entry["data"] for entry in connect(peer).log()] == [
        {"alarm": "eri"},
        {"old": "unfilled", "new": "stopped"},
        {"command": "REFILL", "reason": "overfill"},
        {"digest": 1, "old_dose_ng_per_day": 2, "new_dose_ng_per_day": 3},
    ]


@pytest.mark.shows("SEED-26", "R1.10")
def test_refill_compares_what_left_with_what_was_counted() -> None:
    peer = Peer()
    peer.last_filled_nl = 20_000_000
    refill = connect(peer).refill(20, 2000, aspirated_ml=3.2)  # the peer expected 6 mL: counted 14, gave 16.8
    assert refill.discrepancy_nl == -2_800_000
    assert refill.accuracy_percent == 120
    assert dict(peer.done)["REFILL"]["aspirated_nl"] == 3_200_000


def test_refill_without_a_measurement_compares_nothing() -> None:
    peer = Peer()
    refill = connect(peer).refill(20, 2000)
    assert (refill.discrepancy_nl, refill.accuracy_percent) == (None, None)
    assert dict(peer.done)["REFILL"]["aspirated_nl"] == NONE32


@pytest.mark.shows("R7.4")
def test_program_is_committed_only_as_it_was_meant() -> None:
    peer = Peer()
    program = connect(peer).program_simple(0.5 + 500, 2000)
    assert program._asdict() == dict(peer.done)["STAGE"]
    assert program.rate_nl_per_day == 250_250


@pytest.mark.shows("R7.4", "R1.2")
def test_other_read_back_is_not_committed() -> None:
    class Forgetful(Peer):
        def _stage(self, name: str, request: Any, fields: dict[str, Any], signed: bool) -> Any:
            changed = fields | {"dose_ng_per_day": 1} if fields else fields
            return super()._stage(name, request, changed, signed)

    peer = Forgetful()
    with pytest.raises(ReadBackDiffers, match="nothing was committed"):
        connect(peer).program_simple(500)
    assert "COMMIT" not in dict(peer.done)
    assert peer.done[-1][0] == "CLOSE"


BEYOND: list[tuple[Verb, str, str]] = [
    (lambda pump: pump.program_simple(1001), "dose_limit", "1001 mcg/day is above the pump's limit of 1000"),
    (lambda pump: pump.program_simple(10), "rate_limit", "0.005 mL/day; the pump delivers 0.048 to 24 mL/day"),
    (lambda pump: pump.program_simple(4, 1), "soft_limit", "4 mcg/day .* allow 5 to 1000 mcg/day; --override"),
    (lambda pump: pump.refill(21, 2000), "overfill", "21 mL is more than the reservoir's 20 mL"),
    (lambda pump: pump.implant(89, depth_mm=26, wall=NOW), "soft_limit", "--override"),
]


@pytest.mark.shows("SEED-50")
@pytest.mark.parametrize(("verb", "reason", "words"), BEYOND)
def test_limits_are_checked_in_words_before_anything_is_sent(verb: Verb, reason: str, words: str) -> None:
    peer = Peer()
    with pytest.raises(Refused, match=words) as refused:
        verb(connect(peer))
    assert refused.value.reason == reason
    assert peer.done == []


@pytest.mark.parametrize(("verb", "reason", "words"), BEYOND)
def test_without_checks_the_pump_judges(verb: Verb, reason: str, words: str) -> None:
    peer = Peer()
    verb(connect(peer, checks=False))
    assert len(peer.done) > 1


def test_unfilled_pump_is_asked_without_checks() -> None:
    peer = Peer()
    peer.status |= {"therapy": "unfilled", "concentration_mcg_per_ml": 0}
    peer.refuse = {"STAGE": "not_filled"}
    for checks in (True, False):
        with pytest.raises(Refused) as refused:
            connect(peer, checks=checks).program_simple(500)
        assert refused.value.reason == "not_filled"


WRONG: list[tuple[Verb, str]] = [
    (lambda pump: pump.limits(), "there is no limit to set"),
    (lambda pump: pump.limits(max_dose_mcg_per_day=0), "--max-dose-mcg-per-day 0 is outside 1 to 10000 mcg/day"),
    (lambda pump: pump.limits(max_bolus_mcg=2001), "--max-bolus-mcg 2001"),
    (lambda pump: pump.limits(max_change_percent=101), "--max-change-percent 101"),
    (lambda pump: pump.demo_alarm("loud"), "alarm class 'loud' does not exist"),
    (lambda pump: pump.program_simple(0.1234), "--dose-mcg-per-day 0.1234 mcg/day is too fine"),
    (lambda pump: pump.program_simple(0), "--dose-mcg-per-day 0"),
    (lambda pump: pump.program_simple(float("nan")), "--dose-mcg-per-day nan"),
    (lambda pump: pump.refill(-1, 2000), "--volume-ml -1"),
    (lambda pump: pump.refill(20, 60_000), "--concentration-mcg-per-ml 60000"),
    (lambda pump: pump.implant(89.05, wall=NOW), "--catheter-cm 89.05 cm is too fine"),
    (lambda pump: pump.implant(89, site="x" * 25, wall=NOW), "--site .* is 25 bytes long"),
    (lambda pump: pump.set_clock(datetime(2017, 1, 1)), "--wall 2017-01-01 00:00:00 is outside 2018-01-01 00:00:00 to"),
    (lambda pump: pump.silence("eir"), "alarm 'eir' does not exist"),
    (lambda pump: pump.ask("SUBSCRIBE", period_s=70_000), "SUBSCRIBE: period_s"),
]


@pytest.mark.parametrize(("verb", "words"), WRONG)
def test_values_that_no_pump_takes_are_named(verb: Verb, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        verb(connect(Peer()))


def test_watch_joins_telemetry_and_status_and_unsubscribes() -> None:
    peer = Peer()
    line = PeerTransport(peer)
    pump = Programmer(line, entropy=random.Random(1).randbytes)
    pump.status()
    updates = pump.watch(period_s=2)
    line.incoming.extend(encode(peer.push(seq, uptime_s=1000 + seq)) for seq in (8, 9))
    first, second = next(updates), next(updates)
    updates.close()
    assert (first["seq"], first["therapy"]) == (8, STATUS["therapy"])
    assert (second["seq"], second["uptime_s"], second["therapy"]) == (9, 1009, "stopped")
    assert second["wall"] == "2026-01-07T05:46:49"
    assert second["battery_mv"] is None
    assert second["serial"] == "PEER-0000001"
    assert [fields["period_s"] for name, fields in peer.done if name == "SUBSCRIBE"] == [2, 0]


def test_watch_asks_for_status_again_when_the_revision_changes() -> None:
    peer = Peer()
    line = PeerTransport(peer)
    pump = Programmer(line, entropy=random.Random(1).randbytes)
    pump.status()
    updates = pump.watch()
    line.incoming.extend([encode(peer.push(1)), encode(peer.push(2, revision=8))])
    assert next(updates)["alarms"] == ["eri"]
    peer.status |= {"alarms": []}
    assert next(updates)["alarms"] == []
    updates.close()


def test_telemetry_that_is_not_signed_counts_for_nothing_in_a_session() -> None:
    peer = Peer()
    line = PeerTransport(peer)
    pump = Programmer(line, entropy=random.Random(1).randbytes)
    with pump.session():
        forged = encode(peer.push(1)._replace(flags=0, mac=b""))
        updates = pump.watch()
        line.incoming.extend([forged, encode(peer.push(2))])
        assert next(updates)["seq"] == 2
        updates.close()


def test_watch_never_goes_back_to_before_the_status_it_read() -> None:
    peer = Peer()
    line = PeerTransport(peer)
    pump = Programmer(line, entropy=random.Random(1).randbytes)
    pump.status()
    updates = pump.watch()
    line.incoming.extend(encode(peer.push(seq, uptime_s=uptime_s)) for seq, uptime_s in enumerate([998, 999, 1001]))
    assert [next(updates)["uptime_s"] for _ in range(2)] == [1000, 1001]
    updates.close()
