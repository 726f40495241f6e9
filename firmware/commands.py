"""The commands: for each the therapy states in which it is allowed, and what it does.

A command changes the state, has it kept, and only then touches the machine and is answered. Its refusals come before
any change. Roles are the wire's (`wire.ROLE_OF`) and were checked before.
"""

from firmware import prescription, schedule, settings, titration, wire
from firmware.staging import Staged
from firmware.state import NEVER
from firmware.windows import DAY_S, with_bolus

_MAX_DEPTH_MM = 25  # telemetry and refill reach no deeper (docs/sources.md, SEED-41)

_ALIVE = (
    wire.THERAPY_UNFILLED,
    wire.THERAPY_STOPPED,
    wire.THERAPY_MINIMUM,
    wire.THERAPY_RUNNING,
    wire.THERAPY_SAFE_STATE,
)
_ANY = _ALIVE + (wire.THERAPY_END_OF_SERVICE,)
_ENDED_BY_ORDER = (
    wire.ALARM_SAFE_STATE,
    wire.ALARM_OVERSPEED,
    wire.ALARM_STEP_MISMATCH,
    wire.ALARM_SELF_TEST,
    wire.ALARM_MEMORY_CRITICAL,
)
_DELIVERING = (
    wire.REQ_COMMIT,
    wire.REQ_RESUME,
    wire.REQ_MINIMUM_RATE,
    wire.REQ_PRIME,
    wire.REQ_BOLUS,
    wire.REQ_PATIENT_BOLUS,
)


