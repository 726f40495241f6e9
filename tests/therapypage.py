"""docs/therapy.md: the table of firmware/therapy/orders.py as a page, with a diagram of the states.

`python -m tests.therapypage` writes it, `--check` fails when it is out of date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from firmware.therapy import orders
from protocol import codes

PAGE = Path(__file__).parents[1] / "docs" / "therapy.md"
THERAPY = {code: name for name, code in codes.THERAPY.items()}
ALARM = {code: name for name, code in codes.ALARM.items()}
EVENTS = {
    orders.FILL: "a refill was booked",
    orders.COMMIT: "a program was committed",
    orders.STOP: "a programmer ordered the stop",
    orders.MINIMUM_RATE: "a programmer ordered the minimum rate",
    orders.RESUME: "a programmer ordered the committed program to go on",
    orders.FALL_BACK: "the motor turns again after 48 hours: no dose by itself",
    orders.STAND_BY: "a refill after 48 hours or of another drug, or no drug at the tip: the same, without an alarm",
    orders.FAULT: "the pump does not trust its orders, its memory, its motor or its supply",
    orders.END: "end of service",
}
"""What each event is, in words."""

TEXT = """\
# The therapy's states

`make gen` writes this page from the table in [orders.py](../firmware/therapy/orders.py). *Therapy* is what was ordered;
what the machine does is its *operation*. Nothing but the table moves the pump from one state to another. What the
running program's rate is made from, the drug at the tip, is in [line.md](line.md).

| state | the basal rate |
|---|---|
| unfilled, stopped, end_of_service | none |
| minimum, safe_state | the minimum rate |
| running | the committed program's |

A state that the table does not name for an event refuses it as `state`; a pump that was never filled refuses every
order but a refill as `not_filled`. After any order that lets drug flow again the alarms `stopped` and `stopped_48h`
end, and `low_reservoir` and `reservoir_empty` after any order that makes the reservoir no longer low or empty.

```mermaid
stateDiagram-v2
    [*] --> unfilled
{diagram}
```

| event | in | if | then | raises | ends |
|---|---|---|---|---|---|
{rows}

The first row that fits counts. Events:

{events}

Conditions:

{guards}
"""


def name_of(event: int) -> str:
    """An event's name, in lower case."""
    return next(name for name in vars(orders) if name.isupper() and getattr(orders, name) == event).lower()


def page() -> str:
    guards = dict.fromkeys(row[2] for row in orders.TABLE if row[2])
    return TEXT.format(
        diagram="\n".join(_arrows()),
        rows="\n".join(_rows()),
        events="\n".join(f"- `{name_of(event)}`: {words}" for event, words in EVENTS.items()),
        guards="\n".join(f"- `{guard}`: {_words(guard)}" for guard in guards),
    )


def _words(guard: str) -> str:
    text = getattr(orders.Orders, guard).fget.__doc__ or ""
    return text[0].lower() + text[1:].rstrip(".")


def _arrows() -> Iterator[str]:
    for event, states, guard, then, _, _ in orders.TABLE:
        for state in states:
            if then and then != state:
                label = name_of(event) + (f", {guard}" if guard else "")
                yield f"    {THERAPY[state]} --> {THERAPY[then]}: {label}"


def _rows() -> Iterator[str]:
    for event, states, guard, then, raised, ended in orders.TABLE:
        cells = (
            f"`{name_of(event)}`",
            ", ".join(THERAPY[state] for state in states),
            f"`{guard}`" if guard else "",
            THERAPY[then] if then else "the same",
            ALARM[raised] if raised else "",
            ", ".join(ALARM[alarm] for alarm in ended),
        )
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
            sys.exit(f"{PAGE.name} is out of date: `make gen` writes it")
        return
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
