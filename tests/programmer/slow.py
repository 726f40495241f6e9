"""A line in virtual time to a pump that computes for long over each request, one after another."""

from collections import deque

from tests.programmer.peer import Peer, PeerTransport


class SlowTransport(PeerTransport):
    """Every answer takes the peer `delay_s`."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(Peer())
        self._delay_s = delay_s
        self._due: deque[tuple[float, bytes]] = deque()

    def write(self, data: bytes) -> None:
        super().write(data)
        begins_s = max(self._time_s, self._due[-1][0]) if self._due else self._time_s
        self._due.append((begins_s + self._delay_s, self.incoming.pop()))

    def read(self, timeout_s: float) -> bytes:
        if self._due and self._due[0][0] <= self._time_s + timeout_s:
            self._time_s, data = self._due.popleft()
            return data
        return super().read(timeout_s)
