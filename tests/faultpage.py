"""docs/faults.md: the fault atlas of host_tools/machines/atlas.py as a page.

`python -m tests.faultpage` writes it, `--check` fails when it is out of date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from hal.plant.faults import SUMMARIES
from host_tools.common.durations import format_duration
from host_tools.machines.atlas import GROUPS, Hazard

PAGE = Path(__file__).parents[1] / "docs" / "faults.md"
CUTS = {
    "power_cut": "all power is lost, and comes back",
    "cut_in_write": "all power is lost for a moment in one of the writes that an order makes to the store",
}
"""What the hazards do that are no faults of the plant."""

TEXT = """\
# Faults, and what the pump promises

`make gen` writes this page from the fault atlas in [atlas.py](../host_tools/machines/atlas.py). Thecal is a simulation
and an engineering tool, not a medical device: these are promises of its firmware in the emulation, which tests live
through in many ways, and no statement about any device in a patient.

| promise | means |
|---|---|
| survived | therapy, records and alarms go on as if nothing were, at most with an advisory or an entry in the log |
| alarm | the pump falls back to less, or gives less, and an alarm says so in time |
| outside | the pump cannot see it, and promises nothing: the patient or the next refill finds it |

*Told by* names alarms and advisories, any one of which tells of the fault; where they differ, the text says when which
comes. *Within* is how long after the fault's beginning one is there at the latest, while a program runs and the fault
lasts; a fault that is over sooner may go untold. At the minimum rate what is counted in steps takes eight times as
long. Without a time an alarm may come, and none is promised.

A simulated life draws its faults from these. It injects only those about which something is promised (`survived` and
`alarm`), unless it is told to inject the others too. How a scenario injects each, and with which fields, is in
[scenarios.md](scenarios.md#the-verbs).

{groups}"""


def page() -> str:
    return TEXT.format(groups="\n".join(_group(title, hazards) for title, hazards in GROUPS.items()))


def _group(title: str, hazards: tuple[Hazard, ...]) -> str:
    head = "| fault | what it does | promise | what comes of it | told by | within |\n|---|---|---|---|---|---|"
    return f"## {title}\n\n{head}\n" + "".join(_rows(hazards))


def _rows(hazards: tuple[Hazard, ...]) -> Iterator[str]:
    for hazard in hazards:
        cells = (
            f"`{hazard.name}`",
            (SUMMARIES | CUTS)[hazard.name],
            hazard.promise,
            hazard.says,
            ", ".join(f"`{name}`" for name in hazard.told_by),
            "" if hazard.within_s is None else format_duration(hazard.within_s),
        )
        yield f"| {' | '.join(cells)} |\n"


def main() -> None:
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
            sys.exit(f"{PAGE.name} is out of date: `make gen` writes it")
        return
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
