"""What the rotor does and what leaves the tip, look by look, against the order books."""

from collections.abc import Sequence

from firmware.config import Config
from hal.plant.plant import Plant
from host_tools.machines.mock.machine import MockMachine
from host_tools.scenario.checkers.alarmbook import AlarmBook
from host_tools.scenario.checkers.dose import TipDose
from host_tools.scenario.checkers.findings import Tally
from host_tools.scenario.checkers.orderbook import HOUR_MS, LAPSE_MS, OrderBook
from host_tools.scenario.checkers.programs import DAY_MS

STALL_MS = 900_000
STALL_STEPS = 8
USUAL_STEP_NL = 100
LOWEST_NL_PER_DAY = 48_000
GRACE_MS = HOUR_MS + 300_000  # a batch, and a wake
HELD_MS = DAY_MS  # a dose that leaves no room in its day is held back for so long
NO_STEP = ("unfilled", "stopped")
UNITS_PER_NG = 100_000  # hundredths of a nL mcg/mL


class DeliveryWatch:
    """`priming` and `held_ms` (of the last DOSE_HELD) are as the log tells. `idle_ms` is how long, with power, no step
    was made."""

    def __init__(self, tally: Tally, machine: MockMachine, config: Config, alarms: AlarmBook) -> None:
        self._tally = tally
        self._machine = machine
        self._config = config
        self._alarms = alarms
        self._dose = TipDose(tally)
        self._limit_ng = 0.0
        self._limit_ms = 0
        self.priming = False
        self.held_ms = -HELD_MS
        self._lapsed = False
        self._accepted_ms = -LAPSE_MS
        self._powered_ms = self._moved_ms = machine.plant.now_ms - machine.plant.unpowered_ms
        self._at_ms = machine.now_ms
        self.steps = machine.plant.drivetrain.rotor_steps
        self._tip = machine.plant.flow.catheter.tip_hundredths
        self._strength = 0
        self._strongest_ng = 0.0
        self._primed = False  # at the last look
        self._blurred_until = 0
        self.reversed_steps = 0
        self._booted = False

    @property
    def _plant(self) -> Plant:
        """The plant that is: a machine that goes back to a snapshot has another."""
        return self._machine.plant

    @property
    def idle_ms(self) -> int:
        return self._powered_ms - self._moved_ms

    def lapse(self) -> None:
        """The pump says that nothing was delivered for 48 hours."""
        self._lapsed = True

    @property
    def _stalled(self) -> bool:
        return "motor_stall" in self._alarms.on.keys() - self._alarms.over

    @property
    def lapsed(self) -> bool:
        """True from 48 hours without delivery on, until an order says that it knows; in a stall that goes on that holds
        for as long again."""
        goes_on = self._stalled and "stopped_48h" in self._alarms.on
        return self._lapsed or (goes_on and self._powered_ms - self._accepted_ms >= LAPSE_MS)

    @property
    def drug_at_tip(self) -> bool:
        """False while what stands at the tip is without drug."""
        return bool(self._strength)

    @property
    def lapse_is_near(self) -> bool:
        """True where it depends on minutes whether delivery lapsed."""
        return abs(self.idle_ms - LAPSE_MS) <= GRACE_MS

    def change(self) -> None:
        """Delivery starts, ends or goes on otherwise."""
        self._dose.change(self._step_ng)

    def boot(self) -> None:
        """The pump starts, and what it missed is not made up."""
        self.change()
        self._booted = True
        self._lapsed |= "stopped_48h" in self._alarms.on  # that somebody accepted it is forgotten

    def blur(self, unknown_steps: int) -> None:
        """Of steps that nobody knows of the pump takes the strongest drug to be at the tip for longer."""
        if unknown_steps:
            self._blurred_until = self.steps + unknown_steps + self._plant.flow.catheter.dead_nl // self._config.step_nl

    def start(self, knowingly: bool) -> None:
        """Somebody ordered delivery; `knowingly`: of the dose that was."""
        stands = self._stalled or "reservoir_empty" in self._alarms.on
        if not stands or (knowingly and self.lapsed):
            self._moved_ms = self._powered_ms
        if knowingly and self.lapsed:
            self._accepted_ms = self._powered_ms
            self._lapsed = False

    @property
    def _step_ng(self) -> float:
        """The strongest step that the line and the reservoir have."""
        flow = self._plant.flow
        strongest = max([strength for _, strength in flow.catheter.contents] + [flow.reservoir.mcg_per_ml])
        return self._config.step_nl * strongest / 1000

    def look(self, books: Sequence[OrderBook], spoilt: frozenset[str]) -> None:
        """Judge the time since the last look. The plant is settled."""
        plant = self._plant
        now_ms, steps = plant.now_ms, plant.drivetrain.rotor_steps
        powered_ms = now_ms - plant.unpowered_ms
        contents = plant.flow.catheter.contents
        strength = contents[0][1] if contents else plant.flow.reservoir.mcg_per_ml
        if strength != self._strength:
            self.change()
        self._judge_steps(books, steps, now_ms, spoilt)
        self._primed = self.priming
        self._judge_dose(books, now_ms, powered_ms, spoilt)
        counts = any(book.program is not None for book in books) and "end_of_service" not in self._alarms.on
        if steps != self.steps or not counts:
            self._moved_ms = powered_ms
        self.steps, self._strength, self._at_ms, self._powered_ms = steps, strength, now_ms, powered_ms
        self._tip = plant.flow.catheter.tip_hundredths
        self._lapsed |= self.idle_ms >= LAPSE_MS

    def _judge_steps(self, books: Sequence[OrderBook], steps: int, now_ms: int, spoilt: frozenset[str]) -> None:
        idle = (
            all(book.therapy in NO_STEP for book in books)
            and not (self.priming or self._primed)
            and not self._alarms.undelivered
        )
        if now_ms > self._at_ms and idle and not spoilt & {"rotor_above", "firmware"}:
            moved = steps - self.steps
            self._tally.check("no_step_unordered", moved <= 0, lambda: f"{moved} steps, and no therapy was ordered")

    def _judge_dose(self, books: Sequence[OrderBook], now_ms: int, powered_ms: int, spoilt: frozenset[str]) -> None:
        dose, lasting_ms = self._dose, now_ms - self._at_ms
        weaker = self._step_ng < self._strongest_ng
        step_ng = max(self._strongest_ng, self._step_ng)
        self._strongest_ng = self._step_ng
        given_ng = (self._plant.flow.catheter.tip_hundredths - self._tip) / UNITS_PER_NG
        least_ng, most_ng = self._ordered_ng(books, now_ms, "clock" not in spoilt)
        rounding_ng = lasting_ms * self._strength / DAY_MS / 1000  # 1 nL/day
        least_ng, most_ng = least_ng - rounding_ng, most_ng + rounding_ng
        if spoilt & {"tip", "rotor_above", "firmware"}:
            dose.forget()
            most_ng = max(most_ng, given_ng)
            self._limit_ms = now_ms
        excused = self._alarms.undelivered or self.priming or not self._strength or self.lapsed
        excused |= self._booted or self.steps < self._blurred_until
        self._booted = False
        excused |= powered_ms - self._powered_ms < lasting_ms or now_ms - self.held_ms <= HELD_MS
        if excused or spoilt & {"tip", "rotor_below", "firmware", "records", "clock"}:
            dose.forgive()
            least_ng = min(least_ng, given_ng)
        if given_ng:  # what went back comes first
            least_ng -= self.reversed_steps * step_ng
            self.reversed_steps = 0
        dose.give(now_ms, given_ng, least_ng, most_ng, step_ng, self._grace_ms(books))
        if weaker:  # what a strong step was off by is many weak ones
            dose.forget()
        self._limit_ng = max(self._limit_ng, *(book.max_dose_ng for book in books))
        dose.day(now_ms, self._limit_ng, step_ng, now_ms - self._limit_ms >= DAY_MS)

    def _ordered_ng(self, books: Sequence[OrderBook], now_ms: int, clock_known: bool) -> tuple[float, float]:
        """The least and the most that any of the books asks for since the last look."""
        from_ms = self._at_ms
        ranges = [book.program_ng(from_ms, now_ms, clock_known) for book in books]
        least_ng = min(low for low, _ in ranges)
        most_ng = max(high for _, high in ranges)
        most_ng += max(book.bolus.ng_in(from_ms, now_ms) if book.bolus else 0.0 for book in books)
        falls_back = self._alarms.undelivered or self.lapsed or any(book.therapy == "minimum" for book in books)
        if falls_back:
            standby_ng = self._config.standby_rate_nl_per_day * self._strength / 1000 * (now_ms - from_ms) / DAY_MS
            most_ng = max(most_ng, standby_ng)
        return least_ng, most_ng

    def slowness(self, book: OrderBook) -> float:
        """How much longer than with the usual step at the lowest rate of a program so many steps may take."""
        if book.program is None or not self._strength or not book.program.least_ng_per_day:
            return 1.0
        rate_nl_per_day = book.program.least_ng_per_day * 1000 / self._strength
        return max(1.0, self._config.step_nl / USUAL_STEP_NL * LOWEST_NL_PER_DAY / rate_nl_per_day)

    def _grace_ms(self, books: Sequence[OrderBook]) -> int:
        """How long a stall may last until the pump says so: 15 minutes, or 8 steps at the slowest rate."""
        slowest = [book.program.least_ng_per_day for book in books if book.program and book.therapy == "running"]
        if not slowest or not min(slowest) or not self._strength:
            return DAY_MS
        rate_nl_per_day = min(slowest) * 1000 / self._strength
        return int(max(STALL_MS, STALL_STEPS * DAY_MS * self._config.step_nl / rate_nl_per_day)) + GRACE_MS
