"""`hear`: the file has the pump's own notes, at the loudness that the verb tells. Nothing is played here."""

import array
import json
import sys
import wave
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firmware.safety import alarms
from hal.contract import DUAL_TONE, SINGLE_TONE
from hal.rp2040 import board
from host_tools.exports import alarmsound
from tests.cli.conftest import Thecal

PATTERN = {"critical": DUAL_TONE, "non_critical": SINGLE_TONE}
PITCHES = {"critical": [board.HIGH_HZ, board.LOW_HZ] * 6, "non_critical": [board.HIGH_HZ]}


class Sound:
    """A WAV file, read back."""

    def __init__(self, file: Path) -> None:
        with wave.open(str(file)) as reader:
            assert (reader.getnchannels(), reader.getsampwidth()) == (1, 2)
            self.rate_hz = reader.getframerate()
            self.samples = array.array("h", reader.readframes(reader.getnframes()))

    @property
    def peak(self) -> int:
        return max(map(abs, self.samples))

    def pitch_hz(self, part: int, parts: int) -> float:
        """The pitch of one of several equal parts, by its turns from below to above zero."""
        length = len(self.samples) // parts
        piece = self.samples[part * length : (part + 1) * length]
        return sum(a < 0 <= b for a, b in pairwise(piece)) * self.rate_hz / length


def heard(thecal: Thecal, file: Path, *words: str) -> tuple[Sound, dict[str, Any]]:
    done = thecal("hear", *words, "--out", str(file), "--force", "--json")
    assert done.exit_code == 0, done.stderr
    return Sound(file), json.loads(done.stdout)


@pytest.mark.shows("SEED-57")
@pytest.mark.parametrize("alarm_class", PITCHES)
@pytest.mark.parametrize("level", alarmsound.LEVEL_DB)
def test_the_notes_are_the_pumps_own(thecal: Thecal, tmp_path: Path, alarm_class: str, level: str) -> None:
    sound, told = heard(thecal, tmp_path / "a.wav", alarm_class, "--as", level)
    assert len(sound.samples) / sound.rate_hz == alarms._LASTS_S[PATTERN[alarm_class]]
    parts = len(PITCHES[alarm_class])
    pitches = [sound.pitch_hz(part, parts) for part in range(parts)]
    assert pitches == pytest.approx(PITCHES[alarm_class], abs=8)
    assert [note["hz"] for note in told["notes"]] == PITCHES[alarm_class]


@pytest.mark.shows("SEED-57")
@pytest.mark.parametrize("alarm_class", PITCHES)
def test_the_sample_is_louder_than_the_pump_by_what_is_told(thecal: Thecal, tmp_path: Path, alarm_class: str) -> None:
    pump, as_pump = heard(thecal, tmp_path / "pump.wav", alarm_class)
    sample, as_sample = heard(thecal, tmp_path / "sample.wav", alarm_class, "--as", "sample")
    louder_db = as_sample["level_db"] - as_pump["level_db"]
    assert louder_db > 0
    assert sample.peak / pump.peak == pytest.approx(10 ** (louder_db / 20), rel=0.01)
    assert 16_000 < sample.peak < 32_767
    done = thecal("hear", alarm_class, "--out", str(tmp_path / "again.wav"))
    assert f"{louder_db} dB softer than the sample" in " ".join(done.stdout.split())


def test_a_file_is_never_replaced_unless_told(thecal: Thecal, tmp_path: Path) -> None:
    file = tmp_path / "mine.wav"
    file.write_text("mine")
    done = thecal("hear", "critical", "--out", str(file))
    assert (done.exit_code, "--force replaces it" in done.stderr, file.read_text()) == (2, True, "mine")
    assert thecal("hear", "critical", "--out", str(tmp_path / "no" / "such.wav")).exit_code == 2


class Speaker:
    """Stands for the library: takes what a device would have played, or has none."""

    class MiniaudioError(Exception):
        """The library's."""

    def __init__(self, fails: bool) -> None:
        self.fails = fails
        self.played = b""

    def stream_raw_pcm_memory(self, sound: bytes, nchannels: int, sample_width: int) -> bytes:
        assert (nchannels, sample_width) == (1, 2)
        return sound

    def stream_with_callbacks(self, sound: bytes, end_callback: Any) -> Any:
        yield b""
        self.played = sound
        end_callback()
        yield b""

    def PlaybackDevice(self, nchannels: int, sample_rate: int) -> Any:  # noqa: N802 - the library's name
        if self.fails:
            raise self.MiniaudioError("failed to init device", -401)
        assert (nchannels, sample_rate) == (1, alarmsound.RATE_HZ)
        return Device()


class Device(SimpleNamespace):
    def __enter__(self) -> "Device":
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def start(self, stream: Any) -> None:
        next(stream)


@pytest.mark.parametrize("level", alarmsound.LEVEL_DB)
def test_without_a_file_it_plays_the_same_to_its_end(
    thecal: Thecal, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    speaker = Speaker(fails=False)
    monkeypatch.setitem(sys.modules, "miniaudio", speaker)  # pyright: ignore[reportArgumentType]
    done = thecal("hear", "critical", "--as", level)
    assert (done.exit_code, done.stdout.startswith("played: two tones in turn")) == (0, True)
    assert speaker.played == alarmsound.samples("critical", level)


@pytest.mark.parametrize(
    ("library", "exit_words"),
    [(None, "needs miniaudio, which is not installed"), (Speaker(fails=True), "no sound device here")],
    ids=["no library", "no device"],
)
def test_where_nothing_can_be_played_one_line_points_to_the_file(
    thecal: Thecal, monkeypatch: pytest.MonkeyPatch, library: Any, exit_words: str
) -> None:
    monkeypatch.setitem(sys.modules, "miniaudio", library)
    done = thecal("hear", "non_critical", "--json")
    assert (done.exit_code, done.stderr.count("\n")) == (3, 1)
    assert exit_words in done.stderr
    assert "`--out FILE.wav` writes it to a file" in done.stderr
    assert json.loads(done.stdout)["error"]["kind"] == "no_device"
