"""What is deployed, and how: no chip is needed for that."""

import json
import re
from pathlib import Path
from zlib import crc32

import pytest
from littlefs import LittleFS

from hal.rp2040 import board
from host_tools.board.deployment import MANIFEST, ROOT, board_sources, deployed_files, joined
from host_tools.board.folding import module_name
from host_tools.machines.rp2040 import image

DOCS = Path(__file__).parents[2] / "docs"
PINS = {name: pin for name, pin in vars(board).items() if name.endswith("_PIN") and pin is not None}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return deployed_files()


def test_all_of_the_board_code_is_deployed_and_nothing_else(files: dict[str, bytes]) -> None:
    written = {name for module in joined(ROOT, board_sources()).values() for name, _ in module.lines}
    bodies = {module_name(path.relative_to(ROOT)) for path in board_sources() if path.name != "__init__.py"}
    assert bodies <= written
    assert len(files) <= 16
    assert not [path for path in files if "mock" in path.split("/") or "plant" in path.split("/")]
    assert sum(map(len, files.values())) < 110_000
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
