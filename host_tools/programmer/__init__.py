"""A programmer for the pump: `with Programmer.open(url) as p: p.status()`. Knows only the protocol."""

from host_tools.programmer.bolus import Bolus, PatientBolus
from host_tools.programmer.errors import (
    BadValue,
    LinkLost,
    NoDevice,
    NotAuthorised,
    ProgrammerError,
    ProtocolMismatch,
    ReadBackDiffers,
    Refused,
    SessionLost,
    WrongPump,
)
from host_tools.programmer.flex import FlexProgram, FlexStep
from host_tools.programmer.handover import Handover
from host_tools.programmer.keystore import KeyFileError, KeyRing, KeyStore
from host_tools.programmer.program import Program
from host_tools.programmer.programmer import Programmer
from host_tools.programmer.refill import Refill
from host_tools.programmer.status import Hello, PushedStatus, Status
from host_tools.programmer.transport import SerialTransport, Transport

__all__ = [
    "BadValue",
    "Bolus",
    "FlexProgram",
    "FlexStep",
    "Handover",
    "Hello",
    "KeyFileError",
    "KeyRing",
    "KeyStore",
    "LinkLost",
    "NoDevice",
    "NotAuthorised",
    "PatientBolus",
    "Program",
    "Programmer",
    "ProgrammerError",
    "ProtocolMismatch",
    "PushedStatus",
    "ReadBackDiffers",
    "Refill",
    "Refused",
    "SerialTransport",
    "SessionLost",
    "Status",
    "Transport",
    "WrongPump",
]
