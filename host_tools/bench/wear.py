"""How often a board's flash is erased in a pump's life: all that it writes, on a littlefs like the board's."""

from collections import Counter
from importlib.util import find_spec
from typing import Any

from firmware.config import Config
from firmware.pump import Pump
from hal.contract import Hal
from host_tools.bench.life import Order, live, order_flex, order_simple

RATED_ERASES = 100_000
FIRMWARE_BYTES = 120_000  # that lie beside the slots: the mark for a deployment
CYCLES = 100  # erases after which MicroPython's littlefs moves a folder elsewhere


def measure() -> dict[str, Any] | None:
    """Of the busier of two lives. None where there is no littlefs, which the extra `rig` brings."""
    if find_spec("littlefs") is None:
        return None
    lives = {"simple": erases(order_simple), "flex": erases(order_flex)}
    worst = max(lives, key=lambda name: max(lives[name].values()))
    worst_erases = max(lives[worst].values())
    return {
        "worst_erases": worst_erases,
        "share_of_rated": round(worst_erases / RATED_ERASES, 5),
        "worst_life": worst,
        "erases": {name: sum(blocks.values()) for name, blocks in lives.items()},
    }


def erases(order: Order) -> Counter[int]:
    """Erases by block, of a life with that program."""
    disk = Disk()

    class WritingPump(Pump):
        """A pump whose every write goes to the disk as well."""

        def __init__(self, hal: Hal, config: Config) -> None:
            store = hal.store
            write, append = store.write, store.append

            def written(slot: int, data: bytes) -> int:
                disk.put(slot, "wb", data)
                return write(slot, data)

            def appended(slot: int, data: bytes) -> int:
                disk.put(slot, "ab", data)
                return append(slot, data)

            store.write, store.append = written, appended
            super().__init__(hal, config)

    live(WritingPump, order)
    return disk.erases


class Disk:
    """The board's file system, with its slots as files. `erases` counts them by block."""

    def __init__(self) -> None:
        from littlefs import LittleFS, UserContext

        from host_tools.machines.rp2040.image import BLOCK_BYTES, BLOCKS, SLOTS

        counts: Counter[int] = Counter()

        class Counting(UserContext):
            def erase(self, cfg: Any, block: int) -> int:
                counts[block] += 1
                return super().erase(cfg, block)

        self._disk = LittleFS(
            Counting(BLOCK_BYTES * BLOCKS),
            block_size=BLOCK_BYTES,
            block_count=BLOCKS,
            read_size=32,
            prog_size=256,
            cache_size=1024,
            lookahead_size=32,
            block_cycles=CYCLES,
        )
        self._folder = SLOTS
        self._disk.mkdir(SLOTS)
        with self._disk.open("firmware", "wb") as file:
            file.write(bytes(FIRMWARE_BYTES))
        counts.clear()
        self.erases = counts

    def put(self, slot: int, mode: str, data: bytes) -> None:
        with self._disk.open(f"{self._folder}/{slot:02}", mode) as file:
            file.write(data)
