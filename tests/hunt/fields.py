"""Every number that the firmware's objects hold, and how a bit of it flips."""

from collections.abc import Callable, Iterator
from types import MethodType
from typing import Any, NamedTuple

SMALL_BITS = 30  # of the board's small integers, beside the sign
BIG_BITS = 32

Put = Callable[[Any], None]


class Place(NamedTuple):
    """Where a number stands, what it is, and how another is put there."""

    path: str
    value: Any
    put: Put
    is_byte: bool = False


def bits_of(place: Place) -> list[int]:
    """Which bits of it can flip; -1 is the sign."""
    value = place.value
    if isinstance(value, bool):
        return [0]
    if place.is_byte:
        return list(range(8))
    return [*range(SMALL_BITS), -1] if -(1 << SMALL_BITS) <= value < 1 << SMALL_BITS else list(range(BIG_BITS))


def flipped(value: Any, bit: int) -> Any:
    if isinstance(value, bool):
        return not value
    return value ^ (-1 << SMALL_BITS if bit < 0 else 1 << bit)


def places(pump: Any) -> list[Place]:
    """Of the pump and all firmware objects that can be reached from it, each once; not of the body."""
    return list(_Walk().of(pump, "pump"))


class _Walk:
    def __init__(self) -> None:
        self._seen: set[int] = set()

    def of(self, thing: Any, path: str) -> Iterator[Place]:
        """What is inside an object."""
        if isinstance(thing, MethodType):
            thing = thing.__self__
        if id(thing) in self._seen or not type(thing).__module__.startswith("firmware"):
            return
        self._seen |= {id(thing), id(vars(thing))}
        for name, value in vars(thing).items():
            yield from self.value(value, f"{path}.{name}", _setter(thing, name))
        if type(thing).__name__ == "Config":  # whose defaults are its class's
            for name, value in vars(type(thing)).items():
                if isinstance(value, int):
                    yield Place(f"{path}.{name}", value, _setter(type(thing), name))

    def value(self, value: Any, path: str, put: Put) -> Iterator[Place]:
        if isinstance(value, int):
            yield Place(path, value, put)
        elif isinstance(value, bytes | bytearray):
            for index, byte in enumerate(value):
                yield Place(f"{path}[{index}]", byte, _in_bytes(value, index, put), is_byte=True)
        elif isinstance(value, list):
            if id(value) not in self._seen:
                self._seen.add(id(value))
                for index, item in enumerate(value):
                    yield from self.value(item, f"{path}[{index}]", _in_list(value, index))
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                yield from self.value(item, f"{path}[{index}]", _in_tuple(value, index, put))
        elif isinstance(value, dict):
            if id(value) in self._seen:
                return
            for key, item in value.items():
                yield from self.value(item, f"{path}[{key}]", _in_dict(value, key))
        else:
            yield from self.of(value, path)


def _setter(thing: Any, name: str) -> Put:
    return lambda value: setattr(thing, name, value)


def _in_list(items: Any, index: int) -> Put:
    def put(value: Any) -> None:
        items[index] = value

    return put


def _in_dict(items: dict[Any, Any], key: Any) -> Put:
    def put(value: Any) -> None:
        items[key] = value

    return put


def _in_tuple(items: tuple[Any, ...], index: int, put_whole: Put) -> Put:
    """A tuple cannot be changed: another takes its place."""
    return lambda value: put_whole((*items[:index], value, *items[index + 1 :]))


def _in_bytes(data: bytes | bytearray, index: int, put_whole: Put) -> Put:
    return lambda value: put_whole(data[:index] + bytes([value]) + data[index + 1 :])
