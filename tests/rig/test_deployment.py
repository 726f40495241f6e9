"""What is deployed, and how: no chip is needed for that."""

import json
import re
from pathlib import Path
from zlib import crc32

import pytest
from littlefs import LittleFS

from hal.rp2040 import board
from host_tools.rig import image
from host_tools.rig.deployment import MANIFEST, board_sources, deployed_files
from host_tools.rig.flash import FlashError, Mpremote, deploy

DOCS = Path(__file__).parents[2] / "docs"
PINS = {name: pin for name, pin in vars(board).items() if name.endswith("_PIN") and pin is not None}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return deployed_files()


def test_all_of_the_board_code_is_deployed_and_nothing_else(files: dict[str, bytes]) -> None:
    assert len(files) == len(board_sources()) + 2
    assert not [path for path in files if "mock" in path or "plant" in path]
    assert sum(map(len, files.values())) < 120_000
    for line in files[MANIFEST].decode().splitlines():
        assert f"{crc32(files[line[10:]]):08x}" == line[:8]
    assert list(files)[-1] == MANIFEST


def test_the_image_holds_the_files(files: dict[str, bytes]) -> None:
    disk = LittleFS(block_size=image.BLOCK_BYTES, block_count=image.BLOCKS, mount=False)
    disk.context.buffer[:] = image.build(files)
    disk.mount()
    for path, data in files.items():
        with disk.open(path, "rb") as file:
            assert file.read() == data


def test_the_diagram_has_the_board_files_pins() -> None:
    diagram = json.loads((DOCS / "diagram.json").read_text())
    wired = {int(end[7:]) for wire in diagram["connections"] for end in wire[:2] if re.match(r"pico:GP\d", end)}
    assert wired == set(PINS.values()) - {board.UART_TX_PIN, board.UART_RX_PIN}


def test_the_wiring_table_has_the_board_files_pins() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", (DOCS / "rig.md").read_text(), re.MULTILINE)
    assert {name: int(pin) for pin, name in rows} == PINS


class Board(Mpremote):
    """A board's file system without a board. `loses` is a path that never arrives whole."""

    def __init__(self, held: dict[str, bytes], machine: str = "Raspberry Pi Pico with RP2040", loses: str = "") -> None:
        self.files = dict(held)
        self.machine = machine
        self.loses = loses
        self.copied: list[str] = []

    def run(self, *arguments: str) -> str:
        if arguments[0] == "exec":
            for path in re.findall(r"'([^']*)'", arguments[1].split("for p in")[1]):
                self.files.pop(path, None)
            return ""
        _, _, source, target = arguments
        self.copied.append(target[1:])
        self.files[target[1:]] = Path(source).read_bytes()
        if target[1:] == self.loses:
            self.files[target[1:]] += b"?"
        return ""

    def value(self, code: str) -> object:
        if "implementation" in code:
            return "micropython", (1, 26), self.machine, 6, self.files.get(MANIFEST, b"").decode()
        crcs = re.findall(r"\((\d+), '/([^']*)'\)", code)
        return [path for crc, path in crcs if crc32(self.files.get(path, b"")) != int(crc)]


def test_an_empty_board_gets_everything_and_a_second_time_nothing(files: dict[str, bytes]) -> None:
    board = Board({})
    deploy(board, lambda _: None)
    assert board.files == files
    assert board.copied[-1] == MANIFEST
    assert deploy(board, lambda _: None) == []


def test_only_what_changed_is_copied_and_what_is_gone_is_removed(files: dict[str, bytes]) -> None:
    old = files | {"firmware/pump.mpy": b"old", "firmware/gone.mpy": b"old"}
    manifest = files[MANIFEST].replace(f"{crc32(files['firmware/pump.mpy']):08x}".encode(), b"00000000")
    old[MANIFEST] = manifest + b"00000000 /firmware/gone.mpy\n"
    board = Board(old)
    assert deploy(board, lambda _: None) == ["firmware/pump.mpy"]
    assert board.files == files


def test_a_file_that_does_not_arrive_whole_leaves_no_pump(files: dict[str, bytes]) -> None:
    board = Board({MANIFEST: b""}, loses="firmware/pump.mpy")
    with pytest.raises(FlashError, match=r"firmware/pump\.mpy did not arrive whole"):
        deploy(board, lambda _: None)
    assert MANIFEST not in board.files


def test_another_chip_is_refused_and_left_alone() -> None:
    board = Board({"other": b"1"}, machine="ESP32 module")
    with pytest.raises(FlashError, match="ESP32"):
        deploy(board, lambda _: None)
    assert board.files == {"other": b"1"}
