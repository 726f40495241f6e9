"""Pairing over a line that loses frames, with programmers that crash and pumps that lose power: whatever happens, the
programmer has the pump's key in the end."""

import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from firmware.config import Config
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import (
    KeyFileError,
    KeyRing,
    KeyStore,
    LinkLost,
    NotAuthorised,
    Programmer,
    ProgrammerError,
    Refused,
)
from host_tools.programmer import keystore as keystore_module
from protocol.codes import ROLE

HOUR_MS = 3_600_000
TRIES = 2
Change = Callable[[Programmer], object]


class BadLine(MemoryTransport):
    """Loses what `loses` says of the pieces, numbered from 1 in both directions; `count` is how many there were."""

    def __init__(self, machine: MockMachine, loses: Callable[[int], bool] = lambda _number: False) -> None:
        super().__init__(machine)
        self._loses = loses
        self.count = 0

    def _lost(self) -> bool:
        self.count += 1
        return self._loses(self.count)

    def write(self, data: bytes) -> None:
        if not self._lost():
            super().write(data)

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        return b"" if data and self._lost() else data


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys" / "keys.json")


@pytest.fixture
def machine() -> MockMachine:
    return pump()


def pump(serial: str = "THECAL-00001") -> MockMachine:
    one = MockMachine(Config(serial=serial))
    one.hal.head.set(True)
    one.wake()
    return one


def programmer(line: MockMachine | BadLine, store: KeyRing | None, seed: int = 1) -> Programmer:
    transport = MemoryTransport(line) if isinstance(line, MockMachine) else line
    randbytes = random.Random(seed).randbytes
    return Programmer(transport, keys=store, entropy=randbytes, tries=TRIES, warn=lambda _text: None)


def opens(machine: MockMachine, store: KeyRing | None) -> bool:
    """Whether a new programmer with this key file opens a session. Tries are 6 s apart: a pump does not stay deaf."""
    machine.advance_to(machine.now_ms + 6000)
    try:
        with programmer(machine, store, seed=2).session("observer"):
            return True
    except NotAuthorised:
        return False


def pair(client: Programmer) -> object:
    return client.pair()


def rotate(client: Programmer) -> object:
    return client.rotate_key()


def before(change: Change, machine: MockMachine, store: KeyRing) -> None:
    if change is rotate:
        programmer(machine, store, seed=3).pair()


CHANGES = pytest.mark.parametrize("change", [pair, rotate])


def test_a_paired_pump_is_opened_by_its_own_key_alone(machine: MockMachine, store: KeyStore) -> None:
    known = programmer(machine, store).pair()
    assert opens(machine, store)
    assert not opens(machine, None)
    assert programmer(machine, store).status()["key"] == "device"
    assert list(store.all().values()) == [known]
    assert programmer(machine, store, 4).rotate_key() != known
    assert opens(machine, store)


def test_what_cannot_be_changed_is_refused(machine: MockMachine, store: KeyStore, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="thecal pair"):
        programmer(machine, store).rotate_key()
    programmer(machine, store).pair()
    with pytest.raises(Refused, match="keys rotate"):
        programmer(machine, store).pair()
    for verb in (pair, rotate, Programmer.stop):
        with pytest.raises(NotAuthorised, match="pair --lost") as refusal:
            verb(programmer(machine, KeyStore(tmp_path / "other.json")))
        assert refusal.value.exit_code == 5
    assert opens(machine, store)


@CHANGES
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "from then on"])
def test_a_lost_frame_loses_no_key(change: Change, for_ever: bool) -> None:
    ended = {"done": 0, "not known": 0}
    number = 0
    for number in itertools.count(1):
        machine, store = pump(), KeyRing()
        before(change, machine, store)
        line = BadLine(machine, number.__le__ if for_ever else number.__eq__)
        try:
            change(programmer(line, store))
            ended["done"] += 1
        except ProgrammerError:
            ended["not known"] += 1
            assert for_ever, "asking again is enough where one frame is lost"
        if line.count < number:
            break
        machine.advance_to(machine.now_ms + 1000 * 400)  # the idle session ends
        assert opens(machine, store), number
        known = store.of("THECAL-00001")
        if known is not None and programmer(machine, store).status()["key"] == "device":
            assert known.pending is None, "settled by the first session after it"
    print(f"{number - 1} pieces lost, {'from then on' if for_ever else 'once'}: {ended}")
    assert number > 12
    assert ended["done"] >= 1


@CHANGES
@pytest.mark.parametrize("keep_bytes", [0, 20, 4096])
def test_a_power_cut_in_the_pump_loses_no_key(change: Change, keep_bytes: int) -> None:
    keys: set[bytes] = set()
    number = 0
    for number in itertools.count(1):
        machine, store = pump(), KeyRing()
        before(change, machine, store)
        machine.hal.store.plan_cut(number, keep_bytes)
        with suppress(ProgrammerError):
            change(programmer(machine, store))
        if len(machine.boots) == 1:
            break
        assert opens(machine, store), number
        keys.add(bytes(machine.pump.keys.role_key(ROLE["observer"])))
    print(f"{number - 1} cuts, {keep_bytes} bytes kept")
    assert number > 6
    assert len(keys) == 2, "some cuts leave the old key, others the new one"


class Crash(BaseException):
    """The programmer is gone."""


