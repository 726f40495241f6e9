"""Checks that pump and programmer have the same message tables."""

from construct import Container

from host_tools.programmer.errors import ProtocolMismatch
from protocol import messages, registry
from protocol.fingerprint import fingerprint
from protocol.frame import Frame


def decode(frame: Frame) -> Container:
    """The fields of a frame from the pump. ProtocolMismatch when they are not as this side declares them."""
    try:
        return registry.decode(frame)
    except registry.ProtocolError as error:
        raise ProtocolMismatch(
            f"the pump's message does not read as declared ({error}); pump and programmer are of different versions: "
            "update the older one"
        ) from error


def check_schema(version: int, pump_fingerprint: int) -> None:
    """ProtocolMismatch when the pump's tables are others."""
    ours = messages.VERSION
    if version == ours and pump_fingerprint == fingerprint():
        return
    if version < ours:
        advice = "the pump is older: give it this version's firmware"
    elif version > ours:
        advice = "this programmer is older: update thecal"
    else:
        advice = "one of them was built from changed declarations: `make gen`, then use both from one tree"
    raise ProtocolMismatch(
        f"the pump's message tables are {version}-{pump_fingerprint:08x}, this programmer's are "
        f"{ours}-{fingerprint():08x}; {advice}"
    )
