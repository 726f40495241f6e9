"""Commands of the program: stage it, read it back, commit exactly that."""

from firmware import wire
from firmware.comms.commands.change import ALIVE, ANY, Change
from firmware.comms.commands.staging import Staged
from firmware.records.state import NEVER
from firmware.therapy import orders, prescription, softlimit
from firmware.therapy.dosewindow import with_bolus
from firmware.therapy.week import day_refusal, passes, week_refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.comms.commands.change import Handlers, Order, Prepared
    from firmware.comms.commands.records import RecordCommands
    from firmware.comms.commands.therapy import TherapyCommands
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.records.titration import TitrationHistory
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.dosewindow import DoseWindow
    from firmware.therapy.forecast import Forecast
    from firmware.therapy.orders import Orders
    from firmware.therapy.prescription import Program
    from firmware.therapy.program import CommittedProgram
    from firmware.therapy.week import Step, Week


class ProgramCommands:
    """Handlers for the command table."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        catheter: "Catheter",
        bolus: "Bolus",
        dose_window: "DoseWindow",
        program: "CommittedProgram",
        orders: "Orders",
        forecast: "Forecast",
        log: "EventLog",
        titration: "TitrationHistory",
        therapy_commands: "TherapyCommands",
        record_commands: "RecordCommands",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._catheter = catheter
        self._bolus = bolus
        self._dose_window = dose_window
        self._program = program
        self._orders = orders
        self._forecast = forecast
        self._log = log
        self._titration = titration
        self._therapy_commands = therapy_commands
        self._record_commands = record_commands

    def handlers(self) -> "Handlers":
        """Request: its handler, and where it is run."""
        return {
            wire.REQ_READ_PROGRAM: (self._read_program, ANY),
            wire.REQ_READ_PROGRAM_DAY: (self._read_program_day, ANY),
            wire.REQ_STAGE: (self._stage, ALIVE),
            wire.REQ_STAGE_DAY: (self._stage_day, ALIVE),
            wire.REQ_READ_DAY: (self._read_day, ALIVE),
            wire.REQ_READ_BACK: (self._read_back, ALIVE),
            wire.REQ_COMMIT: (self._commit, ALIVE),
        }

    def _read_program(self, _order: "Order") -> "Prepared":
        state = self._state
        if state.mode == wire.MODE_NONE:
            return wire.REASON_STATE
        program = state.mode, state.concentration_mcg_per_ml, state.dose_ng_per_day, state.rate_nl_per_day
        return wire.ANS_PROGRAM, wire.pack_program(*program)

    def _read_program_day(self, _order: "Order", day: int) -> "Prepared":
        week = self._program.week
        if week is None:
            return wire.REASON_STATE
        return wire.ANS_PROGRAM_DAY, wire.pack_program_day(day, week.days[day])

    # Staging changes nothing that is in force: it lasts as long as the session

    def _stage(
        self, order: "Order", mode: int, mcg_per_ml: int, dose_ng_per_day: int, rate_nl_per_day: int
    ) -> "Prepared":
        program = mode, mcg_per_ml, dose_ng_per_day, rate_nl_per_day
        if self._state.last_refill_s == NEVER:
            return wire.REASON_NOT_FILLED
        reason = prescription.refusal(program, self._state, self._config)
        if reason is not None:
            return reason
        order.session.staged = staged = Staged(program, order.frame.payload)
        self._log.add(wire.EVENT_PROGRAM_STAGED, _number(staged.digest), program[2])
        return wire.ANS_STAGED, wire.pack_staged(staged.digest)

    def _stage_day(self, order: "Order", day: int, steps: "list[Step]") -> "Prepared":
        staged = order.session.staged
        if staged is None or not staged.flex:
            return wire.REASON_STATE
        reason = day_refusal(steps, staged.program[1], self._state.max_dose_mcg_per_day, self._config)
        if reason is not None:
            return reason
        staged.put_day(day, steps, order.frame.payload)
        return wire.ANS_STAGED_DAY, wire.pack_staged_day(day)

    def _read_day(self, order: "Order", day: int) -> "Prepared":
        staged = order.session.staged
        steps = staged.day(day) if staged is not None else None
        return wire.REASON_STATE if steps is None else (wire.ANS_DAY, wire.pack_day(day, steps))

    def _read_back(self, order: "Order") -> "Prepared":
        staged = order.session.staged
        if staged is None:
            return wire.REASON_STATE
        return wire.ANS_STAGED_PROGRAM, wire.pack_staged_program(staged.program, staged.digest)

    # The commit

    def _commit(self, order: "Order", digest: bytes, override: int, after_commit: int) -> "Prepared":
        state = self._state
        staged = order.session.staged
        if staged is None or not staged.complete:
            return wire.REASON_STATE
        if digest != staged.digest or after_commit != state.commits:  # or compared with an older program
            return wire.REASON_INCONSISTENT
        program = staged.program
        week = staged.week() if staged.flex else None
        reason = self._refusal(program, week)
        if reason is not None:
            return reason
        soft = softlimit.soft_range(state, self._config, self._clock.now_s)
        lapsed = self._orders.lapsed
        overridden = soft if soft and (lapsed or not soft[0] <= program[2] <= soft[1]) else ()
        if overridden and override != wire.FLAG_YES:
            return wire.REASON_SOFT_LIMIT
        old_ng_per_day = state.dose_ng_per_day

        def keep() -> bool:
            """Write the week and the dose beside those in force, and put the program into the state."""
            place = self._program.keep_week(week)
            if week and not place:
                return False
            flag = wire.FLAG_YES if overridden else wire.FLAG_NO
            times = self._clock.wall_s, self._clock.now_s
            if not self._titration.add(*times, old_ng_per_day, program[2], program[1], flag):
                return False
            state.commits += 1
            self._put(program, week, place)
            return True

        def apply() -> None:
            order.session.staged = None
            self._program.load_week()
            if overridden:
                self._log.add(wire.EVENT_LIMIT_OVERRIDE, program[2], *overridden)
            self._log.add(wire.EVENT_PROGRAM_COMMITTED, _number(digest), old_ng_per_day, program[2])
            self._therapy_commands.trust(orders.COMMIT, lapsed)
            self._record_commands.end_memory_alarm()

        return Change(apply, keep=keep)

    def _refusal(self, program: "Program", week: "Week | None") -> int | None:
        reason = prescription.refusal(program, self._state, self._config)
        if reason is None and week is not None:  # a reason may be zero
            reason = week_refusal(week, program, self._state)
        return self._window_refusal(program, week) if reason is None else reason

    def _window_refusal(self, program: "Program", week: "Week | None") -> int | None:
        """Why a program cannot follow what was delivered already, with the bolus that is being given, or cannot be made
        of all that stands in the line."""
        state = self._state
        to_come = self._forecast.program(program, week)
        last_s = self._clock.now_s  # whole days of it were looked at before
        bolus_nl_per_day = self._bolus.rate_nl_per_day
        mcg_per_ml = self._catheter.mcg_per_ml
        if bolus_nl_per_day:
            last_s = self._bolus.until_s
            to_come = with_bolus(to_come, bolus_nl_per_day * mcg_per_ml, last_s)
        if not self._dose_window.allow(self._clock.now_s, to_come, last_s, state.max_dose_mcg_per_day):
            return wire.REASON_DOSE_LIMIT
        if not passes(program[2], week, self._catheter.line_strengths + [program[1]], self._config):
            return wire.REASON_RATE_LIMIT
        fastest_nl_per_day = (week.highest_nl_per_day() if week else program[3]) * program[1] // mcg_per_ml
        if fastest_nl_per_day + bolus_nl_per_day > self._config.max_rate_nl_per_day:
            return wire.REASON_RATE_LIMIT
        return None

    def _put(self, program: "Program", week: "Week | None", place: int) -> None:
        """Put a program into the state."""
        state = self._state
        softlimit.replace(state, self._clock.now_s)
        state.mode, state.concentration_mcg_per_ml, state.dose_ng_per_day, state.rate_nl_per_day = program
        state.week = place
        state.highest_dose_ng = week.highest_dose_ng() if week else program[2]
        state.program_confirmed = wire.FLAG_YES
        state.program_drug = state.drug
        state.lapsed = wire.FLAG_NO
        self._orders.take(orders.COMMIT)


def _number(digest: bytes) -> int:
    """Return a digest's first four bytes, for the log."""
    return int.from_bytes(digest[:4], "little")
