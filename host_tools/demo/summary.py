"""The life in numbers for build/demo/summary.json, and a check that it went as the demo's story says."""

from typing import Any

from host_tools.demo.record import DAY_S, Life

DELIVERED_ML = 639  # 500 mcg/day of 2000 mcg/mL for 2557 days
HIDDEN_ML = 5.5  # 40 % of 0.25 mL/day for 55 days: counted, and not delivered


def summary(life: Life) -> dict[str, Any]:
    """The numbers of build/demo/summary.json. `refills` is without the first fill."""
    last = life.samples[-1]
    heard: dict[str, int] = {}
    for alarm in life.alarms():
        if alarm.tones:
            heard[alarm.name] = heard.get(alarm.name, 0) + 1
    return {
        "days": life.end_s() // DAY_S,
        "refills": len(life.named("REFILL")) - 1,
        "delivered_ml": last.delivered_nl / 1e6,
        "truth_delivered_ml": last.truth_delivered_nl / 1e6,
        "alarms": heard,
        "end": life.status["therapy"],
        "tones": len(life.tones),
        "events": len(life.events),
        "start": life.start.isoformat(),
        "ended": life.date(life.end_s()).isoformat(),
        "hidden_fault": _hidden(life),
        "port": life.port,
        "wall_seconds": round(life.wall_s, 2),
    }


def _hidden(life: Life) -> dict[str, Any] | None:
    """The stretch in which belief and truth parted, and the refills whose aspirated volume showed it."""
    if life.hidden is None:
        return None
    return {
        "name": life.hidden.name,
        "percent": life.hidden.percent,
        "began": life.date(life.hidden.begin_s).isoformat(),
        "found": life.date(life.hidden.found_s).isoformat(),
        "found_at": [
            {"refill": number, "computed_ml": found.expected_nl / 1e6, "aspirated_ml": (found.aspirated_nl or 0) / 1e6}
            for number, found in life.discrepancies()
        ],
    }


def differences(totals: dict[str, Any]) -> list[str]:
    """List, in words, all that came out otherwise than in the demo's story."""
    wrong = []
    if totals["days"] != 2557:
        wrong.append(f"the pump served {totals['days']} days, not 2557")
    if not 35 <= totals["refills"] <= 40:
        wrong.append(f"it was refilled {totals['refills']} times, not 35 to 40")
    for key, expected_ml in (("delivered_ml", DELIVERED_ML), ("truth_delivered_ml", DELIVERED_ML - HIDDEN_ML)):
        if abs(totals[key] - expected_ml) > 1:
            wrong.append(f"{key} is {totals[key]:.3f}, not within 1 mL of {expected_ml}")
    if len(found := totals["hidden_fault"]["found_at"] if totals["hidden_fault"] else []) != 1:
        wrong.append(f"{len(found)} refills found too much or too little drug, not 1")
    for alarm in ("low_reservoir", "motor_stall", "eri", "end_of_service"):
        if not totals["alarms"].get(alarm):
            wrong.append(f"the alarm {alarm} was never heard")
    if totals["end"] != "end_of_service":
        wrong.append(f"the pump's therapy ended as {totals['end']}, not end_of_service")
    return wrong
