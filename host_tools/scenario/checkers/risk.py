"""The patient's risk against what explains it: a fault, an alarm, or a person's slip."""

from host_tools.scenario.checkers.findings import Tally
from host_tools.scenario.checkers.programs import DAY_MS

HARM = frozenset(("overdose_high", "high", "emergency"))
LINGERS_MS = 5 * DAY_MS  # what is over may harm for so long
SLIP_LINGERS_MS = 60 * DAY_MS


class Risk:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._slips: list[tuple[int, str]] = []
        self._explained_ms = -LINGERS_MS

    def slip(self, now_ms: int, meant: str) -> None:
        """An order was accepted that was not what somebody meant."""
        self._slips.append((now_ms, meant))

    def look(self, now_ms: int, risk: str, explained: bool) -> None:
        """`explained`: a fault that harms is on, or an alarm that says so."""
        if explained:
            self._explained_ms = now_ms
        harm = risk in HARM and now_ms - self._explained_ms > LINGERS_MS
        slips = [meant for at_ms, meant in self._slips if now_ms - at_ms <= SLIP_LINGERS_MS] if harm else []
        if slips:
            self._tally.check(
                "slip_harms_nobody", False, lambda: f"{risk}; accepted was what nobody meant: {slips[-1]}"
            )
        else:
            self._tally.check(
                "risk_explained", not harm, lambda: f"the patient's risk is {risk}, and nothing explains it"
            )
