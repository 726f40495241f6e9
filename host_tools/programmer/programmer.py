"""The programmer: one typed method for each verb."""

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Any

from host_tools.programmer import orders, readout, units
from host_tools.programmer.client import decode
from host_tools.programmer.errors import BadValue, LinkLost, NoDevice, ReadBackDiffers
from host_tools.programmer.flex import FlexProgram, Schedule, check_flex, flex_program
from host_tools.programmer.handover import Handover
from host_tools.programmer.implantation import check_implant, check_prime
from host_tools.programmer.memory import Memory
from host_tools.programmer.orders import Bolus, PatientBolus, Program, Refill
from host_tools.programmer.pairing import Pairing
from host_tools.programmer.texts import check_text
from host_tools.programmer.units import Number
from protocol import codes, messages, registry

PUMP_TUBING_ML = 0.140
DEPTH_MM = 20
DRUG = "baclofen"
LAST_SEQ = registry.field_of("LOG", "last_seq").most
LOG_PIECE = 12  # entries in an answer
PATIENCE_S = 5  # without telemetry for its period and this long, the pump is asked for it again


class Programmer(Memory, Pairing):
    """A programmer on one line. Reading needs no session, and ends no other's; a verb that changes the pump opens one.

    `checks=False` leaves all judgement of values to the pump.
    """

    def status(self) -> dict[str, Any]:
        """What the pump does and believes, settled to now; `signed` tells whether it was the pump that said so."""
        hello = self._signed_hello()
        status = readout.status_dict(self.read("STATUS"), hello)
        return status | {"signed": self._hello_signed and self.unsigned is None}

    def diagnostics(self) -> dict[str, Any]:
        """What the firmware runs on: `runtime`, and `free_bytes` (None where that is not known)."""
        return readout.diagnostics_dict(self.read("DIAGNOSTICS"))

    def log(self, since: int = 1) -> Iterator[dict[str, Any]]:
        """The events from number `since` on that the pump still has, oldest first, up to now."""
        return self._entries("LOG", since)

    def faults(self, since: int = 1) -> Iterator[dict[str, Any]]:
        """The same of the fault log, whose entries have numbers of their own."""
        return self._entries("FAULTS", since)

    def _entries(self, request: str, since: int) -> Iterator[dict[str, Any]]:
        end: int | None = None
        while end is None or since < end:
            answer = self.read(request, first_seq=since, last_seq=LAST_SEQ)
            end = end or answer["next_seq"]
            for entry in answer["entries"]:
                yield readout.event_dict(entry)
            if not answer["entries"]:
                return
            since = answer["entries"][-1]["seq"] + 1

    def log_backwards(self) -> Iterator[dict[str, Any]]:
        """The events that the pump still has, newest first."""
        bounds = self.read("LOG", first_seq=LAST_SEQ, last_seq=LAST_SEQ)
        end, oldest = bounds["next_seq"], bounds["oldest_seq"]
        while end > oldest:
            first = max(oldest, end - LOG_PIECE)
            entries = self.read("LOG", first_seq=first, last_seq=end - 1)["entries"]
            yield from map(readout.event_dict, reversed(entries))
            end = first

    def watch(
        self, period_s: int = 1, on_silence: Callable[[], None] = lambda: None
    ) -> Generator[dict[str, Any], None, None]:
        """Status at every telemetry message, with its number as `seq`, until the iterator is closed.

        Periods are of the pump's time, which may stand still. Whenever nothing came for a period and PATIENCE_S of the
        programmer's, the pump is asked anew; `on_silence` is called where it answers, and LinkLost raised where not.
        """
        self.read("SUBSCRIBE", period_s=period_s)
        status: dict[str, Any] = {}
        revision = None
        try:
            while True:
                frame = self._line.next_pushed(period_s + PATIENCE_S)
                if frame is None:
                    self.read("SUBSCRIBE", period_s=period_s)  # the pump restarted and forgot, or its time stands still
                    on_silence()
                    revision = None
                    continue
                if not self.believes(frame):
                    self.read("HELLO")  # another's, or the pump forgot for whom it signs
                    continue
                signed = self.unsigned is None
                fields = decode(frame)
                if fields["revision"] != revision:
                    status = self.status()
                    revision = fields["revision"]
                elif fields["uptime_s"] >= status["uptime_s"]:
                    status = readout.with_telemetry(status, fields)
                else:
                    continue  # was on its way when that status was read
                yield status | {"seq": frame.sequence, "signed": signed and status["signed"]}
        finally:
            with suppress(LinkLost, NoDevice):  # a lost line has no subscription
                self.read("SUBSCRIBE", period_s=0)

    def implant(
        self,
        catheter_cm: Number,
        pump_tubing_ml: Number = PUMP_TUBING_ML,
        site: str = "",
        depth_mm: int = DEPTH_MM,
        date: datetime | None = None,
        wall: datetime | None = None,
        override: bool = False,
        kept_catheter: bool = False,
    ) -> None:
        """Record the implantation at `date` (default: now); set the clock to `wall` (default: this computer's).

        `kept_catheter`: the catheter is an earlier pump's and full of its drug; only this pump's tubing is empty.
        """
        wall = wall or datetime.now().replace(microsecond=0)
        catheter_mm = units.mm_from_cm("catheter_cm", catheter_cm)
        tubing_nl = units.nl_from_ml("pump_tubing_ml", pump_tubing_ml)
        if self._checks:
            check_implant(catheter_mm, tubing_nl, depth_mm, override)
        with self.session():
            self.ask(
                "IMPLANT",
                wall_s=self._wall_s("wall", wall),
                implanted_wall_s=self._wall_s("date", date or wall),
                catheter_mm=catheter_mm,
                tubing_nl=tubing_nl,
                depth_mm=depth_mm,
                site=self._text("site", site, messages.SITE_BYTES),
                override="yes" if override else "no",
                kept_catheter="yes" if kept_catheter else "no",
            )

    def take_over(
        self,
        old: Handover,
        pump_tubing_ml: Number = PUMP_TUBING_ML,
        site: str | None = None,
        depth_mm: int | None = None,
        date: datetime | None = None,
        wall: datetime | None = None,
        override: bool = False,
    ) -> None:
        """Implant this pump on the catheter of another, with the patient's record of that one, in one session."""
        place: tuple[str, int] = (
            old.implant["site"] if site is None else site,
            old.implant["depth_mm"] if depth_mm is None else depth_mm,
        )
        texts = {field: text for field, text in old.patient.items() if text}
        self._encoded(texts)  # what no pump takes is said before anything is done
        with self.session():
            self.implant(old.implant["catheter_cm"], pump_tubing_ml, *place, date, wall, override, kept_catheter=True)
            self.write_records(texts)

    def refill(
        self,
        volume_ml: Number,
        concentration_mcg_per_ml: int,
        aspirated_ml: Number | None = None,
        drug: str = DRUG,
        bridge: bool = True,
    ) -> Refill:
        """Book that the reservoir was emptied (of `aspirated_ml`, if that was measured) and filled.

        When the concentration changes, the old program runs on until the old drug in tubing and catheter is out (the
        bridge), and a program for the new one takes over then. `bridge=False` leaves that out: minimum rate, at once.
        """
        volume_nl = units.nl_from_ml("volume_ml", volume_ml)
        aspirated_nl = None if aspirated_ml is None else units.nl_from_ml("aspirated_ml", aspirated_ml)
        status = self.status()
        if self._checks:
            orders.check_refill(volume_nl, concentration_mcg_per_ml, aspirated_nl, status)
        bridge_nl = orders.bridge_nl(status, concentration_mcg_per_ml) if bridge else None
        with self.session():
            answer = self.ask(
                "REFILL",
                volume_nl=volume_nl,
                concentration_mcg_per_ml=concentration_mcg_per_ml,
                aspirated_nl=messages.NONE32 if aspirated_nl is None else aspirated_nl,
                bridge_nl=messages.NONE32 if bridge_nl is None else bridge_nl,
                drug=self._text("drug", drug, messages.DRUG_BYTES),
            )
        last_filled_nl = readout.unless(answer["last_filled_nl"], messages.NONE32)
        return Refill(answer["expected_nl"], aspirated_nl, volume_nl, last_filled_nl, bridge_nl)

    def plan_prime(self, volume_ml: Number | None = None) -> int:
        """The nL of a prime (default: what is not primed yet). Orders nothing."""
        status = self.status()
        volume_nl = status["unprimed_nl"] if volume_ml is None else units.nl_from_ml("volume_ml", volume_ml)
        if self._checks:
            check_prime(volume_nl, status)
        return volume_nl

    def prime(self, volume_ml: Number | None = None) -> int:
        """Fill tubing and catheter at the highest rate. Returns the nL ordered."""
        volume_nl = self.plan_prime(volume_ml)
        self._do("PRIME", volume_nl=volume_nl)
        return volume_nl

    def plan_bolus(self, dose_mcg: Number, over_s: int) -> Bolus:
        """The single bolus of this dose, of the drug in the reservoir. Orders nothing."""
        status = self.status()
        if self._checks:
            orders.check_bolus(dose_mcg, over_s, status)
        dose_ng = units.ng_from_mcg("dose_mcg", dose_mcg)
        concentration = status["concentration_mcg_per_ml"] or 1  # unfilled: refused whatever it says
        return Bolus(dose_ng, over_s, concentration, orders.volume_nl(dose_ng, concentration))

    def bolus(self, dose_mcg: Number, over_s: int) -> None:
        """Give a single bolus on top of the basal rate."""
        planned = self.plan_bolus(dose_mcg, over_s)
        self._do("BOLUS", dose_ng=planned.dose_ng, over_s=over_s)

    def cancel_bolus(self) -> None:
        """End the bolus that is being given; the basal rate goes on."""
        self._do("CANCEL_BOLUS")

    def patient_bolus(self) -> None:
        """Ask, as the patient, for the bolus that a clinician allowed."""
        with self.session("patient"):
            self.ask("PATIENT_BOLUS")

    def patient_bolus_settings(self) -> PatientBolus:
        """What the patient may ask for."""
        fields = self.read("PATIENT_BOLUS_SETTINGS")
        return PatientBolus(*(fields[name] for name in PatientBolus._fields))

    def set_patient_bolus(self, dose_mcg: Number, over_s: int, lockout_s: int, per_day: int) -> None:
        """Set what the patient may ask for; `per_day` 0 allows none."""
        wanted = PatientBolus(units.ng_from_mcg("dose_mcg", dose_mcg), over_s, lockout_s, per_day)
        if self._checks:
            orders.check_patient_bolus(wanted)
        self._do("SET_PATIENT_BOLUS", **wanted._asdict())

    def plan(
        self, dose_mcg_per_day: Number, concentration_mcg_per_ml: int | None = None, override: bool = False
    ) -> Program:
        """The simple program for this dose, by default of the drug in the reservoir. Orders nothing."""
        status = self.status()
        concentration = concentration_mcg_per_ml or status["concentration_mcg_per_ml"]
        program = orders.simple_program(dose_mcg_per_day, concentration or 1)  # unfilled: refused whatever it says
        if self._checks:
            orders.check_program(program, status, override)
        return program

    def program_simple(
        self, dose_mcg_per_day: Number, concentration_mcg_per_ml: int | None = None, override: bool = False
    ) -> Program:
        """Order the same dose all day. Returns the program that now runs. `override` accepts a soft limit."""
        after_commit = self.commits()
        program = self.plan(dose_mcg_per_day, concentration_mcg_per_ml, override)
        self.order(program, after_commit, override)
        return program

    def plan_flex(self, schedule: Schedule, override: bool = False) -> FlexProgram:
        """The flex program of a schedule, for the drug in the reservoir. Orders nothing."""
        status = self.status()
        program = flex_program(schedule, status["concentration_mcg_per_ml"] or 1)  # unfilled: refused in any case
        if self._checks:
            check_flex(program, status, override)
        return program

    def program_flex(self, schedule: Schedule, override: bool = False) -> FlexProgram:
        """Order a week of steps. Returns the program that now runs. `override` accepts a soft limit."""
        after_commit = self.commits()
        program = self.plan_flex(schedule, override)
        self.order(program, after_commit, override)
        return program

    def order(self, program: Program | FlexProgram, after_commit: int, override: bool = False) -> None:
        """Stage `program`, compare what the pump reads back, and commit exactly that.

        `after_commit` is what `commits` said when the program was compared with the old one: the pump refuses it as
        `inconsistent` when another was committed since.
        """
        head, days = (program, ()) if isinstance(program, Program) else (program.head, program.days)
        rows = [{"day": day, "steps": [step._asdict() for step in steps]} for day, steps in enumerate(days)]
        meant = messages.Program.build(head._asdict()) + b"".join(map(messages.Day.build, rows))
        digest = sha256(meant).digest()[: messages.DIGEST_BYTES]
        with self.session():
            self.ask("STAGE", **head._asdict())
            for row in rows:
                self.ask("STAGE_DAY", **row)
            back = self.ask("READ_BACK")
            staged = Program(*(back["program"][name] for name in Program._fields))
            same_days = all(self.ask("READ_DAY", day=row["day"])["steps"] == row["steps"] for row in rows)
            if staged != head or not same_days or back["digest"] != digest:
                raise ReadBackDiffers(
                    f"the pump read back {staged}, not {head}, or another week; "
                    "nothing was committed, the old program goes on"
                )
            self.ask("COMMIT", digest=digest, override="yes" if override else "no", after_commit=after_commit)

    def stop(self) -> None:
        """Stop delivery."""
        self._do("STOP")

    def minimum_rate(self) -> None:
        """Deliver at the minimum rate; the committed program is kept for `resume`."""
        self._do("MINIMUM_RATE")

    def resume(self) -> None:
        """Deliver by the committed program again."""
        self._do("RESUME")

    def silence(self, alarm: str = "all") -> None:
        """Silence one alarm by its name, or all."""
        if alarm != "all" and alarm not in codes.ALARM:
            raise BadValue(f"alarm {alarm!r} does not exist; alarms are all, {', '.join(codes.ALARM)}")
        self._do("SILENCE", alarm=alarm)

    def limits(
        self,
        max_dose_mcg_per_day: int | None = None,
        max_bolus_mcg: int | None = None,
        max_change_percent: int | None = None,
    ) -> None:
        """Set the pump's limits for programs to come; None leaves one as it is."""
        values = dict(zip(orders.LIMITS, (max_dose_mcg_per_day, max_bolus_mcg, max_change_percent), strict=True))
        if self._checks:
            orders.check_limits({name: limit for name, limit in values.items() if limit is not None})
        self._do("LIMITS", **{name: messages.NONE32 if limit is None else limit for name, limit in values.items()})

    def alarm_settings(
        self,
        critical_interval_s: int | None = None,
        non_critical_interval_s: int | None = None,
        stopped_after_s: int | None = None,
        low_reservoir_ml: Number | None = None,
    ) -> None:
        """Set how often the alarms sound, after how long a stop, and below which volume; None leaves one as it is."""
        low_nl = None if low_reservoir_ml is None else units.nl_from_ml("low_reservoir_ml", low_reservoir_ml)
        given = (critical_interval_s, non_critical_interval_s, stopped_after_s, low_nl)
        wanted = {name: value for name, value in zip(codes.ALARM_SETTING, given, strict=True) if value is not None}
        if self._checks:
            orders.check_alarm_settings(wanted, self.status()["limits"]["capacity_nl"])
        self._do("ALARM_SETTINGS", **dict.fromkeys(codes.ALARM_SETTING, messages.NONE32) | wanted)

    def demo_alarm(self, alarm_class: str) -> None:
        """Sound the tone of `critical` or `non_critical` alarms once."""
        if alarm_class not in codes.CLASS:
            raise BadValue(f"alarm class {alarm_class!r} does not exist; classes are {', '.join(codes.CLASS)}")
        self._do("DEMO_ALARM", alarm_class=alarm_class)

    def set_clock(self, wall: datetime | None = None) -> None:
        """Set the pump's wall clock to `wall` (default: this computer's)."""
        wall = wall or datetime.now().replace(microsecond=0)
        self._do("SET_CLOCK", wall_s=self._wall_s("wall", wall))

    def _wall_s(self, name: str, moment: datetime) -> int:
        return units.wall_s(name, moment, units.WALL.most if self._checks else units.WALL.carries)

    def _text(self, name: str, text: str, size: int) -> bytes:
        """A text of one line, as the wire has it."""
        name = units.option(name)
        if self._checks:
            check_text(name, text)
        data = text.encode()
        if len(data) > size:
            raise BadValue(f"{name} {text!r} is {len(data)} bytes long; at most {size} fit")
        return data + bytes(size - len(data))

    def _do(self, name: str, **fields: Any) -> None:
        with self.session():
            self.ask(name, **fields)
