"""A pump of the wire alone: frames in, frames out, a count of what it did. And a line to it that can fail."""

from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from host_tools.programmer import Transport
from protocol import auth, codes, messages, registry
from protocol.frame import AUTHENTICATED, Decoder, Frame, encode
from protocol.messages import NONE32
from protocol.wiregen import fingerprint

SERIAL = b"PEER-0000001"
PUMP_NONCE = bytes(range(16))
IDENTITY = {
    "serial": SERIAL,
    "model": bytes(12),
    "firmware": b"1.2.3".ljust(12, b"\0"),
    "version": messages.VERSION,
    "fingerprint": fingerprint(),
    "key": "test",
}
STATUS: dict[str, Any] = {
    "uptime_s": 1000,
    "wall_s": 253_000_000,
    "boots": 1,
    "therapy": "running",
    "operation": "basal",
    "mode": "simple",
    "rate_nl_per_day": 250_000,
    "ordered_rate_nl_per_day": 0,
    "dose_ng_per_day": 500_000,
    "concentration_mcg_per_ml": 2000,
    "reservoir_nl": 15_000_000,
    "sensor_nl": NONE32,
    "delivered_nl": 5_000_000,
    "delivered_today_ng": 1_499,
    "low_reservoir_s": 1000 + 86_400,
    "refill_by_s": NONE32,
    "last_refill_s": 0,
    "implanted_wall_s": NONE32,
    "battery_mv": 3000,
    "battery_load_mv": 0xFFFF,
    "eri_s": NONE32,
    "eos_s": NONE32,
    "eri_forecast_s": 200_000_000,
    "stopped_s": 0,
    "telemetry_dropped": 0,
    "comms_errors": 0,
    "max_dose_mcg_per_day": 1000,
    "max_bolus_mcg": 200,
    "max_change_percent": 30,
    "soft_min_dose_ng_per_day": 5_000,
    "soft_max_dose_ng_per_day": 1_000_000,
    "min_rate_nl_per_day": 48_000,
    "max_rate_nl_per_day": 24_000_000,
    "capacity_nl": 20_000_000,
    "low_reservoir_nl": 2_000_000,
    "critical_interval_s": 600,
    "non_critical_interval_s": 3600,
    "stopped_after_s": 21_600,
    "advisories": [],
    "drug": b"baclofen".ljust(12, b"\0"),
    "tip_mcg_per_ml": 500,
    "bolus": "none",
    "bolus_left_nl": 0,
    "last_bolus": "none",
    "last_bolus_ng": 0,
    "last_bolus_delivered_ng": 0,
    "last_bolus_s": NONE32,
    "patient_boluses_left": 0,
    "alarms": [{"alarm": "eri", "since_s": 5, "silenced": "no", "condition": "active"}],
}
LINE: dict[str, Any] = {
    "line_nl": 335_800,
    "unprimed_nl": 0,
    "refill_expected_nl": NONE32,
    "refill_aspirated_nl": NONE32,
    "refill_last_filled_nl": NONE32,
    "parcels": [{"volume_nl": 335_800, "mcg_per_ml": 500}],
}
IMPLANTATION = {
    "implanted_wall_s": NONE32,
    "catheter_mm": 0,
    "tubing_nl": 0,
    "depth_mm": 0,
    "site": bytes(messages.SITE_BYTES),
    "kept_catheter": "no",
}
PROGRAM = {
    "mode": "simple",
    "concentration_mcg_per_ml": 2000,
    "dose_ng_per_day": 500_000,
    "rate_nl_per_day": 250_000,
}
TELEMETRY = {
    "uptime_s": 1010,
    "therapy": "stopped",
    "operation": "idle",
    "revision": 7,
    "rate_nl_per_day": 0,
    "reservoir_nl": 14_999_900,
    "delivered_nl": 5_000_100,
    "delivered_today_ng": 1500,
    "battery_mv": 0xFFFF,
    "dropped": 3,
}


