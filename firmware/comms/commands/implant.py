"""Commands of the implantation and the clock."""

from firmware import wire
from firmware.comms.commands.change import ANY, Change
from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.comms.commands.change import Handlers, Order, Prepared
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.infusion import Infusion

_MAX_DEPTH_MM = 25  # telemetry and refill reach no deeper (docs/sources.md, SEED-41)


class ImplantCommands:
    """Handlers for the command table."""

    def __init__(
        self,
        *,
        clock: "PumpClock",
        state: "State",
        alarms: "Alarms",
        catheter: "Catheter",
        infusion: "Infusion",
        log: "EventLog",
    ) -> None:
        self._clock = clock
        self._state = state
        self._alarms = alarms
        self._catheter = catheter
        self._infusion = infusion
        self._log = log

    def handlers(self) -> "Handlers":
        """Request: its handler, and where it is run. What was implanted changes only while nothing is delivered."""
        return {
            wire.REQ_IMPLANT: (self._implant, (wire.THERAPY_UNFILLED, wire.THERAPY_STOPPED)),
            wire.REQ_READ_IMPLANT: (self._read_implant, ANY),
            wire.REQ_SET_CLOCK: (self._set_clock, ANY),
        }

    def _implant(
        self,
        order: "Order",
        wall_s: int,
        implanted_s: int,
        catheter_mm: int,
        tubing_nl: int,
        depth_mm: int,
        site: bytes,
        override: int,
        catheter: int,
        tubing: int,
        dose_ng_per_day: int,
        contents: "list[tuple[int, int]]",
    ) -> "Prepared":
        state = self._state
        if self._catheter.prime_steps:
            return wire.REASON_STATE
        same = catheter == wire.CATHETER_SAME
        kept = catheter == wire.CATHETER_KEPT
        held_nl = sum([volume_nl for volume_nl, _ in contents])
        if (same and state.implanted_wall_s == NEVER) or (contents and not kept):
            return wire.REASON_INCONSISTENT
        if held_nl > self._catheter.catheter_nl(catheter_mm):
            return wire.REASON_INCONSISTENT
        if depth_mm > _MAX_DEPTH_MM and override != wire.FLAG_YES:
            return wire.REASON_SOFT_LIMIT
        before_nl = self._catheter.dead_nl
        state.implanted_wall_s = implanted_s
        state.catheter_mm, state.tubing_nl = catheter_mm, tubing_nl
        state.depth_mm, state.site = depth_mm, site
        if same:
            self._catheter.resize(self._catheter.dead_nl - before_nl)
        else:
            self._connect(contents if kept else [], kept, tubing, dose_ng_per_day)
        clock = self._set_clock(order, wall_s)

        def apply() -> None:
            clock.apply()
            self._log.add(wire.EVENT_IMPLANT, catheter_mm, tubing_nl, catheter)
            if depth_mm > _MAX_DEPTH_MM:
                self._log.add(wire.EVENT_DEPTH_OVERRIDE, depth_mm, _MAX_DEPTH_MM)

        return Change(apply)

    def _connect(self, contents: "list[tuple[int, int]]", kept: bool, tubing: int, dose_ng_per_day: int) -> None:
        """Put another catheter into the state, and of a kept one the dose that the pump before gave."""
        state = self._state
        state.kept_catheter = wire.FLAG_YES if kept else wire.FLAG_NO
        self._catheter.fit(contents, tubing == wire.TUBING_PRIMED)
        if kept and state.mode == wire.MODE_NONE:
            state.dose_ng_per_day = dose_ng_per_day

    def _read_implant(self, _order: "Order") -> "Prepared":
        state = self._state
        told = state.implanted_wall_s, state.catheter_mm, state.tubing_nl, state.depth_mm, state.site
        return wire.ANS_IMPLANTATION, wire.pack_implantation(*told, state.kept_catheter)

    def _set_clock(self, _order: "Order", wall_s: int) -> Change:
        old_s = self._clock.wall_s
        self._clock.set_wall(wall_s)

        def apply() -> None:
            self._log.add(wire.EVENT_CLOCK_SET, old_s, wall_s)
            self._alarms.clear_condition(wire.ALARM_CLOCK_LOST)
            self._infusion.replan()

        return Change(apply)
