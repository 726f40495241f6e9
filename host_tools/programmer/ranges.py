"""The declared ranges of what is ordered, said in people's words and units."""

from decimal import Decimal

from host_tools.programmer.errors import BadValue
from protocol.registry import field_of


def check_range(
    request: str, field: str, value: int, name: str = "", per_unit: int = 1, unit: str = "", advice: str = ""
) -> None:
    """Raise when the declaration of a request forbids a field's value. `name` is what a person calls the field (by
    default as the wire does), in whose unit the wire's is `per_unit` times."""
    limits = field_of(request, field)
    if not limits.least <= value <= limits.most:
        given, least, most = (f"{Decimal(number) / per_unit:f}{unit}" for number in (value, limits.least, limits.most))
        raise BadValue(f"{name or field} {given} is outside {least} to {most}{advice}")