class Peer:
    """Answers as a pump does: repeats to a repeated request, signs inside a session. `done` is what it applied."""

    def __init__(self, key: bytes = auth.TEST_KEY) -> None:
        self.key = key
        self.done: list[tuple[str, dict[str, Any]]] = []
        self.events: list[dict[str, Any]] = []
        self.texts: dict[str, bytes] = {}
        self.doses: list[dict[str, Any]] = []
        self.last_filled_nl = NONE32
        self.refuse: dict[str, str] = {}
        self.identity = dict(IDENTITY)
        self.status = dict(STATUS)
        self.line = dict(LINE)
        self.implantation = dict(IMPLANTATION)
        self.free_bytes = 123_456
        self.session_key = b""
        self.session = 0
        self._staged: dict[str, Any] = {}
        self._last: tuple[bytes, Frame] = (b"", Frame(0, 0, 0, b""))
        self._period_s = 0

    def answer(self, raw: bytes) -> Frame | None:
        """The answer to one encoded request; the same bytes get the same answer and do nothing more."""
        if raw == self._last[0]:
            return self._last[1]
        (request,) = Decoder().feed(raw)
        name = registry.name_of(request.type)
        signed = bool(request.flags)
        if signed and not self._knows(request):
            return self._frame(request, "REFUSED", False, request=request.type, reason="auth")
        if name in self.refuse:
            answer = self._frame(request, "REFUSED", signed, request=request.type, reason=self.refuse[name])
        else:
            answer = self._do(name, request, dict(registry.decode(request)), signed)
        self._last = (raw, answer)
        return answer

    def push(self, sequence: int, **fields: Any) -> Frame:
        """One telemetry frame, signed while a session is open."""
        request = Frame(0, self.session, sequence, b"")
        return self._frame(request, "TELEMETRY", bool(self.session), **TELEMETRY | fields)

    def forget(self) -> None:
        """The pump restarted."""
        self.session, self.session_key = 0, b""

    def _knows(self, request: Frame) -> bool:
        ours = request.session == self.session and self.session_key
        return bool(ours) and auth.verify(self.session_key, request.signed_bytes(), request.mac)

    def _do(self, name: str, request: Frame, fields: dict[str, Any], signed: bool) -> Frame:
        if name == "HELLO":
            return self._frame(request, name, signed, **self.identity)
        if name == "STATUS":
            return self._frame(request, name, signed, **self.status)
        if name == "LINE":
            return self._frame(request, name, signed, **self.line)
        if name == "LOG":
            wanted = [e for e in self.events if fields["first_seq"] <= e["seq"] <= fields["last_seq"]][:12]
            bounds = {"oldest_seq": 1, "next_seq": len(self.events) + 1}
            return self._frame(request, name, signed, entries=wanted, **bounds)
        if name == "PATIENT_BOLUS_SETTINGS":
            return self._frame(request, name, signed, dose_ng=20_000, over_s=600, lockout_s=3600, per_day=4)
        if name == "DIAGNOSTICS":
            runtime = b"micropython 1.26.1 rp2040".ljust(messages.RUNTIME_BYTES, b"\0")
            return self._frame(request, name, signed, runtime=runtime, free_bytes=self.free_bytes)
        if name == "DOSES":
            wanted = [dose for dose in self.doses if dose["number"] >= fields["first"]][:10]
            newest = self.doses[-1]["number"] if self.doses else 0
            return self._frame(request, name, signed, newest=newest, doses=wanted)
        if name == "SUBSCRIBE":
            self.done.append((name, fields))
            return self._frame(request, "SUBSCRIBED", signed, **fields)
        if name == "OPEN":
            return self._open(request, fields)
        self.done.append((name, fields))
        if name == "PROVE":
            return self._frame(request, "PROVED", signed, idle_s=300)
        if name == "REFILL":
            return self._frame(request, "REFILLED", signed, expected_nl=6_000_000, last_filled_nl=self.last_filled_nl)
        if name == "WRITE_RECORD":
            self.texts[str(fields["field"])] = fields["text"]
        if name == "READ_RECORD":
            text = self.texts.get(str(fields["field"]), bytes(messages.TEXT_BYTES))
            return self._frame(request, "RECORD", signed, field=fields["field"], text=text)
        if name == "READ_IMPLANT":
            return self._frame(request, "IMPLANTATION", signed, **self.implantation)
        if name == "READ_PROGRAM":
            return self._frame(request, "PROGRAM", signed, **PROGRAM)
        if name in ("STAGE", "READ_BACK"):
            return self._stage(name, request, fields, signed)
        return self._frame(request, "DONE", signed, request=request.type)

    def _open(self, request: Frame, fields: dict[str, Any]) -> Frame:
        role = codes.ROLE[str(fields["role"])]
        self.session += 1
        role_key = auth.role_key(self.key, role)
        self.session_key = auth.session_key(role_key, SERIAL, role, self.session, fields["nonce"], PUMP_NONCE)
        return self._frame(request, "CHALLENGE", False, session=self.session, nonce=PUMP_NONCE)

    def _stage(self, name: str, request: Frame, fields: dict[str, Any], signed: bool) -> Frame:
        self._staged = fields or self._staged
        digest = sha256(messages.Program.build(self._staged)).digest()[:8]
        if name == "STAGE":
            return self._frame(request, "STAGED", signed, digest=digest)
        return self._frame(request, "STAGED_PROGRAM", signed, program=self._staged, digest=digest)

    def _frame(self, request: Frame, name: str, signed: bool, /, **fields: Any) -> Frame:
        message = registry.ANSWER[name]
        frame = Frame(message.code, request.session, request.sequence, registry.payload(message, fields))
        if not signed:
            return frame
        frame = frame._replace(flags=AUTHENTICATED, mac=bytes(16))
        return frame._replace(mac=auth.mac(self.session_key, frame.signed_bytes()))


class PeerTransport(Transport):
    """A line in virtual time. `spoil(n, answer)` may change, repeat or drop (None) the n-th answer's bytes."""

    name = "peer"

    def __init__(self, peer: Peer, spoil: Callable[[int, bytes], bytes] = lambda _n, data: data) -> None:
        self.peer = peer
        self.sent: list[bytes] = []
        self.closed = False
        self.incoming: deque[bytes] = deque()
        self._spoil = spoil
        self._time_s = 0.0

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        answer = self.peer.answer(data)
        if answer is not None:
            spoilt = self._spoil(len(self.sent), encode(answer))
            if spoilt:
                self.incoming.append(spoilt)

    def read(self, timeout_s: float) -> bytes:
        if self.incoming:
            return self.incoming.popleft()
        self._time_s += timeout_s
        return b""

    def now_s(self) -> float:
        return self._time_s

    def close(self) -> None:
        self.closed = True
