"""Implantation of pump, tubing and catheter, and the prime after it, with their checks before they are sent."""

from datetime import datetime
from typing import Any

from host_tools.programmer import units
from host_tools.programmer.client import Client
from host_tools.programmer.entry_json import implant_json
from host_tools.programmer.errors import Refused
from host_tools.programmer.handover import Handover
from host_tools.programmer.patientrecord import encoded_records, read_records, write_records
from host_tools.programmer.ranges import check_range
from host_tools.programmer.reading import read_status
from host_tools.programmer.status import Status
from host_tools.programmer.texts import encode_text
from host_tools.programmer.units import MM_PER_CM, NL_PER_ML, Number, mm_from_cm, nl_from_ml
from protocol.messages import SITE_BYTES

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
    kept_catheter: bool,
) -> None:
    """Record the implantation and set the clock."""
    wall = wall or datetime.now().replace(microsecond=0)
    catheter_mm = mm_from_cm("catheter_cm", catheter_cm)
    tubing_nl = nl_from_ml("pump_tubing_ml", pump_tubing_ml)
    if client.checks:
        check_implant(catheter_mm, tubing_nl, depth_mm, override)
    client.change(
        "IMPLANT",
        wall_s=units.wall_s("wall", wall, client.checks),
        implanted_wall_s=units.wall_s("date", date or wall, client.checks),
        catheter_mm=catheter_mm,
        tubing_nl=tubing_nl,
        depth_mm=depth_mm,
        site=encode_text("site", site, SITE_BYTES, client.checks),
        override="yes" if override else "no",
        kept_catheter="yes" if kept_catheter else "no",
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
) -> None:
    """Implant this pump on the catheter of another, with the patient record of that one, in one session."""
    place: tuple[str, int] = (
        old.implant["site"] if site is None else site,
        old.implant["depth_mm"] if depth_mm is None else depth_mm,
    )
    texts = {field: text for field, text in old.patient.items() if text}
    encoded_records(client, texts)  # what no pump takes is said before anything is done
    with client.session():
        implant(client, old.implant["catheter_cm"], pump_tubing_ml, *place, date, wall, override, kept_catheter=True)
        write_records(client, texts)


def implant_record(client: Client) -> dict[str, Any]:
    """The implantation as it was recorded last."""
    with client.session():
        return implant_json(client.ask("READ_IMPLANT"))


def handover(client: Client) -> Handover:
    """The implantation and the patient record of this pump, for the next one."""
    with client.session():
        return Handover(client.hello()["serial"], implant_record(client), read_records(client))


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
    if not status["concentration_mcg_per_ml"]:
        raise Refused("PRIME", "not_filled")
    unprimed_nl = status["unprimed_nl"]
    if not unprimed_nl:
        raise Refused("PRIME", "bolus_limit", "there is nothing to prime: tubing and catheter are full")
    if not volume_nl:
        raise Refused("PRIME", "bolus_limit", "--volume-ml 0 mL is no prime")
    if volume_nl > unprimed_nl:
        words = f"--volume-ml: {volume_nl / 1e6:g} mL is more than the {unprimed_nl / 1e6:g} mL that are not primed yet"
        raise Refused("PRIME", "bolus_limit", words)
