"""One programmer's conversation with one pump: requests, sessions, refusals."""

import os
import warnings
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
from host_tools.programmer.keystore import KeyFileError, KeyRing, KeyStore, PumpKeys
from host_tools.programmer.line import REFUSED, Line, unsigned_refusal
from host_tools.programmer.patience import known_timeout_s
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
    "PROVISION",
    "RESET_KEY",
)
"""Requests after which a pump is not what it was."""

NO_KEY = (
    "the pump has a key of its own, and this programmer does not: put back the key file that has it (THECAL_KEYS names "
    "another one); if it is lost, `thecal pair --lost` is the way back"
)
KEY_LOST = "the pump's own key was lost in its memory, so that nothing opens it; `thecal pair --lost` is the way back"
KEY_WAS_RESET = (
    "pump {} is opened by the published test key, though this programmer holds a key of its own for it: somebody reset "
    "it, or another pump answers in its place. `thecal pair` gives it a new key, `thecal keys forget {}` drops the old"
)


READ_TRIES = 2  # of a signed request: a pump that restarted forgot for whom it signs


class Client:
    """A connected programmer, with `serial` for that pump alone. `keys` holds the device keys (None: it has only the
    test key), `entropy` gives nonces and new keys; a request is sent `tries` times, `timeout_s` apart. `warn` is told
    what is no error and yet should be known; `waiting` is told `timeout_s`, once, when an answer is slow to come.

    `unsigned` says why the pump did not sign what was read last, so that anybody on the line could have said it; None
    where it did.
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
        self._line = Line(transport, timeout_s, tries, waiting)
        self._wanted_serial = serial
        self._keys = keys
        self._role = role
        self._checks = checks
        self._entropy = entropy
        self._warn = warn
        self._sequence = int.from_bytes(entropy(2), "little")
        self._session: Session | None = None
        self._reader: Session | None = None  # by which the pump signs what is read while no session is open
        self._reading_keys: list[bytes] | None = None  # that it may sign with; None: not looked for yet
        self._turned_down: str | None = None  # why it does not sign for this programmer at all
        self.unsigned: str | None = None
        self._hello: dict[str, Any] | None = None
        self._hello_signed = False
        self._serial = b""

    @classmethod
    def open(cls, url: str = "auto", serial: str | None = None, **options: Any) -> Self:
        """Connect to what pyserial opens at `url`, or to the only pump in sight (of this serial number, where it is
        known beforehand). Options as in the constructor, but that the user's key file is used where none is given, and
        the time-out of the environment or of the emulator that is reached."""
        options.setdefault("keys", KeyStore.default())
        address = find_port(serial) if url == "auto" else url
        if "timeout_s" not in options and (timeout_s := known_timeout_s(address)) is not None:
            options["timeout_s"] = timeout_s
        return cls(SerialTransport(address), serial=serial, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the line back."""
        self._line.transport.close()

    def hello(self, anew: bool = False) -> dict[str, Any]:
        """Who the pump is: serial, model, firmware, schema, key; asked once, unless `anew`. ProtocolMismatch when its
        tables are others."""
        known = None if anew else self._hello
        return known or self._take_hello(self.ask("HELLO"))

    def _take_hello(self, fields: Container) -> dict[str, Any]:
        _check_schema(fields["version"], fields["fingerprint"])
        hello = readout.hello_dict(fields)
        if self._wanted_serial not in (None, hello["serial"]):
            raise WrongPump(
                f"pump {hello['serial']} answers at {self._line.transport.name}, not {self._wanted_serial}; "
                "nothing was asked of it: name the other one's port with --port"
            )
        self._serial = fields["serial"]
        self._hello = hello
        return hello

    def _signed_hello(self) -> dict[str, Any]:
        """The same, asked once more where the pump can sign it."""
        if not self._hello_signed:
            self._take_hello(self.read("HELLO"))
            self._hello_signed = self.unsigned is None
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
            self.unsigned = None
            return self.ask(name, **fields)
        self.hello()
        for _ in range(READ_TRIES):
            self.unsigned = self._begin_reading()
            if self._reader is None:
                break
            try:
                return self._ask(self._reader, name, fields)
            except (NotAuthorised, SessionLost) as error:
                self._end_reading(self._reader, str(error))
        return self.ask(name, **fields)

    def _begin_reading(self) -> str | None:
        """Have the pump sign what is read, which ends nobody's session; why it does not, where it does not."""
        if self._reader is not None:
            return None
        if self._reading_keys is None:
            self._turned_down = None
            try:
                self._reading_keys = list(self._candidates(self.hello(), self._known_keys()))
            except (NotAuthorised, KeyFileError) as error:
                self._reading_keys = []
                self._turned_down = str(error)
        if not self._reading_keys:
            return self._turned_down
        try:
            self._reader = self._challenged("observer", self._reading_keys[0])
        except Refused as refusal:
            return str(refusal)
        return None

    def _end_reading(self, reader: Session, why: str) -> None:
        """The pump no longer signs for `reader`, or never did."""
        self._reader = None
        self.unsigned = why
        if reader.sent == 1 and self._reading_keys:
            self._reading_keys.pop(0)
            self._turned_down = f"the pump did not sign for this programmer's key ({why})"

    def believes(self, pushed: Frame) -> bool:
        """Whether a pushed frame is the pump's, as far as can be known: signed, unless what was read last was not."""
        session = self._session or self._reader
        return session.genuine(pushed) if session else unsigned(pushed) and self.unsigned is not None

    def _ask(self, session: Session | None, name: str, fields: dict[str, Any]) -> Container:
        message = registry.REQUEST[name]
        try:
            payload = registry.payload(message, fields)
        except registry.ProtocolError as error:
            raise BadValue(str(error)) from error
        try:
            answer = self._line.ask(self._request(session, message.code, payload), self._judge(session, name))
            if answer.type == REFUSED:
                self._raise_refusal(session, name, answer)
        except (LinkLost, NoDevice) as error:
            if name not in CHANGES:
                raise
            kind = SessionLost if isinstance(error, SessionLost) else LinkLost
            advice = AFTER_SILENCE.get(name, "`thecal status` tells")
            raise kind(f"{error}; the pump may or may not have done it: {advice}") from error
        return decode(answer)

    def _request(self, session: Session | None, code: int, payload: bytes) -> Frame:
        if session is not None:
            return session.sign(code, payload)
        self._sequence += 1
        return Frame(code, 0, self._sequence, payload)

    def _judge(self, session: Session | None, name: str) -> Callable[[Frame], bool]:
        """What tells the answer to a request. A pump that does not accept the key cannot sign its refusal of the first
        frame that is signed with it."""
        if session is None:
            return unsigned
        if name == "PROVE" or session.sent == 1:
            return lambda frame: session.genuine(frame) or unsigned_refusal(frame)
        return session.genuine

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

    def _forget_hello(self) -> None:
        """The pump's key may be another now."""
        self._hello = None
        self._reader = self._reading_keys = None

    def _open_session(self, name: str) -> None:
        hello = self.hello()
        known = self._known_keys()
        candidates = self._candidates(hello, known)
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
        if self._keys and known and hello["key"] == "device" and (device_key != known.key or known.pending):
            try:
                self._keys.settle(hello["serial"], device_key, known)
            except KeyFileError as error:  # the session is open all the same, and a stop must get through
                self._warn(str(error))

    def _known_keys(self) -> PumpKeys | None:
        return self._keys.of(self.hello()["serial"]) if self._keys else None

    def _candidates(self, hello: dict[str, Any], known: PumpKeys | None) -> tuple[bytes, ...]:
        """The device keys to try, in this order. NotAuthorised when there is none."""
        if hello["key"] == "lost" and self._checks:
            raise NotAuthorised("OPEN", "auth", KEY_LOST)
        if hello["key"] == "device" and known:
            return known.candidates
        if hello["key"] == "device" and self._checks:
            raise NotAuthorised("OPEN", "auth", NO_KEY)
        if known and known.key:
            self._warn(KEY_WAS_RESET.format(hello["serial"], hello["serial"]))
        return (auth.TEST_KEY,)

    def _provision(self, device_key: bytes) -> None:
        """Send a new device key in the session that is open, and that ends with it."""
        assert self._session
        self.ask("PROVISION", masked_key=self._session.masked(device_key))
        self._session = None

    def _prove(self, name: str, device_key: bytes) -> None:
        """Open a session in a role, or NotAuthorised where the pump has another key."""
        asked_s = self._line.transport.now_s()
        try:
            self._prove_once(name, device_key)
        except NotAuthorised as error:
            if error.request != "PROVE" or self._line.transport.now_s() - asked_s < CHALLENGE_S:
                raise
            self._prove_once(name, device_key)  # the proof came too late

    def _prove_once(self, name: str, device_key: bytes) -> None:
        self._session = self._challenged(name, device_key)
        try:
            self.ask("PROVE")
        except ProgrammerError:
            self._session = None
            raise
        self._turned_down = None

    def _challenged(self, name: str, device_key: bytes) -> Session:
        """A session in that role, not yet proved; the pump forgets the one by which it signed on this line."""
        self._reader = None
        role = codes.ROLE[name]
        nonce = self._entropy(messages.NONCE_BYTES)
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
