"""Errors between programmer and pump, each in one line: what is wrong, with which value, and what to do."""

REASONS = {
    "malformed": "the pump could not read the message, or a value is outside what its field may hold",
    "auth": "the pump does not accept this key, or this role may not do that",
    "replay": "the pump has had a message with this number before",
    "state": "the pump does not allow that in its present state; `thecal status` shows it",
    "not_filled": "no drug has been filled in yet; use `thecal refill` first",
    "too_many_steps": "the program has more steps a day than the pump can hold",
    "inconsistent": "dose, concentration and rate do not fit each other, the drug, or what was read back",
    "overfill": "that is more than the reservoir holds",
    "lockout": "too soon after the last one",
    "bolus_limit": "the bolus is above the pump's limit",
    "dose_limit": "the dose is above the pump's daily limit; `thecal status` shows it",
    "rate_limit": "the rate is outside what the pump can deliver; another dose or concentration is needed",
    "soft_limit": "that is beyond a soft limit; repeat it with --override to accept it",
    "store": "the pump's memory takes nothing new, so that nothing was changed; the pump must be looked at soon",
}
"""The reasons of a refusal in words."""

_OBEYED = "{}, but the pump's memory takes nothing new: a reset of the pump undoes it; the pump must be looked at soon"

PER_REQUEST = {
    ("OPEN", "auth"): "the pump opens a session only with the telemetry head on it; place it and try again",
    ("RESET_KEY", "auth"): "the way back begins and ends with the telemetry head on the pump; place it and try again",
    ("RESET_KEY", "state"): "a session is open, so that somebody has the key; the way back is for nobody else",
    ("IMPLANT", "state"): (
        "an implantation is recorded before therapy or while it is stopped: `thecal stop` comes first, and after the "
        "end of service none is"
    ),
    ("RESUME", "state"): "no program was committed yet, or the pump is at its end of service",
    ("COMMIT", "soft_limit"): (
        "the dose is too far from those of the last two days, or nothing was delivered for 48 h, so that the patient "
        "is used to no dose any more; `thecal status --json` has the soft limits, --override accepts it"
    ),
    ("COMMIT", "rate_limit"): (
        "the dose cannot be made of all that stands in the line: `thecal status` shows it, and another dose is needed"
    ),
    ("RESUME", "soft_limit"): (
        "nothing was delivered for 48 h, so that the patient is used to no dose any more and the full one may be too "
        "much: `thecal program` a lower dose; --override accepts the full one"
    ),
    ("RESUME", "rate_limit"): (
        "the committed program cannot be made of the drug in the reservoir or in the line: `thecal program` another "
        "dose"
    ),
    ("RESUME", "inconsistent"): "the reservoir was filled without drug; `thecal refill` books another filling",
    ("IMPLANT", "inconsistent"): (
        "the catheter holds less than what is said to be in it, or none is on record that could be the same"
    ),
    ("CORRECT", "rate_limit"): (
        "the dose cannot be delivered at that concentration: `thecal program` another dose first, or `thecal stop`"
    ),
    ("CORRECT", "inconsistent"): (
        "the line holds less than what is said to be in it, or a prime is under way: `thecal status` shows both"
    ),
    ("BOLUS", "state"): (
        "a bolus needs a running program, no critical alarm, nothing else under way, and all its drug of one strength "
        "at the tip: `thecal status` shows the line"
    ),
    ("COMMIT", "inconsistent"): (
        "another program was committed, or another drug filled in, since this one was compared with the old one: "
        "run `thecal program` again and look at both"
    ),
    ("RESUME", "dose_limit"): "the committed program is above the daily limit set since; `thecal program` a lower dose",
    ("SILENCE", "state"): "that alarm is not on; `thecal status` lists those that are",
    ("READ_RECORD", "state"): (
        "no copy of the patient's record in the pump is whole; `thecal patient` with --set or --file writes it anew"
    ),
    ("STOP", "store"): _OBEYED.format("delivery is stopped"),
    ("MINIMUM_RATE", "store"): (
        "the pump's memory takes nothing new; the minimum rate runs if it is less than what ran before, and a reset of "
        "the pump undoes it: `thecal status` shows the rate"
    ),
    ("CANCEL_BOLUS", "store"): _OBEYED.format("the bolus has ended"),
    ("SILENCE", "store"): _OBEYED.format("the alarm is silent"),
    ("PROVE", "auth"): (
        "the pump does not accept this key and has one of its own, or another programmer took over just now: try again"
    ),
}
"""More exact words for the reason of one request."""


AFTER_SILENCE = {
    "BOLUS": "`thecal status` shows the last bolus: look before you order another",
    "PATIENT_BOLUS": "`thecal status` shows the last bolus: look before you ask for another",
    "PROVISION": "both keys are kept, and the next verb that opens a session finds out",
    "RESET_KEY": "ask again: it renews nothing",
    "REFILL": "tell it again in the same words: the pump knows a refill that it has booked",
}
"""Advice for a request whose answer was lost, where `thecal status` alone does not say it."""

CHANGING_REQUESTS = (
    "IMPLANT",
    "REFILL",
    "CORRECT",
    "COMMIT",
    "STOP",
    "RESUME",
    "SILENCE",
    "SET_CLOCK",
    "MINIMUM_RATE",
    "DEMO_ALARM",
    "LIMITS",
    "PRIME",
    "BOLUS",
    "CANCEL_BOLUS",
    "PATIENT_BOLUS",
    "SET_PATIENT_BOLUS",
    "ALARM_SETTINGS",
    "WRITE_RECORD",
    "PROVISION",
    "RESET_KEY",
)
"""Requests that change the pump, or its keys."""


class ProgrammerError(Exception):
    """Base of all. `exit_code` is what the command line ends with, and `kind` what it calls such a failure."""

    exit_code = 1
    kind = "check_failed"


class BadValue(ProgrammerError, ValueError):
    """A value that no pump could be given."""

    exit_code = 2
    kind = "usage"


class NoDevice(ProgrammerError):
    """No pump at that port."""

    exit_code = 3
    kind = "no_device"


class WrongPump(NoDevice):
    """Another pump than the one that was meant."""


class LinkLost(ProgrammerError):
    """The pump was there and stopped answering."""

    exit_code = 3
    kind = "link_lost"


class SessionLost(LinkLost):
    """The pump no longer knows the session: it restarted, or the session was idle for too long."""


class ProtocolMismatch(ProgrammerError):
    """Pump and programmer do not have the same message tables."""

    exit_code = 3
    kind = "no_device"


class Refused(ProgrammerError):
    """The pump, or the programmer in its stead, said no to `request`. Nothing was changed, but for an order to deliver
    less, or to be silent, that the pump obeys and cannot keep (`store`)."""

    exit_code = 4
    kind = "refused"

    def __init__(self, request: str, reason: str, detail: str = "") -> None:
        self.request = request
        self.reason = reason
        words = detail or PER_REQUEST.get((request, reason)) or REASONS[reason]
        super().__init__(f"{request.lower().replace('_', ' ')} refused ({reason}): {words}")


class NotAuthorised(Refused):
    """The key or the role does not fit."""

    exit_code = 5
    kind = "not_authorised"


class ReadBackDiffers(ProgrammerError):
    """The pump read back another program than the one that was meant; it was not committed."""


def unknown_outcome(request: str, error: ProgrammerError) -> LinkLost:
    """The error for a changing request whose answer was lost through `error`."""
    kind = SessionLost if isinstance(error, SessionLost) else LinkLost
    advice = AFTER_SILENCE.get(request, "`thecal status` tells")
    return kind(f"{error}; the pump may or may not have done it: {advice}")
