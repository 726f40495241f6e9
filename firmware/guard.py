"""Guards the numbers that the pump works with while it sleeps, which is nearly always.

A number is kept three times, in its place and in two copies, and what two of them say counts: so a flipped bit is put
right wherever it fell. Numbers in an object's attributes and in its lists are guarded one by one. What is in a tuple
or in another object is not: the state, the week, the dose windows and the records guard themselves.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Probe:
    pass


_probe = _Probe()
LIVE_DICT = _probe.__dict__ is _probe.__dict__
"""True if an object's attributes can be looked at all at once; in MicroPython that takes memory at every look."""


class Guard:
    """Of `parts`, (REGION, object) each. Their lists are to be changed in place: another list is not guarded."""

    def __init__(self, parts: "tuple[tuple[int, object], ...]") -> None:
        self.watch(parts)

    def watch(self, parts: "tuple[tuple[int, object], ...]") -> None:
        """Guard these from now on, as they are now."""
        self._places = []  # (REGION, object, names of its numbers), then (REGION, list, None)
        lists = []
        for region, part in parts:
            names = []
            if LIVE_DICT:
                part.__dict__ = dict(part.__dict__)  # else Python shares its keys, and is slower once it was looked at
            for name in sorted(part.__dict__):
                value = getattr(part, name)
                if isinstance(value, list):
                    lists.append((region, value, None))
                elif value is None or isinstance(value, (int, bool)):
                    names.append(name)
            self._places.append((region, part, names))
        self._places += lists
        self._lists = [one for _, one, _ in lists]
        if LIVE_DICT:
            self._dicts = [part.__dict__ for _, part in parts]
            self._live = self._dicts + self._lists
        else:
            self._first = [_values(owner, names) for _, owner, names in self._places]
            self._second = [_values(owner, names) for _, owner, names in self._places]
        self.take()

    def take(self) -> None:
        """The numbers are right: copy them. On the board it takes no memory, unless a list is longer or shorter."""
        if LIVE_DICT:
            first: list = list(map(dict.copy, self._dicts))
            first += map(list.copy, self._lists)
            second: list = list(map(dict.copy, self._dicts))
            second += map(list.copy, self._lists)
            self._first = first
            self._second = second
            return
        value_of = getattr  # a local name is found sooner: of an idle wake this is the longest part
        for i in range(len(self._places)):
            _, owner, names = self._places[i]
            first = self._first[i]
            second = self._second[i]
            if names is not None:
                for at in range(len(names)):
                    first[at] = second[at] = value_of(owner, names[at])
            elif len(owner) != len(first):
                self._first[i] = owner[:]
                self._second[i] = owner[:]
            else:
                for at in range(len(owner)):
                    first[at] = second[at] = owner[at]

    def repair(self) -> int:
        """Put back what is not as it was. Its REGION, 0 when nothing was wrong."""
        if LIVE_DICT and self._live == self._first:
            return 0
        found = 0
        value_of = getattr
        for i in range(len(self._places)):
            region, owner, names = self._places[i]
            first = self._first[i]
            second = self._second[i]
            for at in range(len(owner) if names is None else len(names)):
                key = names[at] if LIVE_DICT and names is not None else at
                value = owner[at] if names is None else value_of(owner, names[at])
                if value != first[key] and first[key] == second[key]:
                    found = region
                    if names is None:
                        owner[at] = first[key]
                    else:
                        setattr(owner, names[at], first[key])
        return found


def _values(owner: "Any", names: "list[str] | None") -> list:
    return owner[:] if names is None else [getattr(owner, name) for name in names]
