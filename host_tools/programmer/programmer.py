"""The programmer: one typed method for each verb. The work is done by the module of the verb's subject."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Self, Unpack

from construct import Container

from host_tools.programmer import (
    bolus,
    commit,
    history,
    implantation,
    pairing,
    patientrecord,
    reading,
    refill,
    settings,
)
from host_tools.programmer.bolus import Bolus, PatientBolus
from host_tools.programmer.client import Client
from host_tools.programmer.discovery import find_port
from host_tools.programmer.entry_json import diagnostics_json
from host_tools.programmer.flex import FlexProgram, Schedule
from host_tools.programmer.handover import Handover
from host_tools.programmer.implantation import DEPTH_MM, PUMP_TUBING_ML, Catheter, Tubing
from host_tools.programmer.keystore import PumpKeys
from host_tools.programmer.options import Options, with_user_defaults
from host_tools.programmer.program import Program
from host_tools.programmer.reading import Watch
from host_tools.programmer.refill import DRUG, Contents, Refill
from host_tools.programmer.status import Hello, Status
from host_tools.programmer.transport import SerialTransport, Transport
from host_tools.programmer.units import Number


class Programmer:
    """A programmer of one pump. Reading needs no session, and ends no other; a verb that changes the pump opens one."""

    def __init__(self, transport: Transport, *, serial: str | None = None, **options: Unpack[Options]) -> None:
        self._client = Client(transport, serial=serial, **options)

    @classmethod
    def open(cls, url: str = "auto", serial: str | None = None, **options: Unpack[Options]) -> Self:
        """Connect to what pyserial opens at `url`, or to the only pump in sight (of this serial number, where it is
        known beforehand). The user's key file and time-out are taken where no other is given."""
        address = find_port(serial) if url == "auto" else url
        options = with_user_defaults(options, address)
        return cls(SerialTransport(address), serial=serial, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the transport."""
        self._client.close()

    def hello(self, anew: bool = False) -> Hello:
        """The identity of the pump; asked once, unless `anew`. ProtocolMismatch when its message tables are others."""
        return self._client.hello(anew)

    def session(self, role: str | None = None) -> AbstractContextManager[None]:
        """Keep one session for all verbs in the block, in a role (default: the programmer's)."""
        return self._client.session(role)

    def ask(self, name: str, **fields: Any) -> Container:
        """Send a request with the wire's own values, unchecked, and decode the answer. Refused when it says no."""
        return self._client.ask(name, **fields)

    @property
    def unsigned_reason(self) -> str | None:
        """The reason why what was read last is unsigned, so that anybody could have sent it; None if it was signed."""
        return self._client.unsigned_reason

    # Reading

    def status(self) -> Status:
        """The status of the pump, settled to now; `signed` is True where the pump signed it."""
        return reading.read_status(self._client)

    def watch(self, period_s: int = 1, on_silence: Callable[[], None] = lambda: None) -> Watch:
        """The status at every telemetry message, with its number as `seq`, until the generator is closed. When
        none came in time, the pump is asked anew: `on_silence` is called if it answers, LinkLost raised if not."""
        return reading.watch(self._client, period_s, on_silence)

    def diagnostics(self) -> dict[str, Any]:
        """Interpreter and memory of the firmware: `runtime`, and `free_bytes` (None where that is not known)."""
        return diagnostics_json(self._client.read("DIAGNOSTICS"))

    def log(self, since: int = 1) -> Iterator[dict[str, Any]]:
        """The events from number `since` on that the pump still has, oldest first, up to now."""
        return history.log_entries(self._client, "LOG", since)

    def faults(self, since: int = 1) -> Iterator[dict[str, Any]]:
        """The same of the fault log, whose entries have numbers of their own."""
        return history.log_entries(self._client, "FAULTS", since)

    def log_backwards(self) -> Iterator[dict[str, Any]]:
        """The events that the pump still has, newest first."""
        return history.log_backwards(self._client)

    def titration(self) -> list[dict[str, Any]]:
        """The committed daily doses that the pump still has (64), oldest first."""
        return history.titration(self._client)

    def commits(self) -> int:
        """The number of the newest commit, 0 before the first: it tells which program is in force."""
        return history.newest_commit(self._client)

    def running_program(self) -> Program | FlexProgram | None:
        """The committed program, which runs or which `resume` would run; None before the first."""
        return history.running_program(self._client)

    # Therapy

    def implant(
        self,
        catheter_cm: Number,
        pump_tubing_ml: Number = PUMP_TUBING_ML,
        site: str = "",
        depth_mm: int = DEPTH_MM,
        date: datetime | None = None,
        wall: datetime | None = None,
        override: bool = False,
        catheter: Catheter | None = None,
        tubing: Tubing = "empty",
        catheter_mcg_per_ml: int | None = None,
    ) -> None:
        """Record the implantation; set the clock to `wall` (default: this computer's).

        The line holds nothing with a `new` catheter; with the `same`, a word of the record is put right and no drug
        moves; a `kept` one is an earlier pump's and full of `catheter_mcg_per_ml` (`take_over` knows that itself).
        By default the first catheter is new, and one of the same length the same: BadValue where it can be either. The
        pump's own `tubing` is empty, or primed from its first filling. `date` defaults to now, of the same catheter to
        the date on record."""
        held = implantation.held_of(catheter, catheter_cm, catheter_mcg_per_ml)
        place = (site, depth_mm, date, wall, override)
        implantation.implant(self._client, catheter_cm, pump_tubing_ml, *place, catheter, tubing, held)

    def implant_record(self) -> dict[str, Any]:
        """The implantation as `implant` recorded it last, in its units, and its date (None: not implanted)."""
        return implantation.implant_record(self._client)

    def handover(self) -> Handover:
        """The implantation, the line, the dose and the patient record of this pump, for the next one."""
        return implantation.handover(self._client)

    def take_over(
        self,
        old: Handover,
        pump_tubing_ml: Number = PUMP_TUBING_ML,
        site: str | None = None,
        depth_mm: int | None = None,
        date: datetime | None = None,
        wall: datetime | None = None,
        override: bool = False,
        tubing: Tubing = "empty",
        catheter_mcg_per_ml: int | None = None,
    ) -> None:
        """Implant this pump on the catheter of another, with what that holds and the patient record, in one session.
        Where that pump did not say what its line holds, `catheter_mcg_per_ml` must."""
        place = (site, depth_mm, date, wall, override)
        implantation.take_over(self._client, old, pump_tubing_ml, *place, tubing, catheter_mcg_per_ml)

    def refill(
        self,
        volume_ml: Number,
        concentration_mcg_per_ml: int,
        aspirated_ml: Number | None = None,
        drug: str = DRUG,
        bridge: bool = True,
    ) -> Refill:
        """Book that the reservoir was emptied (of `aspirated_ml`, if that was measured) and filled, with 0 mcg/mL
        without drug. The dose goes on, at whatever concentration stands at the tip. `bridge=False`: the line is known
        to hold the new drug already."""
        return refill.refill(self._client, volume_ml, concentration_mcg_per_ml, aspirated_ml, drug, bridge)

    def correct(
        self,
        concentration_mcg_per_ml: int | None = None,
        volume_ml: Number | None = None,
        line: Contents | None = None,
        override: bool = False,
    ) -> None:
        """Put right what was recorded of the newest filling: no drug moves, the dose stays, and the rate follows at
        once. `line` is what the line holds, (mL, mcg/mL) of each parcel from the tip back, after a draw or an
        injection at the catheter's port. `override` accepts a concentration more than four times away."""
        refill.correct(self._client, concentration_mcg_per_ml, volume_ml, line, override)

    def plan_prime(self, volume_ml: Number | None = None) -> int:
        """The nL of a prime (default: what is not primed yet). Orders nothing."""
        return implantation.plan_prime(self._client, volume_ml)

    def prime(self, volume_ml: Number | None = None) -> int:
        """Fill tubing and catheter at the highest rate. Returns the nL ordered."""
        return implantation.prime(self._client, volume_ml)

    def plan_bolus(self, dose_mcg: Number, over_s: int) -> Bolus:
        """The single bolus of this dose, of the drug in the reservoir. Orders nothing."""
        return bolus.plan_bolus(self._client, dose_mcg, over_s)

    def bolus(self, dose_mcg: Number, over_s: int) -> None:
        """Give a single bolus on top of the basal rate."""
        bolus.give_bolus(self._client, dose_mcg, over_s)

    def cancel_bolus(self) -> None:
        """End the bolus that is being given; the basal rate goes on."""
        self._client.change("CANCEL_BOLUS")

    def patient_bolus(self) -> None:
        """Ask, as the patient, for the bolus that a clinician allowed."""
        bolus.give_patient_bolus(self._client)

    def patient_bolus_settings(self) -> PatientBolus:
        """The bolus that the patient may ask for."""
        return bolus.patient_bolus_settings(self._client)

    def set_patient_bolus(self, dose_mcg: Number, over_s: int, lockout_s: int, per_day: int) -> None:
        """Set the bolus that the patient may ask for; `per_day` 0 allows none."""
        bolus.set_patient_bolus(self._client, dose_mcg, over_s, lockout_s, per_day)

    def plan(
        self, dose_mcg_per_day: Number, concentration_mcg_per_ml: int | None = None, override: bool = False
    ) -> Program:
        """The simple program for this dose, by default of the drug in the reservoir. Orders nothing."""
        return commit.plan_simple(self._client, dose_mcg_per_day, concentration_mcg_per_ml, override)

    def program_simple(
        self, dose_mcg_per_day: Number, concentration_mcg_per_ml: int | None = None, override: bool = False
    ) -> Program:
        """Order the same dose all day. Returns the program that now runs. `override` accepts a soft limit."""
        return commit.program_simple(self._client, dose_mcg_per_day, concentration_mcg_per_ml, override)

    def plan_flex(self, schedule: Schedule, override: bool = False) -> FlexProgram:
        """The flex program of a schedule, for the drug in the reservoir. Orders nothing."""
        return commit.plan_flex(self._client, schedule, override)

    def program_flex(self, schedule: Schedule, override: bool = False) -> FlexProgram:
        """Order a week of steps. Returns the program that now runs. `override` accepts a soft limit."""
        return commit.program_flex(self._client, schedule, override)

    def order(self, program: Program | FlexProgram, after_commit: int, override: bool = False) -> None:
        """Stage `program`, compare what the pump reads back, and commit exactly that. `after_commit` is what
        `commits` gave when the program was compared with the old one: the pump refuses it as `inconsistent` when
        another was committed since."""
        commit.order(self._client, program, after_commit, override)

    def stop(self) -> None:
        """Stop delivery."""
        self._client.change("STOP")

    def minimum_rate(self) -> None:
        """Deliver at the minimum rate; the committed program is kept for `resume`."""
        self._client.change("MINIMUM_RATE")

    def resume(self, override: bool = False) -> None:
        """Deliver by the committed program again. `override` accepts a full dose after 48 h without any."""
        self._client.change("RESUME", override="yes" if override else "no")

    # Alarms and settings

    def silence(self, alarm: str = "all") -> None:
        """Silence one alarm by its name, or all."""
        settings.silence(self._client, alarm)

    def limits(
        self,
        max_dose_mcg_per_day: int | None = None,
        max_bolus_mcg: int | None = None,
        max_change_percent: int | None = None,
    ) -> None:
        """Set the pump's limits for programs to come; None leaves one as it is."""
        settings.set_limits(self._client, max_dose_mcg_per_day, max_bolus_mcg, max_change_percent)

    def alarm_settings(
        self,
        critical_interval_s: int | None = None,
        non_critical_interval_s: int | None = None,
        stopped_after_s: int | None = None,
        low_reservoir_ml: Number | None = None,
    ) -> None:
        """Set how often the alarms sound, after how long a stop, and below which volume; None leaves one as it is."""
        settings.set_alarms(
            self._client, critical_interval_s, non_critical_interval_s, stopped_after_s, low_reservoir_ml
        )

    def demo_alarm(self, alarm_class: str) -> None:
        """Sound the tone of `critical` or `non_critical` alarms once."""
        settings.demo_alarm(self._client, alarm_class)

    def set_clock(self, wall: datetime | None = None) -> None:
        """Set the pump's wall clock to `wall` (default: this computer's)."""
        settings.set_clock(self._client, wall)

    # Patient record and keys

    def records(self) -> dict[str, str]:
        """The patient record, all fields, those never written empty. Refused when the pump's copies are corrupt."""
        return patientrecord.read_records(self._client)

    def write_record(self, field: str, text: str) -> None:
        """Write one text of the patient record; an empty one deletes it."""
        self.write_records({field: text})

    def write_records(self, texts: Mapping[str, str]) -> None:
        """Write several texts in one session; BadValue, before any is written, for one that no pump takes."""
        patientrecord.write_records(self._client, texts)

    def records_with(self, texts: Mapping[str, str], lines: Iterable[tuple[str, str]]) -> dict[str, str]:
        """`texts`, with each (dated field, line) at the end of its field and of the pump's day; nothing is written."""
        return patientrecord.with_lines(self._client, texts, lines)

    def pair(self) -> PumpKeys:
        """Give a pump that is opened by the test key one of its own. Refused where it has one already."""
        return pairing.pair(self._client)

    def rotate_key(self) -> PumpKeys:
        """Replace the pump's own key by a new one."""
        return pairing.rotate_key(self._client)

    def reset_key(self) -> int:
        """Ask a pump whose key is lost to go back to the test key. Seconds left to wait; 0 when it has."""
        return pairing.reset_key(self._client)