@pytest.fixture
def crash_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the programmer crash in its nth step on the disk: each is tried before and after what it does."""
    left = [0]

    def count_down() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    def crashing(step: Callable[..., object]) -> Callable[..., object]:
        def taken(*arguments: object) -> None:
            count_down()
            step(*arguments)
            count_down()

        return taken

    for name in ("replace", "fsync"):
        monkeypatch.setattr(keystore_module.os, name, crashing(getattr(keystore_module.os, name)))

    def arm(number: int) -> None:
        left[0] = number

    return arm


@CHANGES
def test_a_programmer_that_crashes_loses_no_key(
    change: Change, tmp_path: Path, crash_at: Callable[[int], None]
) -> None:
    number = 0
    for number in itertools.count(1):
        machine, store = pump(), KeyStore(tmp_path / str(number) / "keys.json")
        before(change, machine, store)
        crash_at(number)
        try:
            change(programmer(machine, store))
        except Crash:
            crash_at(0)
            machine.advance_to(machine.now_ms + 1000 * 400)
            assert opens(machine, store), number
            assert [path.name for path in store.path.parent.glob(".keys-*")] == []
            continue
        break
    print(f"{number - 1} crashes")
    assert number > 8


@CHANGES
def test_a_programmer_that_is_gone_after_any_frame_loses_no_key(change: Change) -> None:
    def gone(number: int) -> Callable[[int], bool]:
        def look(piece: int) -> bool:
            if piece >= number:
                raise Crash
            return False

        return look

    number = 0
    for number in itertools.count(1):
        machine, store = pump(), KeyRing()
        before(change, machine, store)
        try:
            change(programmer(BadLine(machine, gone(number)), store))
        except Crash:
            machine.advance_to(machine.now_ms + 1000 * 400)
            assert opens(machine, store), number
            continue
        break
    print(f"{number - 1} pieces after which it was gone")
    assert number > 12


def test_two_pumps_have_two_keys_in_one_file(store: KeyStore) -> None:
    first, second = pump("FIRST"), pump("SECOND")
    for seed, machine in ((1, first), (5, second)):
        programmer(machine, store, seed).pair()
    assert list(store.all()) == ["FIRST", "SECOND"]
    one, other = store.all().values()
    assert one.key != other.key
    assert opens(first, store)
    assert opens(second, store)
    assert store.forget("FIRST")
    assert not opens(first, store)
    assert opens(second, store)


def test_a_pump_that_was_reset_is_warned_of_and_its_old_key_kept(machine: MockMachine, store: KeyStore) -> None:
    """It may be another that only says the same number: when the first one comes back, its key is still there."""
    told: list[str] = []
    programmer(machine, store).pair()
    other = pump()
    client = Programmer(MemoryTransport(other), keys=store, entropy=random.Random(7).randbytes, warn=told.append)
    with client.session():
        pass
    assert len(told) == 1
    assert "somebody reset it, or another pump answers in its place" in told[0]
    client.pair()
    assert opens(other, store)
    assert opens(machine, store)
    assert opens(other, store)


def test_no_verb_that_crosses_a_rotation_drops_its_key(machine: MockMachine, store: KeyStore) -> None:
    """What a session with the old key saw before a new one was sent is settled no more after it."""
    known = programmer(machine, store).pair()
    assert known.key
    store.begin("THECAL-00001", bytes(32), over_test_key=False)
    store.settle("THECAL-00001", known.key, known)
    now = store.of("THECAL-00001")
    assert now is not None
    assert now.pending == bytes(32)


def test_the_way_back_needs_a_day_and_the_head(machine: MockMachine, store: KeyStore, tmp_path: Path) -> None:
    programmer(machine, store).pair()
    stranger = programmer(machine, KeyStore(tmp_path / "other.json"), 9)
    assert stranger.reset_key() == 86_400
    machine.advance_to(machine.now_ms + 23 * HOUR_MS)
    assert stranger.reset_key() == 3600
    assert stranger.status()["advisories"][0] == "key_reset"
    machine.advance_to(machine.now_ms + HOUR_MS)
    assert stranger.reset_key() == 0
    stranger.pair()
    assert not opens(machine, None)
    assert stranger.status()["key"] == "device"


def test_who_has_the_key_ends_the_way_back(machine: MockMachine, store: KeyStore, tmp_path: Path) -> None:
    programmer(machine, store).pair()
    stranger = programmer(machine, KeyStore(tmp_path / "other.json"), 9)
    stranger.reset_key()
    assert opens(machine, store)
    assert stranger.status()["advisories"] == ["clock_unset"]
    machine.advance_to(machine.now_ms + 25 * HOUR_MS)
    assert stranger.reset_key() == 86_400


def test_a_lost_answer_says_that_both_keys_are_kept(machine: MockMachine, store: KeyStore) -> None:
    programmer(machine, store).pair()
    line = BadLine(machine, lambda number: number >= 8)  # HELLO, OPEN, PROVE, and PROVISION's answer
    with pytest.raises(LinkLost, match="both are kept"):
        programmer(line, store, 6).rotate_key()
    known = store.of("THECAL-00001")
    assert known is not None
    assert known.pending is not None
    assert opens(machine, store)


def test_a_session_opens_although_the_key_file_cannot_be_changed(machine: MockMachine, store: KeyStore) -> None:
    """A stop must get through: what would be settled is told of instead."""
    programmer(machine, store).pair()
    store.begin("THECAL-00001", bytes(32), over_test_key=False)
    store.path.parent.chmod(0o777)
    told: list[str] = []
    client = Programmer(MemoryTransport(machine), keys=store, entropy=random.Random(7).randbytes, warn=told.append)
    with client.session():
        pass
    store.path.parent.chmod(0o700)
    assert len(told) == 1
    assert "others can change the folder" in told[0]
    store.path.chmod(0o640)
    with pytest.raises(KeyFileError, match="others can read"):
        programmer(machine, store).stop()
