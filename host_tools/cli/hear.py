"""The verb `hear`: an alarm's sample on this computer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import rich_click as click

from host_tools.cli.common import Failure, json_option, print_json, print_message, print_text
from host_tools.cli.extras import extras_for, install_command
from host_tools.cli.files import force_option, write_new
from host_tools.exports import alarmsound
from protocol.codes import CLASS

PATIENCE = 5  # times as long as a sound lasts, until a device that takes nothing of it is given up
INSTEAD = "`--out FILE.wav` writes it to a file"
LOUDNESS = {
    "pump": "as the pump under 20 mm of tissue, {db} dB softer than the sample (a choice: no figure is public)",
    "sample": "as the sample, {db} dB louder than the pump is to be expected: listen to `--as pump` too",
}


class NoSound(Exception):
    """This computer cannot play it."""

    kind = "no_device"


@click.command(epilog="Example: thecal hear critical --out alarm.wav")
@click.argument("alarm_class", type=click.Choice(list(CLASS)), metavar="critical|non_critical")
@click.option(
    "--as",
    "level",
    type=click.Choice(list(alarmsound.LEVEL_DB)),
    default="pump",
    show_default=True,
    help="How loud: as the implanted pump, or as a sample, which is louder.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write a WAV file, and play nothing.")
@force_option
@json_option
def hear(alarm_class: str, level: str, out: Path | None, force: bool, as_json: bool) -> None:
    """Play the tones of a class of alarms on this computer, as often as wanted. Needs no pump.

    `thecal demo-alarm` lets a pump itself sound them once.
    """
    if out:
        write_new(out, alarmsound.wav(alarm_class, level), force)
    else:
        try:
            _play(alarmsound.samples(alarm_class, level), alarmsound.lasts_s(alarm_class))
        except NoSound as error:
            raise Failure(str(error), 3) from error
    db = alarmsound.LEVEL_DB
    if as_json:
        notes = [{"hz": hz, "ms": ms} for hz, ms in alarmsound.NOTES[alarm_class]]
        print_json(
            {"alarm_class": alarm_class, "as": level, "level_db": db[level], "notes": notes, "file": out and str(out)}
        )
        return
    print_text(f"{f'wrote {out}' if out else 'played'}: {_words(alarm_class)}")
    print_text(f"loudness: {LOUDNESS[level].format(db=db['sample'] - db['pump'])}")
    print_message("a simulation; the volume of this computer decides the rest")


def _words(alarm_class: str) -> str:
    pitches = list(dict.fromkeys(hz for hz, _ in alarmsound.NOTES[alarm_class]))
    tone = "a single tone" if len(pitches) == 1 else "two tones in turn"
    return f"{tone}, {' and '.join(map(str, pitches))} Hz, for {alarmsound.lasts_s(alarm_class):g} s"


def _play(sound: bytes, lasts_s: float) -> None:
    """Play 16-bit samples, which last so long, to their end. NoSound where there is no library or no device for it."""
    try:
        import miniaudio  # in an extra: a file needs none
    except ModuleNotFoundError as error:
        command = install_command(extras_for("miniaudio", None) or ())
        raise NoSound(
            f"playing needs miniaudio, which is not installed; {INSTEAD}, or install it: {command}"
        ) from error
    ended = Event()
    stream = miniaudio.stream_with_callbacks(
        miniaudio.stream_raw_pcm_memory(sound, nchannels=1, sample_width=2), end_callback=ended.set
    )
    next(stream)
    try:
        with _quiet():
            device = miniaudio.PlaybackDevice(nchannels=1, sample_rate=alarmsound.RATE_HZ)
    except miniaudio.MiniaudioError as error:
        raise NoSound(f"there is no sound device here; {INSTEAD}, for a computer that has one") from error
    with device:
        device.start(stream)
        if not ended.wait(PATIENCE * lasts_s):
            raise NoSound(f"the sound device here does not play; {INSTEAD}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep from stderr what the system's sound library complains of by itself."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
