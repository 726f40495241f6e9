"""The declared ranges of what is ordered, said in people's words and units."""

from decimal import Decimal

from host_tools.common.durations import format_duration
from host_tools.programmer.errors import BadValue
from host_tools.programmer.units import option, unit_of
from protocol.registry import field_of


def check_range(request: str, field: str, value: int, name: str = "", per_unit: int = 1, advice: str = "") -> None:
    """Raise when the declaration of a request forbids a field's value. `name` is what people call the field (by default
    as the wire does), in whose unit the wire's is `per_unit` times."""
    limits = field_of(request, field)
    if limits.least <= value <= limits.most:
        return
    if field.endswith("_s"):
        given, least, most = map(format_duration, (value, limits.least, limits.most))
    else:
        given, least, most = (f"{Decimal(number) / per_unit:f}" for number in (value, limits.least, limits.most))
        most += unit_of(name or field)
    raise BadValue(f"{option(name or field.removesuffix('_s'))} {given} is outside {least} to {most}{advice}")
