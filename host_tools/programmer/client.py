"""Requests to one pump, signed in a session or outside of one, and the refusals that come back."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from construct import Container

from host_tools.programmer.channel import REFUSED, RequestChannel, is_unsigned_refusal
from host_tools.programmer.errors import (
    CHANGING_REQUESTS,
    BadValue,
    LinkLost,
    NoDevice,
    NotAuthorised,
    ProgrammerError,
    Refused,
    SessionLost,
    WrongPump,
    unknown_outcome,
)
from host_tools.programmer.keychoice import candidate_keys
from host_tools.programmer.keystore import KeyFileError, KeyRing, PumpKeys
from host_tools.programmer.schema import check_schema, decode
from host_tools.programmer.session import Session, is_unsigned
from host_tools.programmer.status import Hello
from host_tools.programmer.status_json import hello_json
from host_tools.programmer.transport import Transport
from protocol import auth, codes, messages, registry
from protocol.frame import Frame

CHALLENGE_S = 2  # how long a challenge waits for its proof at least
READ_TRIES = 2  # of a signed request: a pump that restarted forgot for whom it signs


class Client:
    """Connection of a programmer to one pump.

    `unsigned_reason` says why the pump did not sign what was read last, so that anybody on the line could have sent it;
    None where it did.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        serial: str | None = None,
        keys: KeyRing | None = None,
        role: str = "clinician",
        checks: bool = True,
        entropy: Callable[[int], bytes] = os.urandom,
        timeout_s: float = 1.0,
        tries: int = 4,
        warn: Callable[[str], object] = warnings.warn,
        waiting: Callable[[float], object] = lambda _timeout_s: None,
    ) -> None:
        self._channel = RequestChannel(transport, timeout_s, tries, waiting)
        self._wanted_serial = serial
        self.keys = keys
        self._role = role
        self.checks = checks
        self.entropy = entropy
        self._warn = warn
        self._sequence = int.from_bytes(entropy(2), "little")
        self._session: Session | None = None
        self._reader: Session | None = None  # by which the pump signs what is read while no session is open
        self._reading_keys: list[bytes] | None = None  # that it may sign with; None: not looked for yet
        self._reading_refusal: str | None = None  # why it does not sign for this programmer at all
        self.unsigned_reason: str | None = None
        self._hello: Hello | None = None
        self.hello_signed = False
        self._serial = b""

    def close(self) -> None:
        """Close the transport."""
        self._channel.transport.close()

    def hello(self, anew: bool = False) -> Hello:
        """The identity of the pump; asked once, unless `anew`. ProtocolMismatch when its tables are others."""
        known = None if anew else self._hello
        return known or self._take_hello(self.ask("HELLO"))

    def _take_hello(self, fields: Container) -> Hello:
        check_schema(fields["version"], fields["fingerprint"])
        hello = hello_json(fields)
        if self._wanted_serial not in (None, hello["serial"]):
            raise WrongPump(
                f"pump {hello['serial']} answers at {self._channel.transport.name}, not {self._wanted_serial}; "
                "nothing was asked of it: name the other one's port with --port"
            )
        self._serial = fields["serial"]
        self._hello = hello
        return hello

    def signed_hello(self) -> Hello:
        """The same, asked once more where the pump can sign it."""
        if not self.hello_signed:
            self._take_hello(self.read("HELLO"))
            self.hello_signed = self.unsigned_reason is None
        return self.hello()

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
        return self._ask(self._session, name, fields)

    def read(self, name: str, **fields: Any) -> Container:
        """The same for a request that anybody may send: signed in the session that is open, or outside of one where the
        pump takes this programmer's key, and else as anybody."""
        if self._session is not None:
            self.unsigned_reason = None
            return self.ask(name, **fields)
        self.hello()
        for _ in range(READ_TRIES):
            self.unsigned_reason = self._begin_reading()
            if self._reader is None:
                break
            try:
                return self._ask(self._reader, name, fields)
            except (NotAuthorised, SessionLost) as error:
                self._end_reading(self._reader, str(error))
        return self.ask(name, **fields)

    def change(self, name: str, **fields: Any) -> Container:
        """The same for a request that needs a session: in the one that is open, or in one of its own."""
        with self.session():
            return self.ask(name, **fields)

    def next_pushed(self, timeout_s: float) -> Frame | None:
        """The next pushed frame, authentic or not; None when none came in time."""
        return self._channel.next_pushed(timeout_s)

    def _begin_reading(self) -> str | None:
        """Have the pump sign what is read, which ends nobody's session; the reason where it does not."""
        if self._reader is not None:
            return None
        if self._reading_keys is None:
            self._reading_refusal = None
            try:
                self._reading_keys = list(self._candidates())
            except (NotAuthorised, KeyFileError) as error:
                self._reading_keys = []
                self._reading_refusal = str(error)
        if not self._reading_keys:
            return self._reading_refusal
        try:
            self._reader = self._challenged("observer", self._reading_keys[0])
        except Refused as refusal:
            return str(refusal)
        return None

    def _end_reading(self, reader: Session, why: str) -> None:
        """The pump no longer signs for `reader`, or never did."""
        self._reader = None
        self.unsigned_reason = why
        if reader.sent == 1 and self._reading_keys:
            self._reading_keys.pop(0)
            self._reading_refusal = f"the pump did not sign for this programmer's key ({why})"

    def is_authentic(self, pushed: Frame) -> bool:
        """True if a pushed frame is the pump's, as far as can be known: signed, unless what was read last was not."""
        session = self._session or self._reader
        return session.mac_valid(pushed) if session else is_unsigned(pushed) and self.unsigned_reason is not None

    def _ask(self, session: Session | None, name: str, fields: dict[str, Any]) -> Container:
        message = registry.REQUEST[name]
        try:
            payload = registry.payload(message, fields)
        except registry.ProtocolError as error:
            raise BadValue(str(error)) from error
        try:
            answer = self._channel.ask(self._request(session, message.code, payload), self._acceptance(session, name))
            if answer.type == REFUSED:
                self._raise_refusal(session, name, answer)
        except (LinkLost, NoDevice) as error:
            if name not in CHANGING_REQUESTS:
                raise
            raise unknown_outcome(name, error) from error
        return decode(answer)

    def _request(self, session: Session | None, code: int, payload: bytes) -> Frame:
        if session is not None:
            return session.sign(code, payload)
        self._sequence += 1
        return Frame(code, 0, self._sequence, payload)

    def _acceptance(self, session: Session | None, name: str) -> Callable[[Frame], bool]:
        """The test that an answer to a request must pass. A pump that does not accept the key cannot sign its
        refusal of the first frame that is signed with it."""
        if session is None:
            return is_unsigned
        if name == "PROVE" or session.sent == 1:
            return lambda frame: session.mac_valid(frame) or is_unsigned_refusal(frame)
        return session.mac_valid

    def _raise_refusal(self, session: Session | None, name: str, answer: Frame) -> None:
        reason = str(decode(answer)["reason"])
        if session and not answer.flags and name != "PROVE":  # a pump that knew it would have signed
            if session is self._session:
                self._session = None
            raise SessionLost(
                "the session is gone: the pump restarted, the head was moved, it was idle for too long, "
                "or another programmer took over"
            )
        raise NotAuthorised(name, reason) if reason in ("auth", "replay") else Refused(name, reason)

    def forget_hello(self) -> None:
        """The pump's key may be another now."""
        self._hello = None
        self._reader = self._reading_keys = None

    def _open_session(self, name: str) -> None:
        hello = self.hello()
        known = self._known_keys()
        candidates = candidate_keys(hello, known, self.checks, self._warn)
        for device_key in candidates[:-1]:
            try:
                self._prove(name, device_key)
            except NotAuthorised as error:
                if error.request != "PROVE":
                    raise
            else:
                break
        else:
            device_key = candidates[-1]
            self._prove(name, device_key)
        self._reading_keys = None
        if self.keys and known and hello["key"] == "device" and (device_key != known.key or known.pending):
            try:
                self.keys.settle(hello["serial"], device_key, known)
            except KeyFileError as error:  # the session is open all the same, and a stop must get through
                self._warn(str(error))

    def _known_keys(self) -> PumpKeys | None:
        return self.keys.of(self.hello()["serial"]) if self.keys else None

    def _candidates(self) -> tuple[bytes, ...]:
        return candidate_keys(self.hello(), self._known_keys(), self.checks, self._warn)

    def provision(self, device_key: bytes) -> None:
        """Send a new device key in the session that is open, and that ends with it."""
        assert self._session
        self.ask("PROVISION", masked_key=self._session.masked(device_key))
        self._session = None

    def _prove(self, name: str, device_key: bytes) -> None:
        """Open a session in a role, or NotAuthorised where the pump has another key."""
        asked_s = self._channel.transport.now_s()
        try:
            self._prove_once(name, device_key)
        except NotAuthorised as error:
            if error.request != "PROVE" or self._channel.transport.now_s() - asked_s < CHALLENGE_S:
                raise
            self._prove_once(name, device_key)  # the proof came too late

    def _prove_once(self, name: str, device_key: bytes) -> None:
        self._session = self._challenged(name, device_key)
        try:
            self.ask("PROVE")
        except ProgrammerError:
            self._session = None
            raise
        self._reading_refusal = None

    def _challenged(self, name: str, device_key: bytes) -> Session:
        """A session in that role, not yet proved; the pump forgets the one by which it signed on this line."""
        self._reader = None
        role = codes.ROLE[name]
        nonce = self.entropy(messages.NONCE_BYTES)
        challenge = self._ask(None, "OPEN", {"role": name, "nonce": nonce})
        role_key = auth.role_key(device_key, role)
        number = challenge["session"]
        key = auth.session_key(role_key, self._serial, role, number, nonce, challenge["nonce"])
        return Session(number, key)

    def _close_session(self) -> None:
        if self._session is None:
            return
        with suppress(LinkLost, NoDevice):  # the pump ends an idle session by itself
            self.ask("CLOSE")
        self._session = None
