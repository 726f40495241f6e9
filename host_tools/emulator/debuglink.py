"""The emulator's debug link: JSON lines on a TCP port of its own, of which the pump knows nothing.

Any web page that the user has open can send bytes to a port of this machine, and what a page posts may well hold lines
of JSON. So a token comes first, which pages and other users cannot read, and the first line that is no JSON object, as
a line of HTTP is none, ends the connection: nothing after it is looked at.
"""

import asyncio
import hmac
import inspect
import json
import os
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, get_args, get_origin

from host_tools.durations import format_duration, parse_local_time
from host_tools.emulator.machine import CLOCK_END_MS
from host_tools.emulator.pacing import parse_speed
from host_tools.emulator.publish import record_path
from host_tools.emulator.server import HOST, Server
from protocol.messages import NONE32, WALL_EPOCH

ALARM_SEARCH_MS = 8 * 366 * 86_400_000  # longer than any pump's service
HEAD = {"on": True, "off": False, "auto": None}

Answer = dict[str, Any]


class NoRequestError(ValueError):
    """A line that no client of this link sends; the message says what one would."""


class DebugLink:
    """Answers one request at a time, whoever asks and knows `token`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._machine = server.machine
        self._turn = asyncio.Lock()
        self.token = secrets.token_urlsafe()
        self._verbs: dict[str, Callable[..., Awaitable[Answer]]] = {
            "now": self._now,
            "advance": self._advance,
            "speed": self._speed,
            "fault": self._fault,
            "heal": self._heal,
            "cut": self._cut,
            "head": self._head,
            "truth": self._truth,
            "tones": self._tones,
            "events": self._events,
            "trace": self._trace,
        }

    async def open(self) -> str:
        """Listen on a free port; host:port."""
        self._listener = await asyncio.start_server(self._serve, HOST, 0)
        return f"{HOST}:{self._listener.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            try:
                self._admit(_object(await reader.readline()))
                _send(writer, {"ok": True})
                while line := await reader.readline():
                    request = _object(line)
                    async with self._turn:
                        answer = await self.answer(request)
                    _send(writer, answer)
                    await writer.drain()
            except NoRequestError as error:
                _send(writer, {"error": str(error)})
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # it hung up, or sent a line without end
        except asyncio.CancelledError:
            pass  # the emulator ends; asyncio's streams would print a cancelled handler as an error
        finally:
            writer.close()

    def _admit(self, first: Answer) -> None:
        """NoRequestError for a first object without the token."""
        given = first.get("token")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), self.token.encode()):
            raise NoRequestError(
                'the debug link opens with its token: send {"token": ...} first; it is `debug_token` in what '
                f"`thecal emulate --json` prints, and in {record_path(os.getpid())}"
            )

    async def answer(self, request: Answer) -> Answer:
        """Do what is asked. What is wrong with it is an `error` in the answer, never a raise."""
        try:
            if not isinstance(request.get("do"), str):
                raise ValueError('a request is an object like {"do": "now"}')
            name = request.pop("do")
            verb = self._verbs.get(name)
            if verb is None:
                raise ValueError(f"{name!r} is no debug verb; there are {', '.join(self._verbs)}")
            _check_arguments(name, verb, request)
            self._server.live()  # between two wakes the pump's time is not looked after
            return {"ok": True, **await verb(**request)}
        except ValueError as error:
            return {"error": str(error)}

    async def _now(self) -> Answer:
        return {"now_s": self._machine.now_ms // 1000}

    async def _advance(self, by_s: int | None = None, to: str | None = None) -> Answer:
        if (by_s is None) == (to is None):
            raise ValueError("advance needs either by_s or to")
        if to == "next-alarm":
            return {"event": await self._run_to_alarm(), **await self._now()}
        await self._server.run_to(self._goal_ms(by_s) if by_s is not None else self._goal_at_ms(str(to)))
        return await self._now()

    async def _run_to_alarm(self) -> dict[str, Any]:
        seen = len(self._machine.events)

        def alarms() -> list[dict[str, Any]]:
            return [event for event in self._machine.events[seen:] if event["severity"] != "info"]

        await self._server.run_to(
            min(self._machine.now_ms + ALARM_SEARCH_MS, self._machine.clock_end_ms), lambda: bool(alarms())
        )
        found = alarms()
        if not found:
            at_end = ", where its clock ends" if self._server.at_clock_end else ""
            raise ValueError(f"no alarm came up by {self._machine.now_ms // 86_400_000} days of pump time{at_end}")
        return found[0]

    def _goal_ms(self, by_s: int) -> int:
        """Pump time in `by_s`. ValueError where that is past, or beyond the clock's end."""
        if by_s < 0:
            raise ValueError(f"{by_s} s from now is past; time does not go back")
        goal_ms = self._machine.now_ms + by_s * 1000
        if goal_ms > self._machine.clock_end_ms:
            raise ValueError(f"{by_s} s from now is beyond {self._clock_end()}")
        return goal_ms

    def _goal_at_ms(self, wall: str) -> int:
        """Pump time at a local time: the pump's clock says when that is, or the start that it was given."""
        moment = parse_local_time(wall)
        now = self._wall_now()
        if now is None:
            raise ValueError(
                "the pump's clock is not set, so it knows no dates; advance by a duration, or set the clock: "
                "`thecal implant`, `thecal clock`, or `thecal emulate --start`"
            )
        if moment < now:
            raise ValueError(f"{wall} is before the pump's present, {now.isoformat()}")
        goal_ms = self._machine.now_ms + round((moment - now).total_seconds()) * 1000
        if goal_ms > self._machine.clock_end_ms:
            raise ValueError(f"{wall} is beyond {self._clock_end()}")
        return goal_ms

    def _clock_end(self) -> str:
        """When the clock ends: by its age, and by its date where it has one."""
        left_s = max(0, self._machine.clock_end_ms - self._machine.now_ms) // 1000
        now = self._wall_now()
        date = f", {(now + timedelta(seconds=left_s)).isoformat()}" if now else ""
        age, left = format_duration(CLOCK_END_MS // 1000), format_duration(left_s)
        return f"the end of its clock, {age} after its first power-up{date}; {left} are left"

    def _wall_now(self) -> datetime | None:
        self._machine.wake()
        pump = self._machine.pump
        wall_s = NONE32 if pump is None else pump.uptime.wall_s
        if wall_s != NONE32:
            return datetime.fromisoformat(WALL_EPOCH) + timedelta(seconds=wall_s)
        start = self._server.identity["start"]
        return datetime.fromisoformat(start) + timedelta(milliseconds=self._machine.now_ms) if start else None

    async def _speed(self, speed: int | float | str) -> Answer:
        self._server.pacer.speed = parse_speed(str(speed))
        self._server.meddled()
        return {}

    async def _fault(self, name: str, fields: dict[str, Any] | None = None, for_s: int | None = None) -> Answer:
        until_ms = None if for_s is None else self._machine.now_ms + for_s * 1000
        self._machine.plant.apply_fault(name, until_ms, **(fields or {}))
        self._server.meddled()
        return {}

    async def _heal(self, name: str) -> Answer:
        self._machine.plant.heal(name)
        self._server.meddled()
        return {}

    async def _cut(self, for_s: int = 10) -> Answer:
        self._machine.power_cut(self._goal_ms(for_s) - self._machine.now_ms)
        self._server.meddled()
        return await self._now()

    async def _head(self, state: str) -> Answer:
        if state not in HEAD:
            raise ValueError(f"{state!r} is no state of the head; there are {', '.join(HEAD)}")
        self._server.head_override = HEAD[state]
        self._server.meddled()
        return {}

    async def _truth(self) -> Answer:
        return {"truth": self._machine.plant.truth()}

    async def _tones(self, since: int = 0) -> Answer:
        tones = self._machine.plant.tones[since:]
        return {"tones": [{"kind": tone.kind, "at_s": tone.at_ms // 1000} for tone in tones]}

    async def _events(self, since: int = 0) -> Answer:
        return {"events": self._machine.events[since:]}

    async def _trace(self) -> Answer:
        return {"trace_sha256": self._machine.recorder.trace_sha256()}


def _object(line: bytes) -> Answer:
    """The JSON object of a line. NoRequestError for any other line."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NoRequestError(f"the debug link speaks JSON lines, and ends at one that is none ({error})") from error
    if not isinstance(value, dict):
        raise NoRequestError(f"a line of the debug link is a JSON object, and no {type(value).__name__}; it ends here")
    return value


def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")


def _check_arguments(name: str, verb: Callable[..., Awaitable[Answer]], arguments: dict[str, Any]) -> None:
    """ValueError for an argument that is missing, unknown or of another type than the verb's own."""
    parameters = inspect.signature(verb, eval_str=True).parameters
    try:
        inspect.signature(verb).bind(**arguments)
    except TypeError as error:
        raise ValueError(f"{name}: {error}; it takes {', '.join(parameters) or 'nothing'}") from None
    for argument, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, _classes(parameters[argument].annotation)):
            raise ValueError(f"{name}: {argument} cannot be {value!r}")


def _classes(annotation: Any) -> tuple[type, ...]:
    """The classes of `int`, `int | None` or `dict[str, Any]`, as isinstance wants them."""
    return tuple(get_origin(part) or part for part in get_args(annotation) or (annotation,))
