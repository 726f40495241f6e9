"""The debug link of a running emulator, as typed methods. Times are seconds since first power-up."""

import json
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

CONNECT_S = 10
ANSWER_LIMIT_S = 10  # without an answer; an advance over years takes longer
PIECE_BYTES = 65_536
PART_MS = 200  # of wall time: how often an advance in parts says where it is


class DebugError(RuntimeError):
    """The emulator did not do it; the message says why."""


class DebugLinkError(ConnectionError):
    """The emulator is not there, or no longer."""


class DebugClient:
    """JSON lines over TCP to `address` (host:port), which `token` opens: a request, an answer. Raises DebugError
    (without the token it says where that is found), DebugLinkError.

    An answer may take as long as the emulator has to compute; every ANSWER_LIMIT_S without one `on_silence` is called.
    """

    def __init__(self, address: str, token: str = "", on_silence: Callable[[], None] = lambda: None) -> None:
        host, _, port = address.rpartition(":")
        try:
            self._socket = socket.create_connection((host, int(port)), timeout=CONNECT_S)
        except OSError as error:
            raise DebugLinkError(f"no emulator answers at {address} ({error}); does it still run?") from error
        self._socket.settimeout(ANSWER_LIMIT_S)
        self._received = b""
        self._address, self._token = address, token
        self._on_silence = on_silence
        try:
            self._exchange({"token": token})
        except BaseException:
            self.close()
            raise

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send one request as it is; its answer, without `ok`."""
        return self._exchange({"do": do, **arguments})

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(self._line())
        except OSError as error:
            raise DebugLinkError(f"the emulator at {self._address} went away ({error})") from error
        if "error" in answer:
            raise DebugError(answer["error"])
        del answer["ok"]
        return answer

    def _line(self) -> bytes:
        while b"\n" not in self._received:
            try:
                piece = self._socket.recv(PIECE_BYTES)
            except TimeoutError:
                self._on_silence()
                continue
            if not piece:
                raise ConnectionResetError("in mid-command")
            self._received += piece
        line, _, self._received = self._received.partition(b"\n")
        return line

    def now_s(self) -> int:
        return self.ask("now")["now_s"]

    def advance(self, by_s: int) -> int:
        """Let `by_s` pass at once; the time then."""
        return self.ask("advance", by_s=by_s)["now_s"]

    def advance_to(self, wall: str) -> int:
        """Go on to an ISO local time by the pump's clock (while it has none: by --start); the time then."""
        return self.ask("advance", to=wall)["now_s"]

    def advance_to_next_alarm(self) -> dict[str, Any]:
        """Go on until the pump logs that it raised an alarm; that log entry."""
        return self.ask("advance", to="next-alarm")["event"]

    def advance_in_parts(self, **how_far: int | str) -> Iterator[dict[str, Any]]:
        """Do what `ask("advance", **how_far)` does, with answers meanwhile; all but the last have a `rest`.

        Whoever does not go on with the iterator leaves the pump's time where it is.
        """
        answer = self.ask("advance", within_ms=PART_MS, **how_far)
        while rest := answer.get("rest"):
            yield answer
            answer = self.ask("advance", within_ms=PART_MS, **rest)
        yield answer

    def fault(self, name: str, for_s: int | None = None, **fields: int | str) -> None:
        """Begin a fault: for `for_s`, or until healed."""
        self.ask("fault", name=name, fields=fields, **({} if for_s is None else {"for_s": for_s}))

    def heal(self, name: str) -> list[str]:
        """End a fault, or `all`; those that were healed."""
        return self.ask("heal", name=name)["healed"]

    def cut(self, for_s: int = 10) -> int:
        """All power is lost, and comes back after `for_s`; the time then."""
        return self.ask("cut", for_s=for_s)["now_s"]

    def head(self, state: str) -> None:
        """The telemetry head: `on`, `off`, or `auto` (there while somebody is on the line)."""
        self.ask("head", state=state)

    def speed(self, speed: int | str) -> None:
        """1, N, "max", or 0: time stands still but for `advance` and `cut`."""
        self.ask("speed", speed=speed)

    def truth(self) -> dict[str, Any]:
        """Return what the plant knows."""
        return self.ask("truth")["truth"]

    def tones(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the tones that began, from the `since`-th tone on: `kind` (`single` or `dual`) and `at_s`."""
        return self.ask("tones", since=since)["tones"]

    def events(self, since: int = 0) -> list[dict[str, Any]]:
        """Log entries as the pump made them, from the `since`-th of this run of the emulator on."""
        return self.ask("events", since=since)["events"]

    def trace_sha256(self) -> str:
        """SHA-256 of every effect so far at the boundary of the HAL."""
        return self.ask("trace")["trace_sha256"]

    def reopened(self) -> Self:
        """A second connection to the same emulator."""
        return type(self)(self._address, self._token, self._on_silence)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
