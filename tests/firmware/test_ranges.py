"""What the declarations of the requests forbid is `malformed` in every therapy state and changes nothing; what they
allow is done or refused, and the pump goes on, after a reset too."""

import random
from contextlib import suppress

import pytest
from hypothesis import settings

from firmware.records import slots
from protocol import frame, messages, registry
from protocol.fields import Field, fields_of
from tests.protocol.values import Path, edges, just_outside, places, put

from .body import Body
from .clinic import DAY_S, MONDAY_S, Clinic, Refused

SEED = 1
DRAWS = settings().max_examples // 50  # random values of each field beyond its edges; more in the thorough profile
ORDERS = 100
LOGS = slots.LOG + slots.FAULT_LOG
NO_CHANGE = 2**32 - 1
STEP = {"from_min": 0, "dose_ng": 300_000, "rate_nl_per_day": 150_000}
PARCEL = {"volume_nl": 1000, "mcg_per_ml": 2000}
ROWS = {"steps": STEP, "parcels": PARCEL}
FLEX = {"mode": "flex", "concentration_mcg_per_ml": 2000, "dose_ng_per_day": 300_000, "rate_nl_per_day": 150_000}
SENSIBLE = {
    "IMPLANT": {"wall_s": MONDAY_S, "implanted_wall_s": MONDAY_S, "catheter_mm": 890, "tubing_nl": 140_000}
    | {
        "depth_mm": 20,
        "site": bytes(24),
        "override": "yes",
        "catheter": "kept",
        "tubing": "empty",
        "dose_ng_per_day": 0,
        "parcels": [PARCEL],
    },
    "REFILL": {"volume_nl": 20_000_000, "concentration_mcg_per_ml": 2000, "aspirated_nl": 0, "bridge": "no"}
    | {"drug": b"baclofen".ljust(12, b"\0")},
    "CORRECT": {"concentration_mcg_per_ml": 2000, "volume_nl": 20_000_000, "override": "yes", "parcels": [PARCEL]},
    "STAGE": FLEX | {"mode": "simple"},
    "STAGE_DAY": {"day": 0, "steps": [STEP]},
    "COMMIT": {"digest": bytes(8), "override": "yes", "after_commit": 1},
    "SET_CLOCK": {"wall_s": MONDAY_S},
    "LIMITS": {"max_dose_mcg_per_day": 1000, "max_bolus_mcg": 200, "max_change_percent": 30},
    "PRIME": {"volume_nl": 100_000},
    "BOLUS": {"dose_ng": 10_000, "over_s": 1800},
    "SET_PATIENT_BOLUS": {"dose_ng": 10_000, "over_s": 300, "lockout_s": 14_400, "per_day": 3},
    "ALARM_SETTINGS": {"critical_interval_s": 600, "non_critical_interval_s": 3600, "stopped_after_s": 21_600}
    | {"low_reservoir_nl": 2_000_000},
    "LOG": {"first_seq": 1, "last_seq": 10},
    "FAULTS": {"first_seq": 1, "last_seq": 10},
}
"""Values that the request is mostly obeyed with; for the other requests the least ones do."""


def sensible(message: messages.Message) -> dict:
    if message.name in SENSIBLE:
        return SENSIBLE[message.name]
    return {field.name: edges(field)[0] for field in fields_of(message.layout)}


def filled():
    clinic = Clinic(Body())
    clinic.implant_empty()
    clinic.refill()
    return clinic


def running():
    clinic = filled()
    clinic.program()
    return clinic


def unfilled():
    clinic = Clinic(Body())
    clinic.implant_empty()
    return clinic


def minimum():
    clinic = running()
    clinic.command("MINIMUM_RATE")
    return clinic


def safe_state():
    clinic = running()
    clinic.body.reset_by_watchdog = True
    for _ in range(3):
        clinic.run(60)
        clinic.boot()
    clinic.body.reset_by_watchdog = False
    return clinic


def end_of_service():
    clinic = running()
    clinic.body.rest_mv = lambda: 2400
    clinic.body.load_mv = lambda: 2200
    clinic.run(3600)
    return clinic


STATES = {
    "unfilled": unfilled,
    "stopped": filled,
    "minimum": minimum,
    "running": running,
    "safe_state": safe_state,
    "end_of_service": end_of_service,
}


def in_state(therapy):
    clinic = STATES[therapy]()
    assert str(clinic.status().therapy) == therapy
    return clinic


def beyond(field: Field, draw: random.Random) -> list:
    """Values that are forbidden: the nearest, and some from anywhere."""
    found = just_outside(field, ROWS.get(field.name))
    drawn = [draw.randrange(field.carries + 1) for _ in range(DRAWS)] if field.is_number and found else []
    return found + [value for value in drawn if not field.least <= value <= field.most and value != field.sentinel]


