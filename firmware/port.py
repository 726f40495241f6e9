"""One serial line: frames in, answers and telemetry out."""

from firmware import framing, wire
from firmware.state import NEVER
from firmware.tally import Tally

TELEMETRY_ROOM = 512  # what a line must have room for before telemetry is pushed: it, and the longest answer
_GAP_MS = 1000  # a frame that pauses for longer was cut off: what follows is another's beginning
_TICKS_MASK = (1 << 30) - 1


class Port:
    """A line of the pump, with its own decoder, its own subscription to telemetry, and its own challenge.

    `forgeries` and `replays` count what came in on it; `challenge` and `session_number` belong to
    `firmware.session.Sessions`.
    """

    def __init__(self, link, desk, clock, budget, log):
        self._link = link
        self._desk = desk
        self._clock = clock
        self._budget = budget
        self._noise = Tally(wire.EVENT_COMMS_ERROR, log)
        self.forgeries = Tally(wire.EVENT_AUTH_FAIL, log)
        self.replays = Tally(wire.EVENT_AUTH_REPLAY, log)
        self._tallies = (self._noise, self.forgeries, self.replays)
        self._untold = False  # whether one of them has something to tell
        self.challenge = None
        self.session_number = 0
        self._heard_ms = 0
        self._decoder = framing.Decoder()
        self._period_s = 0
        self._sequence = 0
        self.dropped = 0
        self.due_s = NEVER  # of the next telemetry; NEVER also while the line has no room for it
        self._owed_s = NEVER

    @property
    def parts(self):
        """What of it holds numbers."""
        return (self, self._decoder) + self._tallies

    @property
    def errors(self):
        """Spoilt frames so far."""
        return self._decoder.errors

    def subscribe(self, period_s, now_s):
        """Push telemetry every `period_s` seconds from now on; 0 ends it."""
        self._period_s = period_s
        self._owed_s = self.due_s = now_s if period_s else NEVER

    def serve(self, now_s):
        """Answer what came in, and push what is due. Whether there was anything to do."""
        data = self._link.read()
        hung_up = data is None
        if hung_up:
            self._begin_anew()
            data = self._link.read()
        if data:
            self._hear(data, now_s)
        told = (data or self._untold) and self._tell(now_s)
        pushes = self._owed_s <= now_s
        if pushes:
            self._push(now_s)
        return data or told or pushes or hung_up

    def _begin_anew(self):
        """Whoever was there is gone: the next one finds the line as the first one did."""
        self._decoder.cut()
        self.subscribe(0, 0)
        self._sequence = self.dropped = 0
        self._desk.hang_up(self)

    def _tell(self, now_s):
        """Log what of the tallies is due. Whether anything was."""
        told = self._untold = False
        for tally in self._tallies:
            if tally.tell(now_s):
                told = True
            elif tally.untold:
                self._untold = True
        return told

    def _hear(self, data, now_s):
        self._budget.spend(len(data), now_s)
        errors = self.errors
        heard_ms = self._clock.ticks_ms()
        if (heard_ms - self._heard_ms) & _TICKS_MASK > _GAP_MS:
            self._decoder.cut()
        self._heard_ms = heard_ms
        for frame in self._decoder.feed(data):
            answer = self._desk.answer(self, frame)
            if answer:
                self._budget.spend(len(answer), now_s)
                self._link.write(answer)  # where there is no room the programmer asks again
        self._noise.add(self.errors - errors)

    def _push(self, now_s):
        if self._link.room() < TELEMETRY_ROOM:
            self.due_s = NEVER  # the body wakes the firmware when there is room
            return
        due = (now_s - self._owed_s) // self._period_s + 1
        self._sequence += due
        self._owed_s = self.due_s = self._owed_s + due * self._period_s
        if self._budget.passed(now_s):
            self.dropped += due
            self.due_s = max(self.due_s, self._budget.renewed_s)
            return
        self.dropped += due - 1
        message = self._desk.telemetry(self, self._sequence)
        self._budget.spend(len(message), now_s)
        self._link.write(message)


def refusal(session, request, sequence, reason):
    """An unsigned refusal, for those who have no session."""
    return plain(wire.ANS_REFUSED, session, sequence, wire.pack_refused(request, reason))


def plain(code, session, sequence, payload):
    """An unsigned frame for the line."""
    return framing.seal(framing.header(code, 0, session, sequence, len(payload)) + payload)
