"""The tones that can be heard near the patient."""

from typing import NamedTuple


class Tone(NamedTuple):
    """One pattern that began to sound; `kind` is "single" or "dual"."""

    kind: str
    at_ms: int


class Sound:
    """`tones` are those heard, in order."""

    def __init__(self) -> None:
        self.tones: list[Tone] = []
        self.dead = False

    def begin(self, kind: str, at_ms: int) -> bool:
        """Sound a pattern; False when the piezo is dead."""
        if not self.dead:
            self.tones.append(Tone(kind, at_ms))
        return not self.dead
