"""The state that outlives a loss of power, beside the ledger: orders, records of the implant, and alarms."""

from firmware import wire
from firmware.guard import LIVE_DICT
from firmware.records import formerstate, slots
from firmware.records.record import Record
from firmware.records.statefields import (
    ALARMS,
    FIELDS,
    LAYOUT,
    OUTLIVES_ORDERS,
    PARCELS,
    PAST_DOSES,
    PATIENT_BOLUSES,
    THERAPIES,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from hal.contract import Store

    PastDose = tuple[int, int, int]
    """(since_s, lowest, highest ng/day) as titration.py keeps it."""
    Parcel = tuple[int, int]
    """(mcg/mL, booked step at which its end passes the tip) as catheter.py keeps it."""

NEVER = wire.NONE32


class State:
    """The fields above as attributes, and four lists: `alarms` has [condition and silence, since_s] for each of
    ALARMS, `past_doses` the PAST_DOSES that titration.py keeps, `patient_boluses_s` when the newest PATIENT_BOLUSES
    that the patient asked for began, newest first, `line` up to PARCELS that catheter.py keeps, from the tip back.

    `concentration_mcg_per_ml` and `program_drug` belong to the committed program, `drug_mcg_per_ml` and `drug` to what
    is in the reservoir. `week` is where the program's week is kept, 1 to 3, and 0 when it has none;
    `highest_dose_ng` is what the program gives in
    the worst 24 hours. `program_confirmed` is FLAG_NO from a change of concentration until the next commit, `lapsed`
    FLAG_YES from 48 hours without delivery until an order that accepts it. `line_unknown_steps` were unknown in the
    ledger when the edge of the newest filling was told, NEVER where that is not known. Before the first program of a
    pump that took over a catheter `dose_ng_per_day` is that of the pump before it.
    `commits` counts the programs committed. `last_bolus...` are the newest single or patient's bolus, which may still
    be given; `refill_...` what the newest refill was told as, and answered with. `unbooked` is FLAG_YES while more was
    delivered than the store takes into the ledger; `lived` since every record was written once: one that is missing
    from then on is lost.
    `wall_offset_s` is wall time minus uptime, valid while `clock` is FLAG_YES. Change fields,
    set `changed`, and `keep`; what else changes them, a flipped bit, `intact` finds.
    """

    uptime_s: int
    therapy: int
    mode: int
    concentration_mcg_per_ml: int
    dose_ng_per_day: int
    rate_nl_per_day: int
    week: int
    highest_dose_ng: int
    drug_mcg_per_ml: int
    filled_nl: int
    filled_at_steps: int
    last_refill_s: int
    refills: int
    stopped_since_s: int
    eri_s: int
    eos_s: int
    clock: int
    wall_offset_s: int
    implanted_wall_s: int
    catheter_mm: int
    tubing_nl: int
    depth_mm: int
    site: bytes
    sessions: int
    max_dose_mcg_per_day: int
    max_bolus_mcg: int
    max_change_percent: int
    drug: bytes
    prime_from_steps: int
    prime_until_steps: int
    bolus: int
    bolus_nl: int
    bolus_from_s: int
    bolus_until_s: int
    bolus_missed: int
    last_bolus: int
    last_bolus_ng: int
    last_bolus_delivered_ng: int
    last_bolus_s: int
    patient_dose_ng: int
    patient_over_s: int
    patient_lockout_s: int
    patient_per_day: int
    commits: int
    kept_catheter: int
    critical_interval_s: int
    non_critical_interval_s: int
    stopped_after_s: int
    low_reservoir_nl: int
    refill_aspirated_nl: int
    refill_expected_nl: int
    refill_last_filled_nl: int
    unbooked: int
    lived: int
    program_confirmed: int
    lapsed: int
    line_unknown_steps: int
    program_drug: bytes
    patient_boluses_s: list[int]
    past_doses: "list[PastDose]"
    line: "list[Parcel]"
    alarms: list[list[int]]

    def __init__(self, store: "Store", config: "Config", others_found: bool) -> None:
        """`others_found`: other records of a pump are in the store. One without any is new, and writes this one first,
        so that a cut in a pump's very first write leaves a new pump."""
        self._record = Record(store, slots.STATE, LAYOUT)
        self._config = config
        self._manufactured()
        values = self._record.load()
        former = formerstate.load(self._record, config) if values is None else None
        self.lost = values is None and former is None and (others_found or not self._record.blank)
        if values is not None:
            self._set(values)
        elif former is not None:
            self._take_former(*former)
        elif self.lost:
            self.therapy = wire.THERAPY_SAFE_STATE
            self.lived = wire.FLAG_YES
        self._unsaved = False  # of the record, which the store did not take
        self._copy = _Copy()
        self._settle(self._values())
        self._copy.names = tuple(sorted(self._copy.attributes))
        if values is None and not self.lost:
            self.commit(0)

    def _take_former(self, named: dict, lists: list, line: "list[Parcel]", alarms: list) -> None:
        self.line = line
        parcels = self._values()[-2 * (PARCELS + len(ALARMS)) : -2 * len(ALARMS)]
        self._set([named[name] for name, _ in FIELDS] + lists + parcels + alarms)

    def _manufactured(self) -> None:
        config = self._config
        for name, _ in FIELDS:
            setattr(self, name, 0)
        self.therapy = wire.THERAPY_UNFILLED
        self.mode = wire.MODE_NONE
        self.bolus = self.last_bolus = wire.BOLUS_NONE
        self.last_bolus_s = NEVER
        self.unbooked = self.lived = self.clock = self.kept_catheter = self.lapsed = wire.FLAG_NO
        self.program_confirmed = wire.FLAG_YES
        self.drug = self.program_drug = bytes(12)
        self.last_refill_s = self.stopped_since_s = self.eri_s = self.eos_s = self.implanted_wall_s = NEVER
        self.site = bytes(24)
        self._take_limits()
        self.patient_boluses_s = [NEVER] * PATIENT_BOLUSES
        self.critical_interval_s = config.critical_interval_s
        self.non_critical_interval_s = config.non_critical_interval_s
        self.stopped_after_s = config.stopped_alarm_after_s
        self.low_reservoir_nl = config.low_reservoir_nl
        self.past_doses = [(NEVER, 0, 0)] * PAST_DOSES
        self.line = []
        self.alarms = [[0, 0] for _ in ALARMS]

    def _take_limits(self) -> None:
        config = self._config
        self.max_dose_mcg_per_day = config.max_dose_mcg_per_day
        self.max_bolus_mcg = config.max_bolus_mcg
        self.max_change_percent = config.max_change_percent

    def _values(self) -> list:
        values = [getattr(self, name) for name, _ in FIELDS] + self.patient_boluses_s
        for entry in self.past_doses + self.line + [(0, 0)] * (PARCELS - len(self.line)) + self.alarms:
            values.extend(entry)
        return values

    def _settle(self, values: list) -> None:
        """These are the fields, until the next `keep`."""
        self._kept = values
        self.changed = False
        copy = self._copy
        copy.attributes = dict(self.__dict__)
        copy.alarms = [list(entry) for entry in self.alarms]
        copy.past_doses = list(self.past_doses)
        copy.line = list(self.line)
        copy.patient_boluses_s = list(self.patient_boluses_s)

    def _set(self, values: "list | tuple") -> None:
        count = len(FIELDS)
        for i in range(count):
            setattr(self, FIELDS[i][0], values[i])
        doses_at = count + PATIENT_BOLUSES
        line_at = doses_at + 3 * PAST_DOSES
        alarms_at = line_at + 2 * PARCELS
        self.patient_boluses_s = list(values[count:doses_at])
        self.past_doses = [tuple(values[i : i + 3]) for i in range(doses_at, line_at, 3)]
        parcels = [(values[i], values[i + 1]) for i in range(line_at, alarms_at, 2)]
        self.line = [parcel for parcel in parcels if parcel[1]]
        self.alarms = [[values[i], values[i + 1]] for i in range(alarms_at, len(values), 2)]

    @property
    def revision(self) -> int:
        """Rises with every change that was kept; wraps at 65536."""
        return self._record.sequence & 0xFFFF

    def commit(self, uptime_s: int) -> bool:
        """Make the changes permanent, as of this uptime. False when the store failed.

        After a loss (`lost`) nothing is written, so that what is left of the old record stays as it is, until a
        programmer's order replaces it and clears `lost`.
        """
        self.uptime_s = uptime_s
        values = self._values()
        if not self.lost and not self._record.save_both(*values):
            return False
        self._unsaved = False
        self._settle(values)
        return True

    @property
    def unsaved(self) -> bool:
        """True while the store has not taken what is in force."""
        return self._unsaved

    def continue_unsaved(self) -> None:
        """Go on with changes that the store did not take."""
        self._unsaved = True
        self._settle(self._values())

    @property
    def intact(self) -> bool:
        """True if nothing changed since the last `keep`. At the start of a wake anything that did is a fault."""
        copy = self._copy
        return (
            self._same(copy.attributes)
            and self.alarms == copy.alarms
            and self.past_doses == copy.past_doses
            and self.line == copy.line
            and self.patient_boluses_s == copy.patient_boluses_s
        )

    def _same(self, attributes: dict) -> bool:
        if LIVE_DICT:
            return self.__dict__ == attributes
        for name in self._copy.names:  # noqa: SIM110 - a generator would take memory
            if getattr(self, name) != attributes[name]:
                return False
        return True

    def restore(self) -> bool:
        """Take all fields from the record again. False when it is corrupt, or older than what was in RAM."""
        values = None if self._unsaved else self._record.load()
        if values is None:
            return False
        self.lost = False
        self._set(values)
        self._settle(values)
        return True

    def forget(self) -> None:
        """The orders are lost, and a programmer must give them anew. Dates, records and alarms stay."""
        outlive = [(name, getattr(self, name)) for name in OUTLIVES_ORDERS]
        self._manufactured()
        for name, value in outlive:
            setattr(self, name, value)
        if self.therapy not in THERAPIES:
            self.therapy = wire.THERAPY_SAFE_STATE
        self.changed = True

    @property
    def valid(self) -> bool:
        """True if both copies of the record still are as they were written, and the same."""
        return self.lost or self._record.paired

    def rewrite(self) -> bool:
        """Write both copies anew. False when the store failed."""
        return self._record.save_both(*self._kept)

    def revert(self) -> None:
        """Take back what was not kept, but for the alarms: what sounds goes on, whatever the store does."""
        alarms = self.alarms
        self._set(self._kept)
        self.alarms = alarms
        self.continue_unsaved()


class _Copy:
    """Of the state, in RAM: apart from it, as it holds all that the state does."""

    def __init__(self) -> None:
        self.attributes = {}
        self.names = ()
        self.alarms = []
        self.past_doses = []
        self.line = []
        self.patient_boluses_s = []
