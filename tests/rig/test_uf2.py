"""Where the MicroPython of the emulated chip comes from. Nothing is fetched here."""

from pathlib import Path
from urllib.error import URLError

import pytest
from rp2040py.utils import firmware_retrieve

from host_tools.machines.rp2040.uf2 import MICROPYTHON_VERSION, UF2_VARIABLE, FirmwareImageMissing, find_uf2


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No UF2 in sight, and no way out."""

    def unreachable(*_arguments: object) -> Path:
        raise URLError("no route")

    monkeypatch.delenv(UF2_VARIABLE, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(firmware_retrieve, "retrieve", unreachable)
    return tmp_path


def cache(home: Path, name: str) -> Path:
    path = home / ".cache" / "rp2040py" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize("fetch", [False, True])
def test_without_any_it_is_said_what_to_set(fetch: bool) -> None:
    with pytest.raises(FirmwareImageMissing, match=f"set {UF2_VARIABLE} to a stock UF2 .*v{MICROPYTHON_VERSION}.uf2"):
        find_uf2(fetch)


def test_the_one_named_goes_before_the_emulators_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = cache(home, f"RPI_PICO-20250911-v{MICROPYTHON_VERSION}.uf2")
    assert find_uf2() == own
    monkeypatch.setenv(UF2_VARIABLE, __file__)
    assert find_uf2() == Path(__file__)
    monkeypatch.setenv(UF2_VARIABLE, str(home / "absent.uf2"))
    with pytest.raises(FirmwareImageMissing, match=r"absent\.uf2, which is no file"):
        find_uf2()


def test_another_version_in_the_cache_is_not_taken(home: Path) -> None:
    cache(home, "RPI_PICO-20231005-v1.21.0.uf2")
    with pytest.raises(FirmwareImageMissing):
        find_uf2()


def test_it_is_fetched_only_where_that_was_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetched(_spec: object, version: str) -> Path:
        asked.append(version)
        return cache(home, "fetched.uf2")

    monkeypatch.setattr(firmware_retrieve, "retrieve", fetched)
    with pytest.raises(FirmwareImageMissing):
        find_uf2()
    assert find_uf2(fetch=True).name == "fetched.uf2"
    assert asked == [MICROPYTHON_VERSION]
