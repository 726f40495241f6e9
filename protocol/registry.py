"""Messages by their code, and payloads to values and back."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from construct import ConstructError, Container

from protocol.fields import Field, leaves
from protocol.frame import MAX_PAYLOAD_BYTES, Frame
from protocol.layout import Struct
from protocol.messages import ANSWERS, PUSHED, REQUESTS, Message

MESSAGES = REQUESTS + ANSWERS + PUSHED
BY_CODE = {message.code: message for message in MESSAGES}
REQUEST = {message.name: message for message in REQUESTS}
ANSWER = {message.name: message for message in ANSWERS + PUSHED}


class ProtocolError(Exception):
    """A message that does not follow its declaration."""


def message_of(code: int) -> Message:
    """The message with this code. ProtocolError when there is none."""
    try:
        return BY_CODE[code]
    except KeyError:
        raise ProtocolError(f"message type {code:#04x} is unknown: is the other side newer?") from None


def layout_of(code: int) -> Struct:
    """The construct of the message's payload."""
    return message_of(code).layout


def name_of(code: int) -> str:
    """The message's name, such as STATUS."""
    return message_of(code).name


def field_of(request: str, name: str) -> Field:
    """A request's field, or one of its lists' or nested structs'."""
    return next(field for field in leaves(REQUEST[request].layout) if field.name == name)


def decode(frame: Frame) -> Container:
    """The fields of the frame's payload. ProtocolError when they are not as declared, to the last byte."""
    message = message_of(frame.type)
    stream = BytesIO(frame.payload)
    try:
        values: Any = message.layout.parse_stream(stream)
    except ConstructError as error:
        raise ProtocolError(f"{message.name} of {len(frame.payload)} bytes: {_where_and_why(error)}") from None
    if stream.tell() != len(frame.payload):
        spare = len(frame.payload) - stream.tell()
        raise ProtocolError(f"{message.name} of {len(frame.payload)} bytes: {spare} more than it should have")
    return values


def payload(message: Message, values: Mapping[str, Any]) -> bytes:
    """The payload of `message` with `values`. ProtocolError when one is missing or does not fit, or all together."""
    try:
        data = message.layout.build(values)
    except KeyError as error:
        raise ProtocolError(f"{message.name}: field {error} is missing") from None
    except ConstructError as error:
        raise ProtocolError(f"{message.name}: {_where_and_why(error)}") from None
    if len(data) > MAX_PAYLOAD_BYTES:
        raise ProtocolError(f"{message.name} of {len(data)} bytes: a frame carries at most {MAX_PAYLOAD_BYTES}")
    return data


def _where_and_why(error: ConstructError) -> str:
    """Construct's path has every name twice, and stands on a line of its own."""
    path = str(error.path).split(" -> ")
    return f"{path[-1]}: {str(error).splitlines()[-1]}"
