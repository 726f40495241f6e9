"""Takes each frame, asks who sent it and whether it may, and has it done."""

from firmware import wire
from firmware.comms import alarmsettings, framing
from firmware.comms.commands import bolus
from firmware.records import patientrecord
from firmware.therapy import week

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.checks.keys import Keys
    from firmware.clock import PumpClock
    from firmware.comms.channel import Channel
    from firmware.comms.commands.table import Commands
    from firmware.comms.framing import Frame
    from firmware.comms.session import Session
    from firmware.comms.sessions import Sessions
    from firmware.comms.status import StatusBuilder
    from firmware.config import Config
    from firmware.records.eventlog import EventLog

_PARSERS = {
    wire.REQ_LOG: wire.unpack_log,
    wire.REQ_FAULTS: wire.unpack_faults,
    wire.REQ_SUBSCRIBE: wire.unpack_subscribe,
    wire.REQ_READ_PROGRAM_DAY: wire.unpack_read_program_day,
    wire.REQ_OPEN: wire.unpack_open,
    wire.REQ_IMPLANT: wire.unpack_implant,
    wire.REQ_REFILL: wire.unpack_refill,
    wire.REQ_CORRECT: wire.unpack_correct,
    wire.REQ_RESUME: wire.unpack_resume,
    wire.REQ_STAGE: wire.unpack_stage,
    wire.REQ_STAGE_DAY: wire.unpack_stage_day,
    wire.REQ_READ_DAY: wire.unpack_read_day,
    wire.REQ_COMMIT: wire.unpack_commit,
    wire.REQ_SILENCE: wire.unpack_silence,
    wire.REQ_SET_CLOCK: wire.unpack_set_clock,
    wire.REQ_DEMO_ALARM: wire.unpack_demo_alarm,
    wire.REQ_LIMITS: wire.unpack_limits,
    wire.REQ_PRIME: wire.unpack_prime,
    wire.REQ_BOLUS: wire.unpack_bolus,
    wire.REQ_SET_PATIENT_BOLUS: wire.unpack_set_patient_bolus,
    wire.REQ_DOSES: wire.unpack_doses,
    wire.REQ_ALARM_SETTINGS: wire.unpack_alarm_settings,
    wire.REQ_READ_RECORD: wire.unpack_read_record,
    wire.REQ_WRITE_RECORD: wire.unpack_write_record,
    wire.REQ_PROVISION: wire.unpack_provision,
}
_EMPTY = (
    wire.REQ_HELLO,
    wire.REQ_STATUS,
    wire.REQ_LINE,
    wire.REQ_READ_PROGRAM,
    wire.REQ_PROVE,
    wire.REQ_CLOSE,
    wire.REQ_READ_BACK,
    wire.REQ_STOP,
    wire.REQ_MINIMUM_RATE,
    wire.REQ_PATIENT_BOLUS,
    wire.REQ_PATIENT_BOLUS_SETTINGS,
    wire.REQ_CANCEL_BOLUS,
    wire.REQ_DIAGNOSTICS,
    wire.REQ_READ_IMPLANT,
    wire.REQ_RESET_KEY,
)


_RULES = {  # of what a field's own range cannot say: each takes the configuration and the fields
    wire.REQ_STAGE_DAY: week.well_formed,
    wire.REQ_SET_PATIENT_BOLUS: bolus.is_possible,
    wire.REQ_ALARM_SETTINGS: alarmsettings.fit,
    wire.REQ_WRITE_RECORD: patientrecord.fits,
}


def parse(frame: "Frame", config: "Config") -> tuple | None:
    """Return the request's fields as a tuple, or None when it is malformed or unknown."""
    if frame.code in _EMPTY:
        return None if frame.payload else ()
    parser = _PARSERS.get(frame.code)
    fields = parser(frame.payload) if parser else None
    rule = _RULES.get(frame.code)
    return None if fields is None or (rule and not rule(config, *fields)) else fields


