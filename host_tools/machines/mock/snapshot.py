"""A whole device in bytes: its firmware, body and plant at one instant, for going back to it, or on from it twice."""

import io
import pickle
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

OURS = ("firmware", "hal", "host_tools", "tests")
LEVEL = 1  # of compression: a third of the time of the usual one, and a tenth more bytes


class Snapshot(NamedTuple):
    """`state` is compressed. `histories` are lists that only grow, each with its length then: no part of the state."""

    state: bytes
    histories: tuple[tuple[list[Any], int], ...]


def take(parts: object, histories: Sequence[list[Any]]) -> Snapshot:
    """The state of `parts` and of all that they refer to, but for `histories`, of which the length is kept."""
    out = io.BytesIO()
    _Pickler(out, histories).dump(parts)
    return Snapshot(zlib.compress(out.getvalue(), LEVEL), tuple((history, len(history)) for history in histories))


def restore(snapshot: Snapshot) -> Any:
    """The parts anew, as they were, with histories of their own. Those that were snapshotted are left alone."""
    return _Unpickler(io.BytesIO(zlib.decompress(snapshot.state)), snapshot.histories).load()


class _Pickler(pickle.Pickler):
    def __init__(self, out: io.BytesIO, histories: Sequence[list[Any]]) -> None:
        super().__init__(out, protocol=pickle.HIGHEST_PROTOCOL)
        self._histories = {id(history): number for number, history in enumerate(histories)}

    def persistent_id(self, obj: object) -> int | None:
        return self._histories.get(id(obj))

    def reducer_override(self, obj: Any) -> Any:
        """An object whose attributes stay the same dict: the firmware's guards hold those dicts themselves."""
        kind = type(obj)
        if kind.__module__.partition(".")[0] not in OURS or not hasattr(obj, "__dict__"):
            return NotImplemented
        return object.__new__, (kind,), obj.__dict__, None, None, _set_attributes


def _set_attributes(obj: Any, attributes: dict[str, Any]) -> None:
    obj.__dict__ = attributes


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: io.BytesIO, histories: tuple[tuple[list[Any], int], ...]) -> None:
        super().__init__(data)
        self._histories = [history[:length] for history, length in histories]

    def persistent_load(self, number: int) -> list[Any]:
        return self._histories[number]