def forbidden(requests) -> list[tuple[messages.Message, Path, dict]]:
    draw = random.Random(SEED)
    return [
        (message, path, put(sensible(message), path, value))
        for message in requests
        for path, field in places(message.layout)
        for value in beyond(field, draw)
    ]


def allowed(requests) -> list[tuple[messages.Message, Path, dict]]:
    return [
        (message, path, put(sensible(message), path, value))
        for message in requests
        for path, field in places(message.layout)
        for value in edges(field)
    ]


SIGNED = [message for message in messages.REQUESTS if message.role]
UNSIGNED = [message for message in messages.REQUESTS if not message.role]
RULED_OUT = [  # what no field forbids alone
    ("STAGE_DAY", {"steps": []}),
    ("STAGE_DAY", {"steps": [STEP | {"from_min": 1}]}),
    ("STAGE_DAY", {"steps": [STEP, STEP]}),
    ("STAGE_DAY", {"steps": [STEP | {"dose_ng": 0}]}),
    ("SET_PATIENT_BOLUS", {"dose_ng": 0}),
    ("SET_PATIENT_BOLUS", {"over_s": 0}),
    ("ALARM_SETTINGS", {"low_reservoir_nl": 1_399_999}),
    ("ALARM_SETTINGS", {"low_reservoir_nl": 10_000_001}),
    ("WRITE_RECORD", {"field": "born", "text": b"x" * 11 + bytes(181)}),
]

RULED = {name for name, _ in RULED_OUT}


def kept(clinic) -> dict:
    """What the store holds beside the logs, in which every refusal is noted."""
    return {slot: data for slot, data in clinic.body.store.slots.items() if slot not in LOGS}


@pytest.mark.parametrize("therapy", STATES)
@pytest.mark.shows("FI-44")
def test_what_is_forbidden_is_malformed_and_changes_nothing(therapy):
    clinic = in_state(therapy)
    clinic.open()
    cases = [(message.name, fields) for message, _, fields in forbidden(SIGNED)]
    cases += [(name, sensible_of(name) | fields) for name, fields in RULED_OUT]
    before, store = clinic.status(), kept(clinic)
    for name, fields in cases:
        with pytest.raises(Refused) as refused:
            clinic.signed(name, **fields)
        assert str(refused.value) == "malformed", (name, fields)
        assert (clinic.status(), kept(clinic)) == (before, store), (name, fields)
    with pytest.raises(Refused, match="state"):  # nothing is staged
        clinic.signed("READ_BACK")
    clinic.boot()
    assert clinic.status().therapy == before.therapy
    print(f"{therapy}: {len(cases)} forbidden values refused; seed {SEED}, {DRAWS} drawn for each field")


def sensible_of(name: str) -> dict:
    return sensible(next(message for message in messages.REQUESTS if message.name == name))


@pytest.mark.parametrize("therapy", STATES)
def test_it_answers_after_whatever_is_allowed_and_after_a_reset(therapy):
    clinic = in_state(therapy)
    body = clinic.body
    store, now_ms = dict(body.store.slots), body.now_ms
    cases = allowed(SIGNED)
    done = 0
    for message, path, fields in cases:
        body.store.slots, body.now_ms = dict(store), now_ms
        clinic.boot()
        done += ordered(clinic, message.name, fields)
        for wait_s in (0, 1800, DAY_S):
            clinic.run(wait_s)
            status = clinic.status()
            assert status.max_dose_mcg_per_day, (message.name, path)
            clinic.boot()
            assert clinic.status().max_dose_mcg_per_day == status.max_dose_mcg_per_day, (message.name, path, fields)
    print(f"{therapy}: {len(cases)} values at the edges of their ranges, {done} of them obeyed")
    assert done > len(cases) // 5


def ordered(clinic, name: str, fields: dict) -> bool:
    """Whether the pump took the order, in a session with what belongs to it."""
    clinic.open()
    staged = {"STAGE_DAY": FLEX, "READ_DAY": FLEX, "COMMIT": SENSIBLE["STAGE"]}.get(name)
    try:
        if staged:
            clinic.signed("STAGE", **staged)
        clinic.signed(name, **fields)
    except Refused as refused:
        if str(refused) == "malformed" and name not in RULED:
            raise
        return False
    if name == "STAGE":
        with suppress(Refused):
            clinic.commit("yes")
    if name in ("IMPLANT", "REFILL"):
        with suppress(Refused):
            clinic.signed("PRIME", volume_nl=max(1, clinic.unprimed_nl()))
    return True


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "in a session"])
def test_what_anybody_may_ask_is_malformed_too_where_it_is_forbidden(signed):
    clinic = running()
    if signed:
        clinic.open()
    ask = clinic.signed if signed else clinic.ask
    before = kept(clinic)
    cases = forbidden(UNSIGNED)
    for message, _, fields in cases:
        with pytest.raises(Refused, match="malformed"):
            ask(message.name, **fields)
    assert kept(clinic) == before
    for message, _, fields in allowed(UNSIGNED):
        if message.name != "OPEN" or not signed:
            ask(message.name, **fields)
    assert str(clinic.status().therapy) == "running"
    print(f"{len(cases)} forbidden values refused; seed {SEED}, {DRAWS} drawn for each field")


