"""Implantation of pump, tubing and catheter, and the prime after it, with their checks before they are sent."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from construct import Container

from host_tools.programmer import units
from host_tools.programmer.client import Client
from host_tools.programmer.entry_json import implant_json
from host_tools.programmer.errors import BadValue, Refused
from host_tools.programmer.flex import head_of
from host_tools.programmer.handover import Handover
from host_tools.programmer.history import running_program
from host_tools.programmer.patientrecord import encoded_records, read_records, write_records
from host_tools.programmer.ranges import check_range
from host_tools.programmer.reading import read_status
from host_tools.programmer.refill import Contents, parcels_of
from host_tools.programmer.status import Status
from host_tools.programmer.texts import encode_text
from host_tools.programmer.units import MM_PER_CM, NL_PER_ML, Number, mm_from_cm, ng_from_mcg, nl_from_ml
from protocol.messages import NONE32, SITE_BYTES

Catheter = Literal["new", "same", "kept"]
"""Which catheter is told of: a new one, the one on record (of which a word is put right), or an earlier pump's."""
Tubing = Literal["empty", "primed"]

PUMP_TUBING_ML = 0.140
DEPTH_MM = 20
MAX_DEPTH_MM = 25
CATHETER_NL_PER_CM = 2200
"""Usual volume of a catheter (docs/sources.md, SEED-39)."""
LARGEST_USUAL_LINE_NL = 382_000
"""The pump's own tubing of 0.140 mL and a catheter of 110 cm: more is likelier a slip than a line."""


def implant(
    client: Client,
    catheter_cm: Number,
    pump_tubing_ml: Number,
    site: str,
    depth_mm: int,
    date: datetime | None,
    wall: datetime | None,
    override: bool,
    catheter: Catheter | None,
    tubing: Tubing,
    held: Contents = (),
    dose_ng_per_day: int = 0,
) -> None:
    """Record the implantation and set the clock. `held` and the dose are of a kept catheter."""
    wall = wall or datetime.now().replace(microsecond=0)
    catheter_mm = mm_from_cm("catheter_cm", catheter_cm)
    tubing_nl = nl_from_ml("pump_tubing_ml", pump_tubing_ml)
    if client.checks:
        check_implant(catheter_mm, tubing_nl, depth_mm, override)
    with client.session():
        record = client.ask("READ_IMPLANT")
        told = catheter or _only_possible(record, catheter_mm, tubing_nl)
        recorded_s = record["implanted_wall_s"]
        keeps_date = told == "same" and date is None and recorded_s != NONE32
        client.ask(
            "IMPLANT",
            wall_s=units.wall_s("wall", wall, client.checks),
            implanted_wall_s=recorded_s if keeps_date else units.wall_s("date", date or wall, client.checks),
            catheter_mm=catheter_mm,
            tubing_nl=tubing_nl,
            depth_mm=depth_mm,
            site=encode_text("site", site, SITE_BYTES, client.checks),
            override="yes" if override else "no",
            catheter=told,
            tubing=tubing,
            dose_ng_per_day=dose_ng_per_day,
            parcels=parcels_of(held),
        )


def _only_possible(record: Container, catheter_mm: int, tubing_nl: int) -> Catheter:
    """The catheter where nobody says which it is: the first one is new, one of the same length the same."""
    if record["implanted_wall_s"] == NONE32:
        return "new"
    if (record["catheter_mm"], record["tubing_nl"]) == (catheter_mm, tubing_nl):
        return "same"
    raise BadValue(
        f"{record['catheter_mm'] / 10:g} cm of catheter and {record['tubing_nl'] / 1e6:g} mL of tubing are on record; "
        "is this a new catheter, or a word of the same put right? Say which: --catheter new, or --catheter same"
    )


def take_over(
    client: Client,
    old: Handover,
    pump_tubing_ml: Number,
    site: str | None,
    depth_mm: int | None,
    date: datetime | None,
    wall: datetime | None,
    override: bool,
    tubing: Tubing,
    catheter_mcg_per_ml: int | None,
) -> None:
    """Implant this pump on the catheter of another, with the patient record of that one, in one session."""
    place: tuple[str, int] = (
        old.implant["site"] if site is None else site,
        old.implant["depth_mm"] if depth_mm is None else depth_mm,
    )
    texts = {field: text for field, text in old.patient.items() if text}
    encoded_records(client, texts)  # what no pump takes is said before anything is done
    catheter_cm = old.implant["catheter_cm"]
    held = held_in_catheter(old, catheter_mcg_per_ml)
    with client.session():
        implant(
            client,
            catheter_cm,
            pump_tubing_ml,
            *place,
            date,
            wall,
            override,
            "kept",
            tubing,
            held,
            ng_from_mcg("dose_mcg_per_day", old.dose_mcg_per_day),
        )
        write_records(client, texts)


