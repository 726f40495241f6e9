"""The hazards around the pump: reservoir and hands, catheter and body, and the line to the programmer."""

from decimal import Decimal

from host_tools.machines.draw import Draw
from host_tools.machines.hazard import DAY_S, HOUR_S, MINUTE_S, Fields, Hazard

_ALL_OF_IT = frozenset({"tip", "reservoir", "risk"})


def _heat(draw: Draw) -> Fields:
    return {
        "celsius": Decimal(draw.whole(3800, 4300)) / 100,
        "tip_celsius": Decimal(draw.whole(3800, 4500)) / 100,
    }


HANDS = (
    Hazard(
        "reservoir_leak",
        "outside",
        "Without a fill sensor the pump cannot know. The next refill finds less than was computed, or the patient finds"
        " the pump dry; it turns on.",
        ("reservoir_mismatch", "low_reservoir"),
        None,
        _ALL_OF_IT,
        "flush",
        (DAY_S, 60 * DAY_S),
        lambda draw: {"ml_per_day": Decimal(draw.spread(5, 500)) / 1000},
    ),
    Hazard(
        "pocket_fill",
        "outside",
        "The pump is told of a filling and believes it. The drug acts from the tissue, and the reservoir runs"
        " dry early. A fill sensor, where one is fitted, tells.",
        ("reservoir_mismatch", "low_reservoir"),
        None,
        _ALL_OF_IT,
        "flush",
        (HOUR_S, DAY_S),
    ),
    Hazard(
        "pump_flip",
        "outside",
        "As with a pocket fill: the pump believes what it is told of a refill that did not reach it.",
        ("reservoir_mismatch", "low_reservoir"),
        None,
        _ALL_OF_IT,
        "flush",
        (DAY_S, 30 * DAY_S),
    ),
    Hazard(
        "overfill",
        "outside",
        "The pump refuses a filling that is said to be too much, and cannot see what is not said. The dose is right;"
        " the next refill finds more than was computed.",
        ("reservoir_mismatch", "sensor_fault"),
        None,
        frozenset({"reservoir"}),
        "refill",
        (HOUR_S, DAY_S),
        lambda draw: {"ml": Decimal(draw.spread(100, 5000)) / 1000},
    ),
    Hazard(
        "wrong_concentration",
        "outside",
        "Every rate is made from the strength on record. The pump refuses or asks only where doses leave its limits.",
        (),
        None,
        frozenset({"tip", "risk"}),
        "flush",
        (HOUR_S, DAY_S),
        lambda draw: {"mcg_per_ml": draw.one_of((0, 50, 500, 1000, 2000))},
    ),
    Hazard(
        "wrong_tubing",
        "outside",
        "Primes and bridges are computed from the volume on record: they end early or late for as long as this pump is"
        " worn.",
        (),
        None,
        frozenset({"tip", "risk"}),
        "never",
        (HOUR_S, DAY_S),
        lambda draw: {"ml": Decimal(draw.whole(50, 400)) / 1000},
    ),
    Hazard(
        "off_label_drug",
        "outside",
        "The pump cannot tell drugs apart. With `couplings` its tubing lets more through from then on, and for good.",
        (),
        None,
        _ALL_OF_IT,
        "never",
        (30 * DAY_S, 60 * DAY_S),
        rare=True,
    ),
)

BODY = (
    Hazard(
        "catheter_kink",
        "outside",
        "There is no pressure sensor: the rotor turns, and the steps count as delivered. The next refill finds more"
        " than was computed; a fill sensor looks as if it stood still.",
        ("sensor_fault", "reservoir_mismatch"),
        None,
        _ALL_OF_IT,
        "flush",
        (HOUR_S, 30 * DAY_S),
        lambda draw: {"percent": draw.whole(20, 100)},
    ),
    Hazard(
        "catheter_leak",
        "outside",
        "Nothing is measured at the tip, and the reservoir is as computed: only the patient finds it.",
        (),
        None,
        frozenset({"tip", "risk"}),
        lasts_s=(DAY_S, 60 * DAY_S),
        draw=lambda draw: {"percent": draw.whole(10, 100)},
    ),
    Hazard(
        "prime_mixing",
        "outside",
        "A prime is computed as a plug of drug. Where it mixes, drug comes early, and diluted.",
        (),
        None,
        frozenset({"tip", "risk"}),
        "flush",
        (HOUR_S, 7 * DAY_S),
        lambda draw: {"percent": draw.whole(5, 100)},
    ),
    Hazard(
        "catheter_holdup",
        "outside",
        "There is no pressure sensor. What was held back comes at once when this ends, a bolus that nobody ordered.",
        (),
        None,
        frozenset({"tip", "risk"}),
        lasts_s=(HOUR_S, 3 * DAY_S),
        draw=lambda draw: {"percent": draw.whole(20, 100)},
    ),
    Hazard(
        "csf_leak",
        "outside",
        "The dose at the tip is right, and more of it is carried away: only the patient finds it.",
        (),
        None,
        frozenset({"risk"}),
        lasts_s=(DAY_S, 30 * DAY_S),
        draw=lambda draw: {"ml_per_h": draw.spread(1, 40)},
    ),
    Hazard(
        "catheter_migration",
        "outside",
        "Nothing is measured at the tip, and the reservoir is as computed: only the patient finds it.",
        (),
        None,
        frozenset({"tip", "risk"}),
        lasts_s=(DAY_S, 30 * DAY_S),
    ),
    Hazard(
        "oral_baclofen",
        "outside",
        "The pump knows of no other drug.",
        (),
        None,
        frozenset({"risk"}),
        lasts_s=(DAY_S, 30 * DAY_S),
        draw=lambda draw: {"mg_per_day": draw.whole(10, 120)},
    ),
    Hazard(
        "diathermy",
        "outside",
        "The dose goes on. The pump's own heat is an advisory above 40 degrees; the tip has no thermometer, and harm to"
        " the tissue there stays unseen.",
        ("temperature",),
        None,
        frozenset({"risk"}),
        lasts_s=(10 * MINUTE_S, 2 * HOUR_S),
        draw=_heat,
    ),
)

LINE = (
    Hazard(
        "emi",
        "survived",
        "A head, real or not, holds up neither therapy nor alarms: the stay in telemetry mode is logged, and ends by"
        " itself.",
        (),
        None,
        frozenset({"link"}),
        lasts_s=(MINUTE_S, DAY_S),
    ),
    Hazard(
        "link_noise",
        "survived",
        "Corrupt frames are found by their checksum and asked for again. An order is done once or not at all.",
        (),
        None,
        frozenset({"link"}),
        lasts_s=(MINUTE_S, DAY_S),
        draw=lambda draw: {"percent": draw.spread(1, 60)},
    ),
    Hazard(
        "link_drop",
        "survived",
        "Lost frames are asked for again. An order is done once or not at all.",
        (),
        None,
        frozenset({"link"}),
        lasts_s=(MINUTE_S, DAY_S),
        draw=lambda draw: {"percent": draw.spread(1, 60)},
    ),
    Hazard(
        "link_duplicate",
        "survived",
        "A frame that comes twice is answered twice and done once.",
        (),
        None,
        frozenset({"link"}),
        lasts_s=(MINUTE_S, DAY_S),
        draw=lambda draw: {"percent": draw.spread(1, 100)},
    ),
    Hazard(
        "link_lost",
        "survived",
        "Therapy and alarms need no programmer; a session that was open ends by itself.",
        (),
        None,
        frozenset({"link"}),
        lasts_s=(MINUTE_S, DAY_S),
    ),
)