class Commands:
    """Runs privileged requests."""

    def __init__(self, config, pump, orders):
        self._config = config
        self._uptime = pump.uptime
        self._state = pump.state
        self._ledger = pump.ledger
        self._reservoir = pump.reservoir
        self._monitor = pump.monitor
        self._alarms = pump.alarms
        self._line = pump.line
        self._bolus = pump.bolus
        self._windows = pump.windows
        self._infusion = pump.infusion
        self._outlook = pump.outlook
        self._log = pump.log
        self._chart = pump.chart
        self._doses = pump.doses
        self._keys = pump.keys
        self._sessions = pump.sessions
        self._selftest = pump.selftest
        self._keeper = pump.keeper
        self._table = {
            wire.REQ_READ_PROGRAM: (self._read_program, _ANY),
            wire.REQ_READ_PROGRAM_DAY: (self._read_program_day, _ANY),
            wire.REQ_IMPLANT: (self._implant, (wire.THERAPY_UNFILLED, wire.THERAPY_STOPPED)),
            wire.REQ_REFILL: (self._refill, _ALIVE),
            wire.REQ_STAGE: (self._stage, _ALIVE),
            wire.REQ_STAGE_DAY: (self._stage_day, _ALIVE),
            wire.REQ_READ_DAY: (self._read_day, _ALIVE),
            wire.REQ_READ_BACK: (self._read_back, _ALIVE),
            wire.REQ_COMMIT: (self._commit, _ALIVE),
            wire.REQ_STOP: (self._stop, _ALIVE),
            wire.REQ_RESUME: (self._resume, _ALIVE),
            wire.REQ_SILENCE: (self._silence, _ANY),
            wire.REQ_SET_CLOCK: (self._set_clock, _ANY),
            wire.REQ_MINIMUM_RATE: (self._minimum_rate, _ALIVE),
            wire.REQ_DEMO_ALARM: (self._demo_alarm, _ANY),
            wire.REQ_LIMITS: (self._limits, _ALIVE),
            wire.REQ_ALARM_SETTINGS: (self._alarm_settings, _ALIVE),
            wire.REQ_READ_IMPLANT: (self._read_implant, _ANY),
            wire.REQ_READ_RECORD: (self._read_record, _ANY),
            wire.REQ_WRITE_RECORD: (self._write_record, _ANY),
            wire.REQ_PROVISION: (self._provision, _ANY),
        }
        self._orders = orders.table()
        self._prime_refusal = orders.prime_refusal

    def run(self, session, frame, fields):
        """(None, (code, payload)) when done and kept, or (REASON, None) when nothing was changed."""
        order = self._orders.get(frame.code)
        handler, allowed = (order, _ALIVE) if order else self._table[frame.code]
        if frame.code == wire.REQ_PRIME:  # how much there is to prime says more than what stands against it now
            reason = self._prime_refusal(*fields)
            if reason is not None:
                return reason, None
        if self._state.therapy not in allowed or (self._selftest.failed and frame.code in _DELIVERING):
            return wire.REASON_STATE, None
        if order:
            reason, answer = order(*fields), None
        else:
            reason, answer = handler(session, frame, *fields)
        if reason is None and answer is None:
            answer = wire.ANS_DONE, wire.pack_done(frame.code)
        return reason, answer

    def _filled(self):
        return self._state.last_refill_s != NEVER

    def _read_program(self, _session, _frame):
        state = self._state
        if state.mode == wire.MODE_NONE:
            return wire.REASON_STATE, None
        program = state.mode, state.concentration_mcg_per_ml, state.dose_ng_per_day, state.rate_nl_per_day
        return None, (wire.ANS_PROGRAM, wire.pack_program(*program))

    def _read_program_day(self, _session, _frame, day):
        week = self._infusion.week
        if week is None:
            return wire.REASON_STATE, None
        return None, (wire.ANS_PROGRAM_DAY, wire.pack_program_day(day, week.days[day]))

    def _implant(self, _session, _frame, wall_s, implanted_s, catheter_mm, tubing_nl, depth_mm, site, override, kept):
        if self._line.prime_steps:
            return wire.REASON_STATE, None
        if depth_mm > _MAX_DEPTH_MM and override != wire.FLAG_YES:
            return wire.REASON_SOFT_LIMIT, None
        state = self._state
        before = (state.implanted_wall_s, state.catheter_mm, state.tubing_nl)
        state.implanted_wall_s = implanted_s
        state.catheter_mm = catheter_mm
        state.tubing_nl = tubing_nl
        state.depth_mm = depth_mm
        state.site = site
        state.kept_catheter = kept
        if before != (implanted_s, catheter_mm, tubing_nl):  # else some word of it is put right
            self._line.replace()
        reason, answer = self._set_clock(_session, _frame, wall_s)
        if reason is None:
            self._log.add(wire.EVENT_IMPLANT, catheter_mm, tubing_nl, kept)
            if depth_mm > _MAX_DEPTH_MM:
                self._log.add(wire.EVENT_DEPTH_OVERRIDE, depth_mm, _MAX_DEPTH_MM)
        return reason, answer

    def _read_implant(self, _session, _frame):
        state = self._state
        told = state.implanted_wall_s, state.catheter_mm, state.tubing_nl, state.depth_mm, state.site
        return None, (wire.ANS_IMPLANTATION, wire.pack_implantation(*told, state.kept_catheter))

    def _set_clock(self, _session, _frame, wall_s):
        old_s = self._uptime.wall_s
        self._uptime.set_wall(wall_s)
        reason = self._keeper.keep()
        if reason is not None:
            return reason, None
        self._log.add(wire.EVENT_CLOCK_SET, old_s, wall_s)
        self._alarms.over(wire.ALARM_CLOCK_LOST)
        self._infusion.change()
        return None, None

    def _refill(self, _session, _frame, volume_nl, mcg_per_ml, aspirated_nl, bridge_nl, drug):
        self._infusion.settle()
        state = self._state
        if self._refill_told_again(volume_nl, mcg_per_ml, aspirated_nl, drug):
            answer = wire.pack_refilled(state.refill_expected_nl, state.refill_last_filled_nl)
            return None, (wire.ANS_REFILLED, answer)
        old_mcg_per_ml = state.drug_mcg_per_ml
        changes = old_mcg_per_ml not in (0, mcg_per_ml)
        bridge_nl = bridge_nl if changes and bridge_nl != wire.NONE32 else None
        reason = self._refill_refusal(volume_nl, bridge_nl)
        if reason is not None:
            self._log.add(wire.EVENT_REFILL_REJECTED, volume_nl, reason)
            return reason, None
        expected_nl = self._reservoir.volume_nl
        last_filled_nl = state.filled_nl if self._filled() else wire.NONE32
        ended = []  # nothing flows while a needle is in the reservoir
        if self._bolus.active:
            ended.append(self._infusion.end_bolus())
        if self._line.prime_steps:
            ended.append(self._infusion.end_prime())
        if changes:
            self._change_drug(mcg_per_ml, bridge_nl)
        self._reservoir.fill(volume_nl, mcg_per_ml, self._uptime.now_s)
        state.drug = drug
        if state.therapy == wire.THERAPY_UNFILLED:
            self._infusion.set_therapy(wire.THERAPY_STOPPED)
        runs_on = self._line.bridging or mcg_per_ml == state.concentration_mcg_per_ml
        if state.therapy == wire.THERAPY_RUNNING and not runs_on:  # the least there is, until a program comes
            self._infusion.set_therapy(wire.THERAPY_MINIMUM)
        state.refill_aspirated_nl = aspirated_nl
        state.refill_expected_nl, state.refill_last_filled_nl = expected_nl, last_filled_nl
        reason = self._keeper.keep()
        if reason is not None:
            return reason, None
        self._reservoir.filled()
        for entry in ended:
            self._log.add(*entry)
        self._log.add(wire.EVENT_REFILL, expected_nl, aspirated_nl, volume_nl)
        if changes:
            self._log_change(old_mcg_per_ml, mcg_per_ml)
            self._infusion.load_week()
        self._end(wire.ALARM_RESERVOIR_EMPTY, bool(self._reservoir.room_steps))
        self._end(wire.ALARM_LOW_RESERVOIR, not self._reservoir.low)
        self._end(wire.ALARM_RESERVOIR_MISMATCH, True)
        self._infusion.change()
        self._end_stop()
        return None, (wire.ANS_REFILLED, wire.pack_refilled(expected_nl, last_filled_nl))

    def _refill_told_again(self, volume_nl, mcg_per_ml, aspirated_nl, drug):
        """True for what the newest refill was told as, within a day of it: its answer was lost. Taken for another one,
        what was drawn out would count twice. The bridge is no part of it: a programmer works it out from the status."""
        state = self._state
        if not self._filled() or self._uptime.now_s - state.last_refill_s > DAY_S:
            return False
        newest = state.filled_nl, state.drug_mcg_per_ml, state.refill_aspirated_nl, state.drug
        return (volume_nl, mcg_per_ml, aspirated_nl, drug) == newest

    def _refill_refusal(self, volume_nl, bridge_nl):
        """The bridge that the programmer proposes has to be what the pump's own records make it."""
        if bridge_nl is not None and abs(bridge_nl - self._line.dead_nl) > self._config.step_nl:
            return wire.REASON_INCONSISTENT
        if volume_nl > self._config.reservoir_nl:
            return wire.REASON_OVERFILL
        return None

    def _change_drug(self, mcg_per_ml, bridge_nl):
        """The line keeps the old drug, if any was delivered into it; a program that waited was for that drug."""
        state = self._state
        state.forget_next()
        if bridge_nl is None or not self._ledger.booked_steps:
            self._line.end_bridge()
        else:
            self._line.begin_bridge(state.drug_mcg_per_ml, mcg_per_ml)

    def _log_change(self, old_mcg_per_ml, mcg_per_ml):
        bridge_nl = self._line.bridge_steps * self._config.step_nl
        self._log.add(wire.EVENT_CONCENTRATION_CHANGED, old_mcg_per_ml, mcg_per_ml, bridge_nl)
        if self._line.bridging:
            self._log.add(
                wire.EVENT_BOLUS_START, wire.BOLUS_BRIDGE, bridge_nl, self._outlook.seconds_for(bridge_nl) or 0
            )
        elif self._ledger.booked_steps:
            self._log.add(wire.EVENT_NO_BRIDGE, old_mcg_per_ml, mcg_per_ml)

    def _stage(self, session, frame, *program):
        reason = prescription.refusal(program, self._state, self._config)
        if not self._filled():
            reason = wire.REASON_NOT_FILLED
        if reason is not None:
            return reason, None
        session.staged = staged = Staged(program, frame.payload)
        self._log.add(wire.EVENT_PROGRAM_STAGED, _number(staged.digest), program[2])
        return None, (wire.ANS_STAGED, wire.pack_staged(staged.digest))

    def _stage_day(self, session, frame, day, steps):
        staged = session.staged
        if staged is None or not staged.flex:
            return wire.REASON_STATE, None
        reason = schedule.day_refusal(steps, staged.program[1], self._state.max_dose_mcg_per_day, self._config)
        if reason is not None:
            return reason, None
        staged.put_day(day, steps, frame.payload)
        return None, (wire.ANS_STAGED_DAY, wire.pack_staged_day(day))

    def _read_day(self, session, _frame, day):
        if session.staged is None or session.staged.day(day) is None:
            return wire.REASON_STATE, None
        return None, (wire.ANS_DAY, wire.pack_day(day, session.staged.day(day)))

    def _read_back(self, session, _frame):
        staged = session.staged
        if staged is None:
            return wire.REASON_STATE, None
        return None, (wire.ANS_STAGED_PROGRAM, wire.pack_staged_program(staged.program, staged.digest))

    def _commit(self, session, _frame, digest, override, after_commit):
        staged = session.staged
        if staged is None or not staged.complete:
            return wire.REASON_STATE, None
        if digest != staged.digest or after_commit != self._state.commits:  # or compared with an older program
            return wire.REASON_INCONSISTENT, None
        week = staged.week() if staged.flex else None
        reason = prescription.refusal(staged.program, self._state, self._config)
        if reason is None and week is not None:  # a reason may be zero
            reason = schedule.week_refusal(week, staged.program, self._state)
        if reason is None:
            reason = self._window_refusal(staged.program, week)
        if reason is not None:
            return reason, None
        state = self._state
        soft = titration.soft_range(state, self._config, self._uptime.now_s)
        overridden = soft if soft and not soft[0] <= staged.program[2] <= soft[1] else ()
        if overridden and override != wire.FLAG_YES:
            return wire.REASON_SOFT_LIMIT, None
        old_ng_per_day = state.dose_ng_per_day
        place = self._infusion.keep_week(week)
        if week and not place:
            return wire.REASON_STORE, None
        flag = wire.FLAG_YES if overridden else wire.FLAG_NO
        times = self._uptime.wall_s, self._uptime.now_s
        if not self._doses.add(*times, old_ng_per_day, staged.program[2], staged.program[1], flag):
            return wire.REASON_STORE, None
        state.commits += 1
        self._put(staged.program, week, place)
        reason = self._keeper.keep()
        if reason is not None:
            return reason, None
        session.staged = None
        self._infusion.load_week()
        if overridden:
            self._log.add(wire.EVENT_LIMIT_OVERRIDE, staged.program[2], *overridden)
        self._log.add(wire.EVENT_PROGRAM_COMMITTED, _number(digest), old_ng_per_day, staged.program[2])
        self._trusted()
        self._end_memory()
        return None, None

    def _window_refusal(self, program, week):
        """Why a program cannot follow what was delivered already, with the bolus that is being given."""
        state = self._state
        to_come, last_s = self._outlook.program(program, week)  # whole days of it were looked at before
        bolus_nl_per_day = self._bolus.rate_nl_per_day
        if bolus_nl_per_day:
            last_s = self._bolus.until_s
            to_come = with_bolus(to_come, bolus_nl_per_day * state.drug_mcg_per_ml, last_s)
        if not self._windows.allow(self._uptime.now_s, to_come, last_s, state.max_dose_mcg_per_day):
            return wire.REASON_DOSE_LIMIT
        fastest_nl_per_day = week.highest_nl_per_day() if week else program[3]
        if self._line.bridging:  # in which the line's drug is delivered for that dose
            fastest_nl_per_day = fastest_nl_per_day * program[1] // self._line.mcg_per_ml
        if fastest_nl_per_day + bolus_nl_per_day > self._config.max_rate_nl_per_day:
            return wire.REASON_RATE_LIMIT
        return None

    def _put(self, program, week, place):
        """Put a program into the state: in force at once, or when the bridge is out."""
        state = self._state
        highest_dose_ng = week.highest_dose_ng() if week else program[2]
        if self._infusion.waits_for_bridge:
            state.put_next(*program, place, highest_dose_ng)
            return
        titration.replace(state, self._uptime.now_s)
        state.mode, state.concentration_mcg_per_ml, state.dose_ng_per_day, state.rate_nl_per_day = program
        state.week = place
        state.highest_dose_ng = highest_dose_ng
        state.forget_next()
        self._infusion.set_therapy(wire.THERAPY_RUNNING)

    def _stop(self, _session, _frame):
        if not self._filled():
            return wire.REASON_NOT_FILLED, None
        self._infusion.settle()
        self._infusion.set_therapy(wire.THERAPY_STOPPED)
        ended = self._infusion.end_prime() if self._line.prime_steps else None  # what is left can be primed later
        reason = self._keeper.obey()
        if ended:
            self._log.add(*ended)
        self._end(wire.ALARM_SAFE_STATE, True)
        self._infusion.change()
        return reason, None

    def _minimum_rate(self, _session, _frame):
        if not self._filled():
            return wire.REASON_NOT_FILLED, None
        less = self._infusion.delivery.rate_nl_per_day > self._config.minimum_rate_nl_per_day
        self._infusion.set_therapy(wire.THERAPY_MINIMUM)
        reason = self._keeper.obey() if less else self._keeper.keep()
        if reason is None or less:
            self._trusted()
        return reason, None

    def _resume(self, _session, _frame):
        state = self._state
        if not self._filled():
            return wire.REASON_NOT_FILLED, None
        if state.mode == wire.MODE_NONE:
            return wire.REASON_STATE, None
        if state.concentration_mcg_per_ml not in (state.drug_mcg_per_ml, self._line.mcg_per_ml):
            return wire.REASON_INCONSISTENT, None
        if state.highest_dose_ng > state.max_dose_mcg_per_day * 1000 or not self._infusion.fits:  # lowered since
            return wire.REASON_DOSE_LIMIT, None
        self._infusion.set_therapy(wire.THERAPY_RUNNING)
        reason = self._keeper.keep()
        if reason is None:
            self._trusted()
        return reason, None

    def _silence(self, _session, _frame, alarm):
        listed = [entry[0] for entry in self._alarms.entries()]
        if alarm != wire.ALL_ALARMS and alarm not in listed:
            return wire.REASON_STATE, None
        silenced = self._alarms.silence(listed if alarm == wire.ALL_ALARMS else [alarm])
        reason = self._keeper.obey()
        for entry in silenced:
            self._log.add(*entry)
        return reason, None

    def _demo_alarm(self, _session, _frame, alarm_class):
        if not self._filled():  # it makes no tone at all
            return wire.REASON_NOT_FILLED, None
        self._alarms.demonstrate(alarm_class, self._uptime.now_s)
        return None, None

    def _limits(self, _session, _frame, *limits):
        state = self._state
        new = [state.max_dose_mcg_per_day, state.max_bolus_mcg, state.max_change_percent]
        for i in range(len(new)):
            if limits[i] != wire.NONE32:
                new[i] = limits[i]
        state.max_dose_mcg_per_day, state.max_bolus_mcg, state.max_change_percent = new
        reason = self._keeper.keep()
        if reason is not None:
            return reason, None
        self._log.add(wire.EVENT_LIMITS_CHANGED, *new)
        self._monitor.set_limit(prescription.largest_mcg_per_day(state))
        return None, None

    def _alarm_settings(self, _session, _frame, *wanted):
        changes = settings.change(self._state, wanted)
        reason = self._keeper.keep()
        if reason is not None:
            return reason, None
        for change in changes:
            self._log.add(wire.EVENT_ALARM_CONFIG_CHANGED, *change)
        self._alarms.hasten(self._uptime.now_s)
        if self._filled():
            self._reservoir.plan()
            self._end(wire.ALARM_LOW_RESERVOIR, not self._reservoir.low)
            self._infusion.change()
        return None, None

    def _read_record(self, _session, _frame, field):
        text = self._chart.read(field)
        if text is None:  # not the same as one that says nothing
            return wire.REASON_STATE, None
        return None, (wire.ANS_RECORD, wire.pack_record(field, text))

    def _write_record(self, _session, _frame, field, text):
        if not self._chart.write(field, text):
            return wire.REASON_STORE, None
        self._log.add(wire.EVENT_RECORD_CHANGED, field)
        self._end_memory()
        return None, None

    def _provision(self, session, frame, masked_key):
        reason = self._keys.provision(session.unmask(masked_key, frame.sequence))
        if reason is None:
            self._sessions.end()
            self._end_memory()
        return reason, None

    def _trusted(self):
        """A programmer's order put therapy right: what stood against it is over, and silenced with it."""
        self._monitor.set_limit(prescription.largest_mcg_per_day(self._state))
        self._monitor.release()
        self._infusion.barred = self._infusion.memory_spoilt = False
        self._infusion.change()
        self._infusion.losses.begin(True)
        for alarm in _ENDED_BY_ORDER:
            self._end(alarm, True)
        self._end_stop()

    def _end_stop(self):
        for alarm in (wire.ALARM_STOPPED, wire.ALARM_STOPPED_48H):
            self._end(alarm, self._state.stopped_since_s == NEVER)

    def _end_memory(self):
        self._end(wire.ALARM_MEMORY, not (self._chart.spoilt or self._doses.spoilt or self._keys.spoilt))

    def _end(self, alarm, over):
        if over:
            self._alarms.over(alarm, by_programmer=True)


def _number(digest):
    """A digest's first four bytes, for the log."""
    return int.from_bytes(digest[:4], "little")
