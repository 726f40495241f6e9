"""The emulator's debug link: JSON lines on a TCP port of its own, of which the pump knows nothing.

Any web page that the user has open can send bytes to a port of this machine, and what a page posts may well hold lines
of JSON. So a token comes first, which pages and other users cannot read, and the first line that is no JSON object, as
a line of HTTP is none, ends the connection: nothing after it is looked at.
"""

import asyncio
import hmac
import inspect
import json
import math
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, get_args, get_origin

from host_tools.emulator.goals import AlarmSearch, Goals
from host_tools.emulator.pacing import parse_speed
from host_tools.emulator.publish import record_path
from host_tools.emulator.server import HOST, Server

HEAD = {"on": True, "off": False, "auto": None}

Answer = dict[str, Any]


class NoRequestError(ValueError):
    """A line that no client of this link sends; the message says what one would."""


class DebugLink:
    """Answers one request at a time, whoever asks and knows `token`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._machine = server.machine
        self._goals = Goals(server.machine, server.identity["start"])
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
        machine = self._machine
        machine.wake()  # else its own count is that of its last wake
        return {
            "now_s": machine.now_ms // 1000,
            "unpowered_s": machine.plant.unpowered_ms // 1000,
            "uptime_s": machine.pump.clock.now_s if machine.pump else None,
        }

    async def _advance(
        self,
        by_s: int | None = None,
        to: str | None = None,
        until_ms: int | None = None,
        since: int | None = None,
        within_ms: int | None = None,
    ) -> Answer:
        """On by `by_s`, to a local time, to `next-alarm`, or to where an earlier answer's `rest` says.

        With `since` no further than to an alarm among the events from that one on. `within_ms` of wall time is all
        that it takes: then the answer has the `rest`, to be sent as the next request's arguments.
        """
        if sum(goal is not None for goal in (by_s, to, until_ms)) != 1:
            raise ValueError("advance needs either by_s or to, or the until_ms that an earlier answer gave")
        if within_ms is not None and within_ms < 1:
            raise ValueError(f"within_ms is {within_ms}, and an advance takes 1 ms at least")
        if to == "next-alarm":
            goal_ms, since = self._goals.alarm_search_end_ms(), len(self._machine.events)
        elif to is not None:
            goal_ms = self._goals.at_ms(to)
        elif by_s is not None:
            goal_ms = self._goals.after_ms(by_s)
        else:
            goal_ms = self._goals.until_ms(until_ms or 0)
        return await self._run_to(goal_ms, since, within_ms)

    async def _run_to(self, goal_ms: int, since: int | None, within_ms: int | None) -> Answer:
        alarms = AlarmSearch(self._machine, since)
        end_wall_s = math.inf if within_ms is None else time.monotonic() + within_ms / 1000
        await self._server.run_to(goal_ms, lambda: alarms.found() is not None or time.monotonic() >= end_wall_s)
        if alarm := alarms.found():
            return {"event": alarm, **await self._now()}
        if self._machine.now_ms < goal_ms:
            rest = {"until_ms": goal_ms} if since is None else {"until_ms": goal_ms, "since": since}
            return {**await self._now(), "rest": rest}
        if since is not None:
            at_end = ", where its clock ends" if self._server.at_clock_end else ""
            raise ValueError(f"no alarm came up by {self._machine.now_ms // 86_400_000} days of pump time{at_end}")
        return await self._now()

    async def _speed(self, speed: int | float | str) -> Answer:
        self._server.pacer.speed = parse_speed(str(speed))
        self._server.meddled()
        return {}

    async def _fault(self, name: str, fields: dict[str, Any] | None = None, for_s: int | None = None) -> Answer:
        until_ms = None if for_s is None else self._machine.now_ms + for_s * 1000
        self._machine.plant.apply_fault(name, until_ms, **(fields or {}))
        self._server.activity.fault_begun(name)
        self._server.meddled()
        return {}

    async def _heal(self, name: str) -> Answer:
        plant = self._machine.plant
        names = list(plant.faults) if name == "all" else [name]
        for each in names:
            plant.heal(each)
        self._server.activity.look()
        self._server.meddled()
        return {"healed": names}

    async def _cut(self, for_s: int = 10) -> Answer:
        for_ms = self._goals.after_ms(for_s) - self._machine.now_ms
        self._server.activity.power_cut(for_s)
        self._machine.power_cut(for_ms)
        self._server.activity.look()
        self._server.meddled()
        return await self._now()

    async def _head(self, state: str) -> Answer:
        if state not in HEAD:
            raise ValueError(f"{state!r} is no state of the head; there are {', '.join(HEAD)}")
        self._server.head_override = HEAD[state]
        self._server.meddled()
        return {}

    async def _truth(self) -> Answer:
        return {"truth": self._machine.plant.truth(), **await self._now()}

    async def _tones(self, since: int = 0) -> Answer:
        tones = self._machine.plant.tones[since:]
        return {"tones": [{"kind": tone.kind, "at_s": tone.at_ms // 1000} for tone in tones]}

    async def _events(self, since: int = 0) -> Answer:
        return {"events": self._machine.events[since:]}

    async def _trace(self) -> Answer:
        return {"trace_sha256": self._machine.effects.trace_sha256()}


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
