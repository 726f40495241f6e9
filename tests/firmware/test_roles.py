"""Every request in every role: what a role does not reach is refused and changes nothing, an alarm least of all."""

import pytest

from firmware.records import slots
from protocol import messages

from .body import Body
from .clinic import Clinic, Refused
from .test_ranges import sensible

DUAL = 0x55
ROLES = ("observer", "patient", "clinician", "manufacturing")  # each reaches for what those before it do
LEAST = {
    None: {
        "HELLO", "STATUS", "LOG", "FAULTS", "LINE", "DOSES", "SUBSCRIBE", "PATIENT_BOLUS_SETTINGS", "DIAGNOSTICS",
        "OPEN", "RESET_KEY",
    },
    "observer": {"PROVE", "CLOSE", "READ_PROGRAM", "READ_PROGRAM_DAY", "READ_IMPLANT", "READ_RECORD"},
    "patient": {"PATIENT_BOLUS"},
    "clinician": {
        "IMPLANT", "REFILL", "CORRECT", "STAGE", "STAGE_DAY", "READ_DAY", "READ_BACK", "COMMIT", "STOP", "RESUME",
        "MINIMUM_RATE", "SILENCE", "DEMO_ALARM", "ALARM_SETTINGS", "SET_CLOCK", "LIMITS", "PRIME", "BOLUS",
        "SET_PATIENT_BOLUS", "CANCEL_BOLUS", "WRITE_RECORD",
    },
    "manufacturing": {"PROVISION"},
}  # fmt: skip
"""The least role of each request, decided here and not read from the declarations. None needs no session."""

REQUESTS = {message.name: message for message in messages.REQUESTS}
FIELDS = {name: sensible(message) for name, message in REQUESTS.items()} | {"SILENCE": {"alarm": "all"}}


def beyond(role):
    """The requests that a role does not reach for."""
    ranks = (None, *ROLES)
    return [name for least in ranks[ranks.index(role) + 1 :] for name in sorted(LEAST[least])]


def within(role):
    return sorted(set(REQUESTS) - set(beyond(role)))


def sounding():
    """A pump whose motor stalled: its alarm is on and sounds."""
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.body.stalled = True
    clinic.run(4 * 3600)
    assert alarm(clinic) == ("active", "no")
    return clinic


def alarm(clinic):
    stall = clinic.alarms()["motor_stall"]
    return str(stall.condition), str(stall.silenced)


def kept(clinic):
    """All that an order could change: the motor's orders and the store, but for the logs, which hold each refusal."""
    logs = slots.LOG + slots.FAULT_LOG
    return {slot: data for slot, data in clinic.body.store.slots.items() if slot not in logs}, list(clinic.body.orders)


def still_sounds(clinic):
    """True if the alarm is heard again within its interval."""
    clinic.body.tones.clear()
    clinic.run(clinic.config.critical_interval_s)
    return DUAL in [pattern for _, pattern in clinic.body.tones]


def test_each_request_has_its_least_role():
    """A new request must be put into the table above, with thought."""
    assert sorted(name for names in LEAST.values() for name in names) == sorted(REQUESTS)


def session(clinic, role):
    """Open one in this role, or ask for it and prove nothing; return what sends a request in it."""
    if role is None:
        return clinic.ask
    if role == "unproved":
        clinic.challenged()
    else:
        clinic.open(role)
    return clinic.signed


@pytest.mark.shows("SEED-09", "SEED-36", "R8.5", "R8.12")
@pytest.mark.parametrize("role", [None, "unproved", "observer", "patient", "clinician"])
def test_what_a_role_does_not_reach_changes_nothing_and_the_alarm_sounds_on(role):
    clinic = sounding()
    for name in beyond(None if role == "unproved" else role):
        if (role, name) == ("unproved", "PROVE"):
            continue
        send = session(clinic, role)
        before = kept(clinic)
        with pytest.raises(Refused, match=r"^auth$"):
            send(name, **FIELDS[name])
        assert kept(clinic) == before, name
        assert alarm(clinic) == ("active", "no"), name
        assert still_sounds(clinic), name


def outcome(send, name):
    """`done`, or the reason of the refusal."""
    try:
        send(name, **FIELDS[name])
    except Refused as refused:
        return str(refused)
    return "done"


@pytest.mark.shows("R8.5")
@pytest.mark.parametrize("role", [None, *ROLES])
def test_what_a_role_reaches_is_not_refused_for_the_role(role):
    for name in within(role):
        if role and name in ("OPEN", "PROVE"):  # no request of a session that is open
            continue
        assert outcome(session(sounding(), role), name) != "auth", name


@pytest.mark.shows("SEED-09")
@pytest.mark.parametrize("role", ["clinician", "manufacturing"])
def test_a_clinicians_programmer_silences(role):
    """Without this the others would hold for a pump that nobody can silence."""
    clinic = sounding()
    session(clinic, role)("SILENCE", alarm="all")
    assert alarm(clinic) == ("active", "yes")
    assert not still_sounds(clinic)
