"""The board's application when its firmware raises, with stand-ins for the board's own modules."""

import sys
from subprocess import PIPE, TimeoutExpired

import pytest

from tests.child import child

STANDS_S = 0.3  # a board that does not wait for its reset has ended by then

BOARD = """
import gc, sys
from types import ModuleType

def say(*words):
    print(*words, flush=True)

class Motor:
    def inhibit(self):
        say("inhibited")

class Body:
    fill_sensor = None
    motor = Motor()
    wait = staticmethod(lambda deadline_s: say("rests until", deadline_s))
    def __init__(self):
        if TROUBLE == "body":
            raise OSError("body")

class Watchdog:
    def arm(self):
        say("armed")

class Pump:
    def __init__(self, body, config):
        if TROUBLE == "boot":
            raise MemoryError("boot")
        self.polls = 0
    def poll(self):
        self.polls += 1
        if self.polls == 2:
            raise KeyError("wake")
        return 3600

def print_exception(error, file):
    file.write(repr(error))
    file.flush()
    say("wrote", repr(error))

for name, parts in (("hal.rp2040.body", (Body,)), ("hal.rp2040.chip", (Watchdog,)), ("firmware.pump", (Pump,))):
    module = sys.modules[name] = ModuleType(name)
    vars(module).update((part.__name__, part) for part in parts)
gc.threshold = lambda size: None
sys.print_exception = print_exception

from hal.rp2040 import run
run.CRASH = CRASH
run.run()
say("came back")
"""


def told(trouble: str, crash_file: str, lines: int) -> list[str]:
    """So many lines of what the board does, after which it neither ends nor says more."""
    code = f"TROUBLE, CRASH = {(trouble, crash_file)!r}\n{BOARD}"
    with child([sys.executable, "-c", code], stdout=PIPE, text=True) as board:
        said = [board.stdout.readline().strip() for _ in range(lines)]
        with pytest.raises(TimeoutExpired):
            board.wait(STANDS_S)
        board.kill()
        assert board.stdout.read() == ""
    return said


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ("wake", ["rests until 3600", "inhibited", "armed", "wrote KeyError('wake')"]),
        ("boot", ["inhibited", "armed", "wrote MemoryError('boot')"]),
        ("body", ["armed", "wrote OSError('body')"]),
    ],
)
def test_the_motor_is_inhibited_and_the_watchdog_left_to_bite(tmp_path, trouble, expected):
    crash = tmp_path / "crash.txt"
    assert told(trouble, str(crash), len(expected)) == expected
    assert crash.read_text()


def test_a_crash_that_cannot_be_written_changes_nothing(tmp_path):
    assert told("wake", str(tmp_path), 3) == ["rests until 3600", "inhibited", "armed"]
