"""The key file: whole, its owner's alone, and silent about what it holds."""

import os
import stat
import traceback
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import pytest

from host_tools.programmer import KeyFileError, KeyStore
from host_tools.programmer.keystore import PumpKeys

KEYS = [bytes([number]) * 32 for number in range(0x81, 0x86)]
NOW = datetime(2026, 1, 5, 8, 30, 15, 999)
posix = pytest.mark.skipif(os.name != "posix", reason="the modes of files are POSIX's")


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "new" / "folder" / "keys.json", now=lambda: NOW)


def give(store: KeyStore, serial: str, key: bytes, over_test_key: bool = True) -> PumpKeys:
    store.begin(serial, key, over_test_key)
    seen = store.of(serial)
    assert seen is not None
    store.settle(serial, key, seen)
    return known(store, serial)


def known(store: KeyStore, serial: str) -> PumpKeys:
    found = store.of(serial)
    assert found is not None
    return found


def test_no_file_means_no_keys(store: KeyStore) -> None:
    assert store.all() == {}
    assert store.of("A") is None
    assert not store.path.parent.exists(), "looking makes nothing"


def test_what_is_kept_is_read_by_another(store: KeyStore) -> None:
    give(store, "A", KEYS[0])
    store.begin("B", KEYS[1], over_test_key=True)
    other = KeyStore(store.path)
    assert other.all() == store.all()
    assert known(other, "A") == PumpKeys(KEYS[0], "2026-01-05T08:30:15")
    assert known(other, "B") == PumpKeys(pending=KEYS[1])


def test_a_key_is_pending_until_the_pump_proved_it(store: KeyStore) -> None:
    give(store, "A", KEYS[0])
    store.begin("A", KEYS[1], over_test_key=False)
    assert known(store, "A").candidates == (KEYS[0], KEYS[1])
    store.settle("A", KEYS[1], known(store, "A"))
    assert known(store, "A").candidates == (KEYS[1],)


def test_a_key_that_was_not_taken_goes_when_the_pump_proved_the_other(store: KeyStore) -> None:
    give(store, "A", KEYS[0])
    store.begin("A", KEYS[1], over_test_key=False)
    store.settle("A", KEYS[0], known(store, "A"))
    assert known(store, "A").candidates == (KEYS[0],)


def test_nothing_is_dropped_that_may_open_a_pump(store: KeyStore) -> None:
    """A pump that says that the test key opens it proves nothing: what was known before stays."""
    give(store, "A", KEYS[0])
    store.begin("A", KEYS[1], over_test_key=True)
    store.begin("A", KEYS[2], over_test_key=True)
    assert known(store, "A").candidates == (KEYS[2], KEYS[1], KEYS[0])
    store.settle("A", KEYS[0], known(store, "A"))
    assert set(known(store, "A").candidates) == {*KEYS[:3]}
    assert known(store, "A").key == KEYS[0]


def test_forgetting_is_of_one_pump(store: KeyStore) -> None:
    give(store, "A", KEYS[0])
    give(store, "B", KEYS[1])
    assert store.forget("A")
    assert not store.forget("A")
    assert list(store.all()) == ["B"]


@posix
def test_file_and_folder_are_the_owners_alone(store: KeyStore) -> None:
    old = os.umask(0)
    try:
        give(store, "A", KEYS[0])
    finally:
        os.umask(old)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    assert {path.name for path in store.path.parent.iterdir()} == {"keys.json", "keys.json.lock"}


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620, 0o777])
def test_a_file_that_others_may_touch_is_refused(store: KeyStore, mode: int) -> None:
    give(store, "A", KEYS[0])
    store.path.chmod(mode)
    for use in (store.all, lambda: store.of("A"), lambda: store.forget("A"), lambda: give(store, "B", KEYS[1])):
        with pytest.raises(KeyFileError, match=f"mode {mode:o}.*chmod 600") as trouble:
            use()
        assert trouble.value.exit_code == 2
    store.path.chmod(0o600)
    assert list(store.all()) == ["A"]


@posix
def test_a_folder_that_others_may_write_is_refused(store: KeyStore) -> None:
    give(store, "A", KEYS[0])
    store.path.parent.chmod(0o770)
    with pytest.raises(KeyFileError, match="chmod go-w"):
        store.begin("A", KEYS[1], over_test_key=False)
    store.path.parent.chmod(0o700)
    assert known(store, "A").pending is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2, "pumps": {}}',
        '{"version": 1}',
        '{"version": 1, "pumps": {"A": "KEY"}}',
        '{"version": 1, "pumps": {"A": {"key": "KEY", "since": null, "pending": null, "displaced": []}}}',
        '{"version": 1, "pumps": {"A": {"key": "KEYzz", "since": null, "pending": null, "displaced": []}}}',
    ],
)
def test_a_damaged_file_is_said_left_alone_and_not_quoted(store: KeyStore, text: str) -> None:
    give(store, "A", KEYS[0])
    damaged = text.replace("KEY", KEYS[0][:31].hex()).encode()
    store.path.write_bytes(damaged)
    for use in (store.all, lambda: store.forget("A"), lambda: give(store, "B", KEYS[1])):
        with pytest.raises(KeyFileError, match="is damaged") as trouble:
            use()
        told = "".join(traceback.format_exception(trouble.value))
        assert KEYS[0][:4].hex() not in told
    assert store.path.read_bytes() == damaged


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_full_disk_changes_nothing(store: KeyStore, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    give(store, "A", KEYS[0])
    before = store.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, name, full)
        with pytest.raises(KeyFileError, match="No space left on device"):
            store.begin("A", KEYS[1], over_test_key=False)
    assert store.path.read_bytes() == before
    assert {path.name for path in store.path.parent.iterdir()} == {"keys.json", "keys.json.lock"}


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileError, match="cannot be written"):
        give(KeyStore(tmp_path / "file" / "keys.json"), "A", KEYS[0])


def test_nothing_shows_a_key(store: KeyStore) -> None:
    entry = give(store, "A", KEYS[0])
    store.begin("A", KEYS[1], over_test_key=True)
    for shown in (repr(entry), str(known(store, "A")), repr(store), repr(store.all())):
        for key in KEYS:
            assert key.hex()[:8] not in shown
            assert repr(key)[2:18] not in shown


def _give(path: Path, number: int) -> None:
    give(KeyStore(path), f"PUMP-{number}", bytes([number]) * 32)


def test_programmers_at_once_lose_no_pump(store: KeyStore) -> None:
    context = get_context("spawn")
    children = [context.Process(target=_give, args=(store.path, number)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [0] * 4
    assert sorted(store.all()) == [f"PUMP-{number}" for number in range(4)]
    assert all(entry.key for entry in store.all().values())


@pytest.mark.parametrize("named", [True, False])
def test_where_the_file_is(named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if named:
        monkeypatch.setenv("THECAL_KEYS", str(tmp_path / "mine.json"))
    else:
        monkeypatch.delenv("THECAL_KEYS")
    path = KeyStore.default().path
    assert path == tmp_path / "mine.json" if named else path.parts[-2:] == ("thecal", "keys.json")
