"""Delivery: a rate becomes batches of motor steps, with no volume lost or invented between them.

Volumes here are in nL times 86,400, the amount that 1 nL/day makes in one second: so a rate in nL/day times seconds
needs no division, and what is not yet a whole step is carried on exactly.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hal.contract import Motor

DAY_S = 86400
MAX_BATCH_S = 3600
MAX_BATCH_NL = 20_000
MIN_BATCH_S = 60  # so that little room in the reservoir makes no storm of wakes
STALL_S = 900  # unconfirmed for so long, and at least `MIN_MISSED_STEPS`, is a stall
MIN_MISSED_STEPS = 8
RECOVERY_STEPS = 8
LEAST_PERIOD_MS = 360  # between two steps (hal/contract.py)
LATE_S = 60  # a batch taken up later than this was missed, and what was missed is never made up

_SMALL = 1 << 30  # MicroPython's integers below this need no memory


class Delivery:
    """Orders batches and counts what came of them. Times are pump uptime in seconds."""

    def __init__(self, motor: "Motor", step_nl: int) -> None:
        self._motor = motor
        self._step = step_nl * DAY_S
        self._max_steps = MAX_BATCH_NL // step_nl
        self._seen_pulses, self._seen_confirmed = motor.progress()[:2]
        self._carry = 0  # owed to the next batch; below zero after steps that came early
        self._carry_after = 0
        self._since_s = 0
        self._batch_steps = 0
        self._pulses = 0  # given in the running batch
        self.until_s = 0
        self.rate_nl_per_day = 0
        self._piece_s = MAX_BATCH_S
        self.period_ms = 0
        self.miss_limit = 0
        self.confirmed = self.missed = 0  # steps, as the last `settle` found them
        self.missed_run = 0
        self.confirmed_run = 0

    def settle(self) -> int:
        """Count the steps `confirmed` and `missed` since the last call; 0 if there were none. Disturbs nothing."""
        now = self._motor.progress()
        self.missed_run = now[3]
        self.confirmed_run = now[4]
        pulses = now[0] - self._seen_pulses
        self._pulses += pulses
        self.confirmed = confirmed = now[1] - self._seen_confirmed
        self._seen_pulses = now[0]
        self._seen_confirmed = now[1]
        self.missed = pulses - confirmed if pulses > confirmed else 0
        return pulses or confirmed

    def halt(self, now_s: int) -> None:
        """End the running batch at once, `settle` having been called; what it still owes is carried on."""
        self._motor.halt()
        if now_s < self.until_s:
            due_steps, rest = self._due(now_s - self._since_s, self._batch_steps)
            overdue_steps = min(1, due_steps - self._pulses)  # one that is just due; more were missed
            self._carry_after = rest + overdue_steps * self._step
        self.begin(now_s, self._carry_after)

    def begin(self, now_s: int, carry: int = 0) -> None:
        """Start delivery anew, owing nothing unless something is carried on. No batch may be running."""
        self._carry = self._carry_after = carry
        self._batch_steps = self._pulses = 0
        self.until_s = now_s

    def add_remainder(self, volume: int) -> None:
        """Add a little (nL times 86,400) to what the next batch gives. No batch may be running."""
        self._carry_after += volume

    def seconds_for(self, steps: int) -> int:
        """The time that the next batch would take for so many steps, at least 1."""
        return max(1, -(-(steps * self._step - self._carry_after) // self.rate_nl_per_day))

    def set_rate(self, rate_nl_per_day: int) -> None:
        """Deliver at this rate from the next batch on; 0 orders nothing."""
        self.rate_nl_per_day = rate_nl_per_day
        if rate_nl_per_day:
            self._piece_s = (_SMALL - self._step) // rate_nl_per_day
            self.period_ms = self._step * 1000 // rate_nl_per_day
            self.miss_limit = max(MIN_MISSED_STEPS, -(-STALL_S * 1000 // self.period_ms))

    def plan(self, now_s: int, horizon_s: int, room_steps: int, edge_steps: int) -> int:
        """Steps of the next batch, which begins where the last one ended and is over within `horizon_s`, 1 or more.

        At most one hour, 20,000 nL, `edge_steps`, and `room_steps`, on the last of which whatever ends there (a prime,
        the reservoir) ends and owes nothing. Sets `until_s`, when the batch after it is due.
        """
        if self._batch_steps > self._pulses:  # the body stopped short of its order: the rest was missed
            self._motor.halt()
        self._since_s = since_s = self.until_s if now_s - self.until_s < LATE_S else now_s
        self._carry = carry = self._carry_after
        self._pulses = steps = 0
        span_s = min(MAX_BATCH_S, horizon_s + now_s - since_s)
        rate = self.rate_nl_per_day
        if rate:
            most = min(self._max_steps, room_steps, edge_steps)
            longest_s = (most * self._step - max(0, carry - self._step + 1)) // rate  # a step overdue takes a place
            if longest_s < span_s:
                span_s = min(span_s, max(MIN_BATCH_S, longest_s))
            fitting_steps = (since_s + span_s - now_s) * 1000 // LEAST_PERIOD_MS + 1
            steps, self._carry_after = self._due(span_s, min(most, fitting_steps))
            if steps == room_steps:
                self._carry_after = 0
        self._batch_steps = steps
        self.until_s = since_s + span_s
        return steps

    def order(self, now_s: int, stalled: bool = False) -> None:
        """Give the planned batch to the motor. The device's own deadline is a second past the batch's end.

        Where a slower rate makes fewer missed steps a stall, and as many were missed already, the next one shows it,
        unless one is known. The last step is never later than the end: where the first one is overdue, those after it
        follow faster.
        """
        span_ms = (self.until_s - now_s) * 1000
        first_ms = (self._step - self._carry) * 1000 // self.rate_nl_per_day - (now_s - self._since_s) * 1000
        first_ms = max(0, first_ms)
        period_ms = self.period_ms
        if self._batch_steps > 1:
            period_ms = min(period_ms, (span_ms - first_ms) // (self._batch_steps - 1))
        miss_limit = self.miss_limit
        if miss_limit <= self.missed_run and not stalled:
            miss_limit = self.missed_run + 1
        self._motor.order(self._batch_steps, first_ms, period_ms, span_ms + 1000, miss_limit)

    def _due(self, seconds: int, most: int) -> tuple[int, int]:
        """(steps, remainder) of what is owed after so many seconds. Of more than `most` steps the batch is cut: it ends
        on its last step and owes nothing, since what is left of its time is not delivered."""
        steps, rest = self._split(seconds)
        return (most, 0) if steps > most else (steps, rest)

    def _split(self, seconds: int) -> tuple[int, int]:
        """(steps, rest) of what is owed after so many seconds, in pieces that stay small.

        Say a step is 100 nL, which is 8,640,000 here, the rate 1,000,000 nL/day, and nothing carried. An hour owes
        3,600,000,000, too large a number; so it goes in pieces of 1065 s, as many as fit below 2^30 with a rest of
        less than a step. Three pieces owe 123 steps each and leave 2,280,000, then 4,560,000, then 6,840,000. With that
        the last 405 s owe 47 steps: 416 steps in all, and a rest of 5,760,000.

        After a step that came early (carry -8,640,000) a minute at 48,000 nL/day owes -5,760,000: no step yet.
        """
        steps = 0
        rest = self._carry
        while seconds > 0:
            piece_s = seconds if seconds < self._piece_s else self._piece_s
            rest += self.rate_nl_per_day * piece_s
            steps += rest // self._step
            rest %= self._step
            seconds -= piece_s
        if steps < 0:  # still paying back a step that came early
            return 0, rest + steps * self._step
        return steps, rest
