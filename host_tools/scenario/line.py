"""A scenario's serial line, which may go dead in the middle of an order."""

from host_tools.programmer.transport import Transport


class ScenarioLine(Transport):
    """The line of a machine. After `lose_answer` n nothing of the n-th answer from then on is heard, nor after it."""

    def __init__(self, line: Transport) -> None:
        self._line = line
        self.name = line.name
        self._left: int | None = None

    def lose_answer(self, number: int | None) -> None:
        """Go dead at that answer (1: the next); None: hear all again."""
        self._left = number

    def write(self, data: bytes) -> None:
        self._line.write(data)

    def read(self, timeout_s: float) -> bytes:
        data = self._line.read(timeout_s)
        if not data or self._left is None:
            return data
        self._left = max(0, self._left - 1)
        return data if self._left else b""

    def now_s(self) -> float:
        return self._line.now_s()

    def close(self) -> None:
        self._line.close()
