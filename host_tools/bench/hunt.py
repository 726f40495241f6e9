"""How fast simulated lives go by, with faults, people who err and every checker."""

from typing import Any

from host_tools.simulate.campaign import Settings, Sum, campaign

SEEDS = range(24)


def measure() -> dict[str, Any]:
    """Lives of three months as a campaign draws them, one after another in this process."""
    total = Sum()
    for outcome in campaign(SEEDS, Settings(), jobs=1, cut_down=False):
        total.add(outcome)
    return {"sim_s_per_core_s": total.sim_s_per_core_s, "lives": total.seeds}
