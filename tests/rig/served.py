"""An emulated chip behind a TCP port for as long as somebody works with it, and a look into its flash."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from littlefs import LittleFS

from host_tools.emulator.rigserver import RigServer
from host_tools.machines.rp2040 import image
from host_tools.machines.rp2040.rig import Rig

T = TypeVar("T")


def while_served(rig: Rig, work: Callable[[str], T]) -> T:
    """What `work` gives, which runs in a thread of its own and is told the chip's URL."""

    async def serve() -> T:
        server = RigServer(rig)
        url = await server.open(0)
        living = asyncio.create_task(server.run())
        try:
            return await asyncio.to_thread(work, url)
        finally:
            living.cancel()
            server.close()

    return asyncio.run(serve())


def files_on(rig: Rig) -> dict[str, bytes]:
    """What is on the chip's file system, read from its flash by littlefs itself."""
    disk = LittleFS(block_size=image.BLOCK_BYTES, block_count=image.BLOCKS, mount=False)
    disk.context.buffer[:] = rig.chip.disk
    disk.mount()
    found = {}
    for folder, _, names in disk.walk("/"):
        for name in names:
            path = f"{folder}/{name}".lstrip("/")
            with disk.open(path, "rb") as file:
                found[path] = file.read()
    return found
