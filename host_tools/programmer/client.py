"""One programmer's conversation with one pump: requests, sessions, refusals."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from construct import Container

from host_tools.programmer import readout
from host_tools.programmer.discovery import find_port
from host_tools.programmer.errors import (
    AFTER_SILENCE,
    BadValue,
    LinkLost,
    NoDevice,
    NotAuthorised,
    ProgrammerError,
    ProtocolMismatch,
    Refused,
    SessionLost,
    WrongPump,
)
from host_tools.programmer.line import REFUSED, Line, unsigned_refusal
from host_tools.programmer.session import Session, unsigned
from host_tools.programmer.transport import SerialTransport, Transport
from protocol import auth, codes, messages, registry
from protocol.fingerprint import fingerprint
from protocol.frame import Frame

CHALLENGE_S = 2  # how long a challenge waits for its proof at least
CHANGES = (
    "IMPLANT",
    "REFILL",
    "COMMIT",
    "STOP",
    "RESUME",
    "SILENCE",
    "SET_CLOCK",
    "MINIMUM_RATE",
    "DEMO_ALARM",
    "LIMITS",
    "PRIME",
    "BOLUS",
    "CANCEL_BOLUS",
    "PATIENT_BOLUS",
    "SET_PATIENT_BOLUS",
    "ALARM_SETTINGS",
    "WRITE_RECORD",
)
"""Requests after which a pump is not what it was."""


class Client:
    """A connected programmer, with `serial` for that pump alone. `entropy` gives its nonces; a request is sent
    `tries` times, `timeout_s` apart."""

    def __init__(
        self,
        transport: Transport,
        *,
        serial: str | None = None,
        key: bytes = auth.TEST_KEY,
        role: str = "clinician",
        checks: bool = True,
        entropy: Callable[[int], bytes] = os.urandom,
        timeout_s: float = 1.0,
        tries: int = 4,
    ) -> None:
        self._line = Line(transport, timeout_s, tries)
        self._wanted_serial = serial
        self._key = key
        self._role = role
        self._checks = checks
        self._entropy = entropy
        self._sequence = int.from_bytes(entropy(2), "little")
        self._session: Session | None = None
        self._hello: dict[str, Any] | None = None
        self._serial = b""

    @classmethod
    def open(cls, url: str = "auto", serial: str | None = None, **options: Any) -> Self:
        """Connect to what pyserial opens at `url`, or to the only pump in sight (of this serial number, where it is
        known beforehand). Options as in the constructor."""
        return cls(SerialTransport(find_port(serial) if url == "auto" else url), serial=serial, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the line back."""
        self._line.transport.close()

    def hello(self) -> dict[str, Any]:
        """Who the pump is: serial, model, firmware, schema, key. ProtocolMismatch when its tables are others."""
        if self._hello is None:
            fields = self.ask("HELLO")
            _check_schema(fields["version"], fields["fingerprint"])
            hello = readout.hello_dict(fields)
            if self._wanted_serial not in (None, hello["serial"]):
                raise WrongPump(
                    f"pump {hello['serial']} answers at {self._line.transport.name}, not {self._wanted_serial}; "
                    "nothing was asked of it: name the other one's port with --port"
                )
            self._serial = fields["serial"]
            self._hello = hello
        return self._hello

    @contextmanager
    def session(self, role: str | None = None) -> Iterator[None]:
        """Keep one session for all verbs in the block, in a role (default: the client's); inside another such block
        that one is kept."""
        if self._session is not None:
            yield
            return
        self._open_session(role or self._role)
        try:
            yield
        finally:
            self._close_session()

    def ask(self, name: str, **fields: Any) -> Container:
        """Send a request with the wire's own values, unchecked, and decode the answer. Refused when it says no."""
        message = registry.REQUEST[name]
        try:
            payload = registry.payload(message, fields)
        except registry.ProtocolError as error:
            raise BadValue(str(error)) from error
        try:
            answer = self._line.ask(self._request(message.code, payload), self._judge(name))
            if answer.type == REFUSED:
                self._raise_refusal(name, answer)
        except (LinkLost, NoDevice) as error:
            if name not in CHANGES:
                raise
            kind = SessionLost if isinstance(error, SessionLost) else LinkLost
            advice = AFTER_SILENCE.get(name, "`thecal status` tells")
            raise kind(f"{error}; the pump may or may not have done it: {advice}") from error
        return decode(answer)

    def _request(self, code: int, payload: bytes) -> Frame:
        if self._session is not None:
            return self._session.sign(code, payload)
        self._sequence += 1
        return Frame(code, 0, self._sequence, payload)

    def _genuine(self, frame: Frame) -> bool:
        return self._session.genuine(frame) if self._session else unsigned(frame)

    def _judge(self, name: str) -> Callable[[Frame], bool]:
        """What tells the answer to a request. A pump that does not accept the key has none to refuse PROVE with."""
        if name == "PROVE":
            return lambda frame: self._genuine(frame) or unsigned_refusal(frame)
        return self._genuine

    def _raise_refusal(self, name: str, answer: Frame) -> None:
        reason = str(decode(answer)["reason"])
        if self._session and not answer.flags and name != "PROVE":
            self._session = None  # a pump that knew it would have signed
            raise SessionLost(
                "the session is gone: the pump restarted, the head was moved, it was idle for too long, "
                "or another programmer took over"
            )
        raise NotAuthorised(name, reason) if reason in ("auth", "replay") else Refused(name, reason)

    def _open_session(self, name: str) -> None:
        self.hello()
        asked_s = self._line.transport.now_s()
        try:
            self._prove(name)
        except NotAuthorised:
            if self._line.transport.now_s() - asked_s < CHALLENGE_S:
                raise
            self._prove(name)  # the proof came too late

    def _prove(self, name: str) -> None:
        role = codes.ROLE[name]
        nonce = self._entropy(messages.NONCE_BYTES)
        challenge = self.ask("OPEN", role=name, nonce=nonce)
        role_key = auth.role_key(self._key, role)
        number = challenge["session"]
        key = auth.session_key(role_key, self._serial, role, number, nonce, challenge["nonce"])
        self._session = Session(number, key)
        try:
            self.ask("PROVE")
        except ProgrammerError:
            self._session = None
            raise

    def _close_session(self) -> None:
        if self._session is None:
            return
        with suppress(LinkLost, NoDevice):  # the pump ends an idle session by itself
            self.ask("CLOSE")
        self._session = None


def decode(frame: Frame) -> Container:
    """The fields of a frame from the pump. ProtocolMismatch when they are not as this side declares them."""
    try:
        return registry.decode(frame)
    except registry.ProtocolError as error:
        raise ProtocolMismatch(
            f"the pump's message does not read as declared ({error}); pump and programmer are of different versions: "
            "update the older one"
        ) from error


def _check_schema(version: int, pump_fingerprint: int) -> None:
    ours = messages.VERSION
    if version == ours and pump_fingerprint == fingerprint():
        return
    if version < ours:
        advice = "the pump is older: give it this version's firmware"
    elif version > ours:
        advice = "this programmer is older: update thecal"
    else:
        advice = "one of them was built from changed declarations: `make gen`, then use both from one tree"
    raise ProtocolMismatch(
        f"the pump's message tables are {version}-{pump_fingerprint:08x}, this programmer's are "
        f"{ours}-{fingerprint():08x}; {advice}"
    )