def held_of(catheter: Catheter | None, catheter_cm: Number, mcg_per_ml: int | None) -> Contents:
    """What a catheter holds of which nobody but the clinician knows: nothing, or for a kept one a drug of this
    concentration. BadValue where that is left out."""
    if catheter != "kept":
        return ()
    if mcg_per_ml is None:
        raise BadValue("what does the kept catheter hold? Give the concentration of its drug: --catheter-mcg-per-ml")
    return [(Decimal(str(catheter_cm)) * CATHETER_NL_PER_CM / NL_PER_ML, mcg_per_ml)]


def held_in_catheter(old: Handover, mcg_per_ml: int | None = None) -> Contents:
    """What the catheter of the pump before holds, from the tip back, its own tubing left out: as that pump counted it,
    or, where it did not, of the strength that is said. BadValue where nobody says."""
    left_ml = Decimal(str(old.implant["catheter_cm"])) * CATHETER_NL_PER_CM / NL_PER_ML
    if old.line is None and mcg_per_ml is None:
        raise BadValue(
            "nobody says what the kept catheter holds: give the concentration of its drug, --catheter-mcg-per-ml"
        )
    if mcg_per_ml is not None:
        return [(left_ml, mcg_per_ml)]
    held = []
    for parcel in old.line or ():
        part_ml = min(left_ml, Decimal(parcel["nl"]) / NL_PER_ML)
        if part_ml:
            held.append((part_ml, parcel["mcg_per_ml"]))
        left_ml -= part_ml
    return held


def implant_record(client: Client) -> dict[str, Any]:
    """The implantation as it was recorded last."""
    with client.session():
        return implant_json(client.ask("READ_IMPLANT"))


def handover(client: Client) -> Handover:
    """The implantation, what the line holds, the dose and the patient record of this pump, for the next one."""
    with client.session():
        status, program = read_status(client), head_of(running_program(client))
        dose_mcg_per_day = program.dose_mcg_per_day if program else 0
        drug = (status["drug"], status["concentration_mcg_per_ml"])
        return Handover(
            status["serial"], implant_record(client), read_records(client), status["line"], *drug, dose_mcg_per_day
        )


def plan_prime(client: Client, volume_ml: Number | None) -> int:
    """The nL of a prime; None: of what is not primed yet."""
    status = read_status(client)
    volume_nl = status["unprimed_nl"] if volume_ml is None else nl_from_ml("volume_ml", volume_ml)
    if client.checks:
        check_prime(volume_nl, status)
    return volume_nl


def prime(client: Client, volume_ml: Number | None) -> int:
    """Fill tubing and catheter at the highest rate. Returns the nL ordered."""
    volume_nl = plan_prime(client, volume_ml)
    client.change("PRIME", volume_nl=volume_nl)
    return volume_nl


def check_implant(catheter_mm: int, tubing_nl: int, depth_mm: int, override: bool) -> None:
    """Raise what stands against such a line, and a pump this deep under the skin."""
    check_line(catheter_mm, tubing_nl)
    check_range("IMPLANT", "depth_mm", depth_mm)
    if depth_mm > MAX_DEPTH_MM and not override:
        words = f"--depth-mm {depth_mm} mm is over {MAX_DEPTH_MM} mm: telemetry will be weak; --override accepts it"
        raise Refused("IMPLANT", "soft_limit", words)


def check_line(catheter_mm: int, tubing_nl: int) -> None:
    """Raise when no line is like that."""
    check_range("IMPLANT", "catheter_mm", catheter_mm, "catheter_cm", MM_PER_CM)
    check_range("IMPLANT", "tubing_nl", tubing_nl, "pump_tubing_ml", NL_PER_ML)


def line_nl(catheter_cm: Number, pump_tubing_ml: Number) -> int:
    """The usual volume of such a line. Raises when there is none like that."""
    catheter_mm, tubing_nl = mm_from_cm("catheter_cm", catheter_cm), nl_from_ml("pump_tubing_ml", pump_tubing_ml)
    check_line(catheter_mm, tubing_nl)
    return tubing_nl + catheter_mm * CATHETER_NL_PER_CM // MM_PER_CM


def check_prime(volume_nl: int, status: Status) -> None:
    """Raise what stands against priming so much of a pump with this status."""
    if status["therapy"] == "unfilled":
        raise Refused("PRIME", "not_filled")
    unprimed_nl = status["unprimed_nl"]
    if not unprimed_nl:
        raise Refused("PRIME", "bolus_limit", "there is nothing to prime: tubing and catheter are full")
    if not volume_nl:
        raise Refused("PRIME", "bolus_limit", "--volume-ml 0 mL is no prime")
    if volume_nl > unprimed_nl:
        words = f"--volume-ml: {volume_nl / 1e6:g} mL is more than the {unprimed_nl / 1e6:g} mL that are not primed yet"
        raise Refused("PRIME", "bolus_limit", words)
