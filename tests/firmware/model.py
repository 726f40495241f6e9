"""A reference model of the pump, written from its documents: exact fractions of nanolitres, no batches, no steps.

It knows what a clinician orders, what passes in time, and which alarms must be there. It says nothing of tones.
"""

from fractions import Fraction

from .linemodel import LineModel

LOW_NL, RESIDUAL_NL, CAPACITY_NL = 2_000_000, 1_400_000, 20_000_000
MIN_RATE, MAX_RATE, MINIMUM = 48_000, 24_000_000, 6_000
MAX_DOSE_NG = 1_000_000
HOUR_S, DAY_S = 3600, 86400
NON_RESUMABLE = ("unfilled", "end_of_service")


class Model:
    def __init__(self):
        self.therapy = "unfilled"
        self.program = (0, 0)  # dose_ng_per_day, mcg_per_ml
        self.line = LineModel()
        self.confirmed = True  # the program was committed since the last change of concentration
        self.lapsed = False
        self.edges = 0  # that passed the tip
        self.volume_nl = Fraction(0)
        self.delivered_nl = Fraction(0)
        self.stalled = False
        self.recovered_nl = Fraction(0)
        self.idle_s = 0
        self.accepted_s = 0  # of that, when an order accepted that it was too long
        self.age_s = 0
        self.eri_s = None
        self.orders = []  # (age_s, dose_ng) of each program
        self.alarms = {}  # name: [condition holds, silenced]

    @property
    def empty(self):
        return self.therapy != "unfilled" and self.volume_nl < RESIDUAL_NL + 100

    @property
    def ordered(self):
        if self.therapy == "running":
            dose_ng = self.program[0]
            mcg_per_ml = self.line.tip or self.line.drug
            return (dose_ng * 1000 + mcg_per_ml // 2) // mcg_per_ml
        return MINIMUM if self.therapy == "minimum" else 0

    @property
    def rate(self):
        return 0 if self.empty else self.ordered

    # What a clinician does: each returns why it is refused, or None.

    def refill(self, volume_nl, mcg_per_ml):
        if self.therapy == "end_of_service":
            return "state"
        if volume_nl > CAPACITY_NL:
            return "overfill"
        if self.therapy == "unfilled":
            self.therapy = "stopped"
        elif self.therapy == "running" and self.lapsed:
            self.therapy = "minimum"
        if mcg_per_ml != self.line.drug and self.program != (0, 0):
            self.confirmed = False
        self.line.refill(mcg_per_ml)
        self.volume_nl = Fraction(volume_nl)
        self._end("reservoir_empty", not self.empty)
        self._end("low_reservoir", volume_nl >= LOW_NL)
        for name in ("stopped", "stopped_48h"):
            self._end(name, not self.idle)
        self._settle()
        return None

    def order(self, dose_ng, mcg_per_ml, override):
        if self.therapy in NON_RESUMABLE:
            return "not_filled" if self.therapy == "unfilled" else "state"
        if mcg_per_ml != self.line.drug:
            return "inconsistent"
        if dose_ng > MAX_DOSE_NG:
            return "dose_limit"
        if not MIN_RATE <= (dose_ng * 1000 + mcg_per_ml // 2) // mcg_per_ml <= MAX_RATE:
            return "rate_limit"
        if self.orders and not override:
            ends = [at_s for at_s, _ in self.orders[1:]] + [self.age_s]
            in_force = [
                [ng for (_, ng), end_s in zip(self.orders, ends, strict=True) if end_s >= self.age_s - days * DAY_S]
                for days in (1, 2)
            ]
            if dose_ng > Fraction(13, 10) * min(in_force[0]) or dose_ng < Fraction(8, 10) * max(in_force[1]):
                return "soft_limit"
            if self.lapsed:
                return "soft_limit"
        self.orders.append((self.age_s, dose_ng))
        self.program = dose_ng, mcg_per_ml
        self.confirmed = True
        self._accept()
        return self._deliver("running")

    def resume(self, override=False):
        if self.therapy in NON_RESUMABLE:
            return "not_filled" if self.therapy == "unfilled" else "state"
        if self.program == (0, 0):
            return "state"
        if self.lapsed and not override:
            return "soft_limit"
        self._accept()
        return self._deliver("running")

    def _accept(self):
        if self.lapsed:
            self.lapsed, self.accepted_s = False, self.idle_s

    def _deliver(self, therapy):
        self.therapy = therapy
        self._end("program_unconfirmed", self.confirmed)
        for name in ("stopped", "stopped_48h"):
            self._end(name, bool(self.rate) and not self.stalled_now)
        self._settle()

    def stop(self):
        if self.therapy in NON_RESUMABLE:
            return "not_filled" if self.therapy == "unfilled" else "state"
        self.therapy = "stopped"
        self._settle()
        return None

    def minimum_rate(self):
        if self.therapy in NON_RESUMABLE:
            return "not_filled" if self.therapy == "unfilled" else "state"
        return self._deliver("minimum")

    def silence(self):
        for name, (holds, _) in list(self.alarms.items()):
            self.alarms[name][1] = True
            if not holds:
                del self.alarms[name]

    # What time does.

    def wait(self, seconds):
        """Long enough that a stall that began or ended before is noticed: an hour at least."""
        while seconds > 0:
            piece_s = min(seconds, self._next_change_s())
            flow_nl = 0 if self.stalled else Fraction(self.rate * piece_s, DAY_S)
            tip = self.line.tip
            self.line.push(flow_nl)
            self.edges += self.line.tip != tip
            self.volume_nl -= flow_nl
            self.delivered_nl += flow_nl
            self.age_s += piece_s
            self.idle_s = self.idle_s + piece_s if self.idle else 0
            seconds -= piece_s
            if self.rate or not self.stalled:
                self._notice_stall(flow_nl)
            self._settle()

    def _notice_stall(self, flow_nl):
        """A stall is noticed within an hour of orders, its end after eight steps."""
        self.recovered_nl = 0 if self.stalled else self.recovered_nl + flow_nl
        if self.stalled or self.recovered_nl >= 800:
            recovers = self.stalled_now and not self.stalled
            self._hold("motor_stall", self.stalled)
            if recovers and self.lapsed and self.therapy == "running":
                self.therapy = "minimum"
                self.alarms["program_unconfirmed"] = [True, False]

    def _next_change_s(self):
        """Not past the moment when the reservoir is empty, nor past an hour."""
        if self.stalled or not self.rate:
            return HOUR_S
        left_nl = min(self.volume_nl - RESIDUAL_NL, self.line.edge_nl or CAPACITY_NL)
        return max(1, min(HOUR_S, int(left_nl * DAY_S / self.rate)))

    @property
    def stalled_now(self):
        return "motor_stall" in self.alarms and self.alarms["motor_stall"][0]

    @property
    def idle(self):
        return self.program != (0, 0) and self.therapy != "end_of_service" and (self.stalled_now or not self.rate)

    def _settle(self):
        filled = self.therapy != "unfilled"
        self._hold("low_reservoir", filled and self.volume_nl < LOW_NL)
        self._hold("reservoir_empty", filled and self.empty)
        if not self.idle:
            self.idle_s = self.accepted_s = 0
        self.lapsed |= self.idle_s - self.accepted_s >= 48 * HOUR_S
        if self.therapy == "running" and not self.confirmed and self.line.edge_nl is None:
            self._hold("program_unconfirmed", True)
        self._hold("stopped", self.idle_s >= 6 * HOUR_S)
        self._hold("stopped_48h", self.idle_s >= 48 * HOUR_S)

    def _hold(self, name, holds):
        if holds and not (name in self.alarms and self.alarms[name][0]):
            self.alarms[name] = [True, False]
        elif not holds and name in self.alarms:
            if self.alarms[name][1]:
                del self.alarms[name]
            else:
                self.alarms[name][0] = False

    def _end(self, name, over):
        if over:
            self.alarms.pop(name, None)