def answer_to(clinic, request) -> str:
    """The reason of the refusal that a signed frame gets."""
    (answer,) = clinic.exchange(frame.encode(request))
    return str(registry.decode(answer).reason)


def test_malformed_comes_before_auth_and_replay():
    clinic = running()
    clinic.open("observer")
    for wall_s, role_reason in ((2**30, "malformed"), (2**30 - 1, "auth")):
        with pytest.raises(Refused, match=role_reason):
            clinic.signed("SET_CLOCK", wall_s=wall_s)
    clinic.open()
    wrong, right = clinic.sign("SET_CLOCK", wall_s=2**30), clinic.sign("SET_CLOCK", wall_s=MONDAY_S)
    clinic.exchange(frame.encode(clinic.sign("READ_IMPLANT")))
    assert (answer_to(clinic, wrong), answer_to(clinic, right)) == ("malformed", "replay")
    wrong, right = clinic.sign("SET_CLOCK", wall_s=2**30), clinic.sign("SET_CLOCK", wall_s=MONDAY_S)
    forged = [request._replace(mac=bytes(16)) for request in (wrong, right)]
    assert [answer_to(clinic, request) for request in forged] == ["malformed", "auth"]
    clinic.signed("CLOSE")
    wrong, right = clinic.sign("SET_CLOCK", wall_s=2**30), clinic.sign("SET_CLOCK", wall_s=MONDAY_S)
    assert (answer_to(clinic, wrong), answer_to(clinic, right)) == ("malformed", "auth")
    assert clinic.status().wall_s < MONDAY_S + DAY_S


@pytest.mark.parametrize("therapy", STATES)
def test_how_much_there_is_to_prime_comes_before_the_state(therapy):
    clinic = in_state(therapy)
    unprimed_nl = clinic.unprimed_nl()
    for volume_nl in (0, unprimed_nl + 1, 2**32 - 1):
        with pytest.raises(Refused, match="not_filled" if therapy == "unfilled" else "bolus_limit"):
            clinic.command("PRIME", volume_nl=volume_nl)
    if therapy in ("safe_state", "end_of_service"):
        with pytest.raises(Refused, match="state"):
            clinic.command("PRIME", volume_nl=unprimed_nl)


def test_a_volume_that_tubing_cannot_have_never_becomes_a_prime():
    clinic = Clinic(Body())
    with pytest.raises(Refused, match="malformed"):
        clinic.command("IMPLANT", **SENSIBLE["IMPLANT"] | {"tubing_nl": 14_000_000})
    clinic.refill()
    assert clinic.unprimed_nl() == 0
    with pytest.raises(Refused, match="bolus_limit"):
        clinic.command("PRIME", volume_nl=14_000_000)


def drawn(message: messages.Message, draw: random.Random) -> dict:
    """Sensible values, some of them replaced by any that are allowed."""
    fields = sensible(message)
    for path, field in places(message.layout):
        if draw.random() < 0.4 and edges(field):
            span = 2 ** draw.randrange(1, 1 + (field.most - field.least).bit_length()) if field.is_number else 0
            any_number = min(field.most, field.least + draw.randrange(span)) if span else 0
            fields = put(fields, path, draw.choice([*edges(field), any_number] if field.is_number else edges(field)))
    return fields


@pytest.mark.parametrize("seed", range(SEED, SEED + DRAWS))
def test_no_order_of_what_is_allowed_leaves_a_pump_that_does_not_answer(seed):
    draw = random.Random(seed)
    obeyed = 0
    clinic = STATES[draw.choice(sorted(STATES))]()
    for _ in range(ORDERS):
        message = draw.choice(SIGNED)
        with suppress(Refused):
            obeyed += ordered(clinic, message.name, drawn(message, draw))
        clinic.run(draw.choice([0, 60, 3600, DAY_S]))
        clinic.status()
        if draw.random() < 0.3:
            clinic.boot()
            clinic.status()
    print(f"seed {seed}: {ORDERS} orders, {obeyed} of them obeyed")
