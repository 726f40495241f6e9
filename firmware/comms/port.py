"""One serial line: frames in, answers and telemetry out."""

from firmware.comms import framing
from firmware.comms.channel import Channel
from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.comms.dispatcher import Dispatcher
    from firmware.comms.telemetrybudget import TelemetryBudget
    from hal.contract import Clock, Link

TELEMETRY_ROOM = 512  # what a line must have room for before telemetry is pushed: it, and the longest answer
_GAP_MS = 1000  # a frame that pauses for longer was cut off: what follows is another's beginning
_TICKS_MASK = (1 << 30) - 1


class Port:
    """A line of the pump: the bytes of a `channel`, with a decoder of its own."""

    def __init__(
        self,
        link: "Link",
        channel: Channel,
        dispatcher: "Dispatcher",
        clock: "Clock",
        telemetry_budget: "TelemetryBudget",
    ) -> None:
        self._link = link
        self.channel = channel
        self._dispatcher = dispatcher
        self._clock = clock
        self._telemetry_budget = telemetry_budget
        self._unreported = False  # true while a tally has something to report
        self._received_ms = 0
        self._decoder = framing.Decoder()

    @property
    def parts(self) -> "tuple[object, ...]":
        """The objects that hold its numbers."""
        return (self, self.channel, self._decoder) + self.channel.tallies

    def serve(self, now_s: int) -> bool:
        """Answer what came in, and push what is due. True if there was anything to do."""
        data = self._link.read()
        hung_up = data is None
        if hung_up:
            self._begin_anew()
            data = self._link.read()
        if data:
            self._receive(data, now_s)
        reported = bool(data or self._unreported) and self._report(now_s)
        pushes = self.channel.owed_s <= now_s
        if pushes:
            self._push(now_s)
        return bool(data) or reported or pushes or hung_up

    def _begin_anew(self) -> None:
        """Forget the programmer that hung up."""
        self._decoder.cut()
        self.channel.errors = self._decoder.errors
        self.channel.reset()
        self._dispatcher.hang_up(self.channel)

    def _report(self, now_s: int) -> bool:
        """Log what of the tallies is due. True if anything was."""
        reported = self._unreported = False
        for tally in self.channel.tallies:
            if tally.take_report(now_s):
                reported = True
            elif tally.unreported:
                self._unreported = True
        return reported

    def _receive(self, data: bytes, now_s: int) -> None:
        channel = self.channel
        self._telemetry_budget.spend(len(data), now_s)
        received_ms = self._clock.ticks_ms()
        if (received_ms - self._received_ms) & _TICKS_MASK > _GAP_MS:
            self._decoder.cut()
        self._received_ms = received_ms
        frames = self._decoder.feed(data)
        channel.noise.add(self._decoder.errors - channel.errors)
        channel.errors = self._decoder.errors
        for frame in frames:
            answer = self._dispatcher.answer(channel, frame)
            if answer:
                self._telemetry_budget.spend(len(answer), now_s)
                self._link.write(answer)  # where there is no room the programmer asks again

    def _push(self, now_s: int) -> None:
        channel = self.channel
        if self._link.room() < TELEMETRY_ROOM:
            channel.due_s = NEVER  # the body wakes the firmware when there is room
            return
        due = (now_s - channel.owed_s) // channel.period_s + 1
        channel.sequence += due
        channel.owed_s = channel.due_s = channel.owed_s + due * channel.period_s
        if self._telemetry_budget.passed(now_s):
            channel.dropped += due
            channel.due_s = max(channel.due_s, self._telemetry_budget.renewed_s)
            return
        channel.dropped += due - 1
        message = self._dispatcher.telemetry(channel)
        self._telemetry_budget.spend(len(message), now_s)
        self._link.write(message)