class Dispatcher:
    """Answers requests. `report` says what the pump is and does, `commands` changes it."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        sessions: "Sessions",
        status: "StatusBuilder",
        commands: "Commands",
        log: "EventLog",
        keys: "Keys",
    ) -> None:
        self._config = config
        self._clock = clock
        self._sessions = sessions
        self._status = status
        self._commands = commands
        self._log = log
        self._keys = keys

    def answer(self, channel: "Channel", frame: "Frame") -> bytes:
        """Return the bytes to send back."""
        if frame.flags == framing.AUTHENTICATED:
            return self._signed(channel, frame)
        fields = parse(frame, self._config)
        if fields is None:
            return _turn_down(frame, fields, wire.REASON_MALFORMED)
        if frame.code == wire.REQ_OPEN:
            return self._open(channel, frame, fields)
        if frame.code in wire.ROLE_OF:
            return refusal(frame.session, frame.code, frame.sequence, wire.REASON_AUTH)
        code, payload = self._read(channel, frame.code, fields)
        return plain(code, frame.session, frame.sequence, payload)

    def telemetry(self, channel: "Channel") -> bytes:
        """Build the pushed message, signed on the line of an open session."""
        payload = self._status.telemetry(channel)
        session = self._sessions.on(channel)
        if session:
            return session.sign(wire.PUSH_TELEMETRY, channel.sequence, payload)
        return plain(wire.PUSH_TELEMETRY, 0, channel.sequence, payload)

    def hang_up(self, channel: "Channel") -> None:
        """End what the programmer on this line had open: it hung up."""
        self._sessions.hang_up(channel)

    def _open(self, channel: "Channel", frame: "Frame", fields: tuple) -> bytes:
        challenge = self._sessions.challenge(channel, *fields)
        if challenge is None:
            return refusal(frame.session, frame.code, frame.sequence, wire.REASON_AUTH)
        return plain(wire.ANS_CHALLENGE, frame.session, frame.sequence, wire.pack_challenge(*challenge))

    def _read(self, channel: "Channel", request: int, fields: tuple) -> tuple[int, bytes]:
        if request == wire.REQ_HELLO:
            return wire.ANS_HELLO, self._status.hello()
        if request == wire.REQ_STATUS:
            return wire.ANS_STATUS, self._status.status(channel)
        if request == wire.REQ_LINE:
            return wire.ANS_LINE, self._status.line()
        if request == wire.REQ_LOG:
            return wire.ANS_LOG, self._status.log(*fields)
        if request == wire.REQ_PATIENT_BOLUS_SETTINGS:
            return wire.ANS_PATIENT_BOLUS_SETTINGS, self._status.patient_bolus()
        if request == wire.REQ_DIAGNOSTICS:
            return wire.ANS_DIAGNOSTICS, self._status.diagnostics()
        if request == wire.REQ_DOSES:
            return wire.ANS_DOSES, self._status.doses(*fields)
        if request == wire.REQ_FAULTS:
            return wire.ANS_FAULTS, self._status.faults(*fields)
        if request == wire.REQ_RESET_KEY:
            reason, left_s = self._keys.reset(self._sessions)
            if reason is not None:
                return wire.ANS_REFUSED, wire.pack_refused(request, reason)
            return wire.ANS_KEY_RESET, wire.pack_key_reset(left_s or 0)
        channel.subscribe(fields[0], self._clock.now_s)
        return wire.ANS_SUBSCRIBED, wire.pack_subscribed(fields[0])

    def _signed(self, channel: "Channel", frame: "Frame") -> bytes:
        fields = parse(frame, self._config)
        session = self._sessions.find(channel, frame)
        if session is None:
            return _turn_down(frame, fields, wire.REASON_AUTH)
        answer = session.repeated(frame)
        if answer is not None:
            return answer
        if session.closed:
            return _turn_down(frame, fields, wire.REASON_AUTH)
        if not self._sessions.accept_sequence(session, frame):
            channel.replays.add(1)
            return _turn_down(frame, fields, wire.REASON_REPLAY)
        code, payload = self._run(channel, session, frame, fields)
        if code == wire.ANS_REFUSED:
            self._log.add(wire.EVENT_CMD_REJECTED, frame.code, payload[1])
        return session.answer(code, frame.sequence, payload)

    def _run(self, channel: "Channel", session: "Session", frame: "Frame", fields: tuple | None) -> tuple[int, bytes]:
        """Return (code, payload) of the answer to a signed request that is new."""
        if fields is None:
            return _refuse(frame, wire.REASON_MALFORMED)
        if not session.permits(frame.code):
            return _refuse(frame, wire.REASON_AUTH)
        if frame.code == wire.REQ_PROVE:
            return wire.ANS_PROVED, wire.pack_proved(self._sessions.prove(session))
        if frame.code == wire.REQ_CLOSE:
            self._sessions.close()
            return wire.ANS_DONE, wire.pack_done(frame.code)
        if frame.code == wire.REQ_OPEN:
            return _refuse(frame, wire.REASON_STATE)
        if frame.code not in wire.ROLE_OF:
            return self._read(channel, frame.code, fields)
        return self._commands.run(session, frame, fields)


def _turn_down(frame: "Frame", fields: tuple | None, reason: int) -> bytes:
    """Build an unsigned refusal. That a frame is malformed comes before any other reason."""
    return refusal(frame.session, frame.code, frame.sequence, wire.REASON_MALFORMED if fields is None else reason)


def _refuse(frame: "Frame", reason: int) -> tuple[int, bytes]:
    return wire.ANS_REFUSED, wire.pack_refused(frame.code, reason)


def refusal(session: int, request: int, sequence: int, reason: int) -> bytes:
    """Build an unsigned refusal, for those who have no session."""
    return plain(wire.ANS_REFUSED, session, sequence, wire.pack_refused(request, reason))


def plain(code: int, session: int, sequence: int, payload: bytes) -> bytes:
    """Build an unsigned frame for the line."""
    return framing.seal(framing.header(code, 0, session, sequence, len(payload)) + payload)
