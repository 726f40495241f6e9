"""The state folder: what went in comes out, and nothing damaged is ever overwritten."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.records import slots
from hal.contract import SLOT_BYTES, SLOT_COUNT
from host_tools.emulator.state import Saved, StateError, StateFolder

IDENTITY = {"seed": 7, "serial": "THECAL-00008", "start": None}
PLANT = {"now_ms": 123, "reservoir_nl": 20_000_000, "faults": [], "rest": {"a": None}}
needs_rights = pytest.mark.skipif(os.name != "posix", reason="this system's files have no such rights")
SLOTS = {0: b"intent", 3: bytes(range(256)), 15: b"\x00" * SLOT_BYTES}


@contextmanager
def opened(folder: Path) -> Iterator[StateFolder]:
    with closing(StateFolder(folder)) as state:
        yield state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pump in it."""
    with opened(tmp_path / "pump") as state:
        assert state.load() == (None, None)
        state.save(IDENTITY, PLANT, SLOTS)
    return tmp_path / "pump"


def contents(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file() and "lock" not in path.name}


@settings(max_examples=25)  # each waits for the disk a dozen times
@given(lives=st.lists(st.dictionaries(st.integers(0, SLOT_COUNT - 1), st.binary(max_size=64)), min_size=1, max_size=4))
def test_what_was_saved_last_is_loaded(tmp_path_factory: pytest.TempPathFactory, lives: list[dict[int, bytes]]) -> None:
    folder = tmp_path_factory.mktemp("pump")
    store: dict[int, bytes] = {}
    for number, changes in enumerate(lives):
        store |= changes
        with opened(folder) as state:
            state.load()
            state.save(IDENTITY, PLANT | {"now_ms": number}, store)
        with opened(folder) as state:
            saved, message = state.load()
        assert message is None
        assert saved is not None
        assert saved.identity == IDENTITY
        assert saved.plant == PLANT | {"now_ms": number}
        assert {slot: data for slot, data in saved.slots.items() if data} == {
            slot: data for slot, data in store.items() if data
        }


def test_a_damaged_slot_is_the_pumps_own_affair(folder: Path) -> None:
    (folder / "slots" / "03.bin").write_bytes(b"rotten")
    with opened(folder) as state:
        assert state.load() == (Saved(IDENTITY, PLANT, SLOTS | {3: b"rotten"}), None)


def rewrite(change: Callable[[dict], None]) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        document = json.loads(file.read_bytes())
        change(document)
        file.write_text(json.dumps(document))

    return damage


DAMAGES = {
    "damaged": lambda file: file.write_bytes(file.read_bytes()[:-20]),
    "is damaged": lambda file: file.write_bytes(b"\xff\xfe\x00"),
    "is damaged (": lambda file: file.write_bytes(b"[" * 100_000),
    "no schema number": lambda file: file.write_text("[1, 2]"),
    "checksum": rewrite(lambda document: document["pump"]["plant"].update(reservoir_nl=1)),
    "checksum does": rewrite(lambda document: document.update(pump=None)),
    "newer than": rewrite(lambda document: document.update(schema=99)),
    "older than": rewrite(lambda document: document.update(schema=0)),
    "is missing": lambda file: file.unlink(),
}


@pytest.mark.parametrize("words", DAMAGES)
def test_a_damaged_plant_is_said_kept_and_never_trusted(folder: Path, words: str) -> None:
    DAMAGES[words](folder / "plant.json")
    found = contents(folder)
    with opened(folder) as state:
        saved, message = state.load()
        assert saved is not None
        assert message is not None
        assert saved.plant is None
        assert set(saved.slots) == set(range(SLOT_COUNT))
        assert not set(saved.slots.values()) & {b"", *SLOTS.values()}
        assert words in message
        assert str(folder / "plant.json") in message
        assert "\n" not in message
        state.save(IDENTITY, PLANT, saved.slots)
    assert found <= contents(folder)


def test_a_pump_whose_plant_was_lost_keeps_its_key(folder: Path) -> None:
    key = dict.fromkeys(slots.KEY[0], b"the key")
    with opened(folder) as state:
        state.save(IDENTITY, PLANT, SLOTS | key)
    (folder / "plant.json").write_text("damage")
    with opened(folder) as state:
        saved, _ = state.load()
    assert saved is not None
    assert {slot: saved.slots[slot] for slot in slots.KEY[0]} == key


def test_each_damage_is_kept_under_a_number_of_its_own(folder: Path) -> None:
    for number in (1, 2):
        (folder / "plant.json").write_text(f"damage {number}")
        with opened(folder) as state:
            saved, _ = state.load()
            assert saved is not None
            state.save(IDENTITY, PLANT, saved.slots)
    assert (folder / "plant.json.damaged-1").read_text() == "damage 1"
    assert (folder / "plant.json.damaged-2").read_text() == "damage 2"
    assert (folder / "slots.damaged-1" / "00.bin").read_bytes() == SLOTS[0]
    assert (folder / "slots.damaged-2" / "00.bin").exists()


def test_two_emulators_do_not_share_a_folder(folder: Path) -> None:
    with opened(folder), pytest.raises(StateError, match=r"in use by another emulator \(process \d+\)"):
        StateFolder(folder)
    with opened(folder) as state:
        assert state.load()[1] is None


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "pump").write_text("mine")
    with pytest.raises(StateError, match="cannot keep a pump in"):
        StateFolder(tmp_path / "pump")


def test_a_save_that_fails_leaves_the_pump_that_was_there(folder: Path) -> None:
    (folder / "slots" / "05.new").mkdir()  # stands in for a disk that is full
    with opened(folder) as state:
        state.load()
        with pytest.raises(StateError, match="cannot save"):
            state.save(IDENTITY, PLANT | {"now_ms": 999}, SLOTS | {5: b"new"})
    with opened(folder) as state:
        assert state.load() == (Saved(IDENTITY, PLANT, SLOTS), None)


def rights(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


@needs_rights
@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_nobody_else_can_read_what_is_kept(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with opened(tmp_path / "pump") as state:
            state.save(IDENTITY, PLANT, SLOTS)
            state.keep_crash("trace")
            found = rights(tmp_path / "pump")
    finally:
        os.umask(before)
    folders = {".", "slots"}
    assert {name for name, mode in found.items() if mode == 0o700} == folders
    assert {mode for name, mode in found.items() if name not in folders} == {0o600}
    assert {"lock", "lock.pid", "crash.txt", "plant.json", "slots/00.bin"} <= set(found)


@needs_rights
def test_what_others_could_read_is_taken_from_them(folder: Path) -> None:
    (folder / "plant.json").write_text("{")
    with opened(folder) as state:
        state.load()  # sets that aside
        state.save(IDENTITY, PLANT, SLOTS)
        state.keep_crash("trace")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    with opened(folder) as state:
        saved, _ = state.load()
        assert saved is not None
        found = rights(folder)
    assert "slots.damaged-1/00.bin" in found
    assert {mode & 0o077 for mode in found.values()} == {0}


@needs_rights
def test_a_folder_of_other_things_that_others_can_read_is_left_alone(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "letter.txt").touch()
    with pytest.raises(StateError, match=r"can be read by others and holds other things \(letter.txt\)"):
        StateFolder(shared)
    assert rights(shared) == {".": 0o755, "letter.txt": 0o644}
    shared.chmod(0o700)
    with opened(shared) as state:
        state.save(IDENTITY, PLANT, SLOTS)
    assert rights(shared)["letter.txt"] == 0o644
