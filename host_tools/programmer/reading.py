"""Reads the status, once or at every telemetry message."""

from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

from host_tools.programmer.client import Client
from host_tools.programmer.errors import LinkLost, NoDevice
from host_tools.programmer.schema import decode
from host_tools.programmer.status import PushedStatus, Status
from host_tools.programmer.status_json import status_json, with_telemetry
from protocol.statusjson import STATUS_MESSAGES

TELEMETRY_TIMEOUT_S = 5  # without telemetry for its period and this long, the pump is asked for it again


Watch = Generator[PushedStatus, None, None]
"""Gives a status at every telemetry message, until it is closed."""


def read_status(client: Client) -> Status:
    """The status, settled to now."""
    hello = client.signed_hello()
    signed = client.hello_signed
    fields: dict[str, Any] = {}
    for message in STATUS_MESSAGES:
        fields |= client.read(message)
        signed = signed and client.unsigned_reason is None
    return status_json(fields, hello, signed)


def watch(client: Client, period_s: int, on_silence: Callable[[], None]) -> Watch:
    """The status at every telemetry message. Periods are of the pump's time, which may stand still: that is why a
    silence of one period and TELEMETRY_TIMEOUT_S ends nothing while the pump answers."""
    client.read("SUBSCRIBE", period_s=period_s)
    status: Status | None = None
    revision = None
    try:
        while True:
            frame = client.next_pushed(period_s + TELEMETRY_TIMEOUT_S)
            if frame is None:
                client.read("SUBSCRIBE", period_s=period_s)  # the pump restarted and forgot, or its time stands still
                on_silence()
                revision = None
                continue
            if not client.is_authentic(frame):
                client.read("HELLO")  # another's, or the pump forgot for whom it signs
                continue
            signed = client.unsigned_reason is None
            fields = decode(frame)
            if status is None or fields["revision"] != revision:
                status = read_status(client)
                revision = fields["revision"]
            elif fields["uptime_s"] >= status["uptime_s"]:
                status = with_telemetry(status, fields)
            else:
                continue  # was on its way when that status was read
            yield {**status, "seq": frame.sequence, "signed": signed and status["signed"]}
    finally:
        with suppress(LinkLost, NoDevice):  # a lost line has no subscription
            client.read("SUBSCRIBE", period_s=0)
