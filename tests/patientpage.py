"""The tables and plots of docs/patient.md, as the model of the patient gives them.

`python -m tests.patientpage` renews them, `--check` fails when a table is out of date. The plots need matplotlib, and
are not compared: another version of it draws the same otherwise.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from hal.plant.effectsite import EffectSite, Inflow, Kinetics
from hal.plant.patient import HOUR_MS, Body, Patient

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "patient.md"
DAY_H = 24
EASED_NG_PER_ML = 85  # from here on an effect is said to be there; 50 mcg by needle come to it in an hour
LOOK_H = 0.01
COARSE_H = 0.1


class Range(NamedTuple):
    """What was published, in hours."""

    least: float
    most: float
    source: str

    def fit(self, hours: float) -> str:
        if self.least <= hours <= self.most:
            return "yes"
        return "sooner" if hours < self.least else "later"


ONSET, PEAK, OVER = Range(0.5, 1, "PK-2"), Range(3.5, 4.5, "PK-2"), Range(4, 8, "PK-2")
FIRST, GREATEST = Range(6, 8, "PK-2"), Range(24, 48, "PK-2")
WITHDRAWAL = Range(24, 72, "PK-3")


def published() -> Iterator[str]:
    """The rows of what was published beside the model."""
    yield "| what | published | source | model | agrees |"
    yield "|---|---|---|---|---|"
    for mcg in (50, 75, 100):
        levels = _by_needle(mcg)
        there = [hour for hour, level in levels if level >= EASED_NG_PER_ML]
        peak = max(levels, key=lambda point: point[1])[0]
        yield _row(f"{mcg} mcg by needle, effect begins", ONSET, there[0])
        yield _row(f"{mcg} mcg by needle, greatest", PEAK, peak)
        yield _row(f"{mcg} mcg by needle, effect over", OVER, there[-1])
    for mcg_per_day in (100, 200, 300):
        levels = _infused(mcg_per_day)
        there = next(hour for hour, level in levels if level >= EASED_NG_PER_ML)
        whole = next(hour for hour, level in levels if level >= 0.95 * levels[-1][1])
        yield _row(f"{mcg_per_day} mcg/day, effect begins", FIRST, there)
        yield _row(f"{mcg_per_day} mcg/day, 95 % of its greatest", GREATEST, whole)
    for risk, at_h in _after_a_stop().items():
        if risk in ("elevated", "high", "emergency"):
            yield _row(f"full stop of 500 mcg/day, risk `{risk}`", WITHDRAWAL, at_h)


def _row(what: str, told: Range, hours: float) -> str:
    span = f"about {(told.least + told.most) / 2:g} h" if told is PEAK else f"{told.least:g} to {told.most:g} h"
    return f"| {what} | {span} | {told.source} | {hours:.1f} h | {told.fit(hours)} |"


def courses() -> Iterator[str]:
    """The rows of licensed changes of dose, and the worst that the indicator says of each."""
    yield "| course | from | worst | first |"
    yield "|---|---|---|---|"
    for percent in (10, 20, 30):
        for dose in (100, 500):
            title = f"+{percent} % a day to 1000 mcg/day"
            yield _course(title, Body(dose), dose, lambda mcg, up=percent: mcg * (1 + up / 100), 24, 1000)
    for percent in (10, 20):
        for dose in (500, 1000):
            title = f"-{percent} % every two days to 10 mcg/day, dependent"
            body = Body(dose, dependent=True)
            yield _course(title, body, dose, lambda mcg, down=percent: mcg * (1 - down / 100), 48, 10)


def _course(title: str, body: Body, dose: float, change: Callable[[float], float], every_h: int, until: float) -> str:
    patient = _settled(body, dose)
    now_h = changes = 0
    seen: dict[str, str] = {}
    mcg_per_day = dose
    while (mcg_per_day - until) * (change(mcg_per_day) - until) > 0:
        mcg_per_day = change(mcg_per_day)
        changes += 1
        for _ in range(every_h):
            now_h += 1
            patient.advance(now_h * HOUR_MS, Inflow(mcg_per_day / DAY_H))
            seen.setdefault(patient.risk, f"day {now_h // DAY_H + 1}, at {mcg_per_day:.0f} mcg/day")
    order = ("normal", "watch", "elevated", "high", "emergency", "overdose_watch", "overdose_high")
    worst = max(seen, key=order.index)
    return f"| {title} | {dose} mcg/day | `{worst}` | {seen[worst]} |"


def _settled(body: Body, mcg_per_day: float) -> Patient:
    """A patient who has had the dose for long, at 0 h."""
    patient = Patient(body)
    patient.site.csf = patient.site.tip_effect = patient.site.used_to = patient.site.steady(mcg_per_day / DAY_H)
    return patient


def _by_needle(mcg: float) -> list[tuple[float, float]]:
    site = EffectSite(Kinetics())
    site.add_by_needle(mcg)
    curve = site.levels(Inflow()).effect
    return [(hour * LOOK_H, curve.at(hour * LOOK_H)) for hour in range(3000)]


def _infused(mcg_per_day: float) -> list[tuple[float, float]]:
    curve = EffectSite(Kinetics()).levels(Inflow(mcg_per_day / DAY_H)).effect
    return [(hour * LOOK_H, curve.at(hour * LOOK_H)) for hour in range(10_000)]


def _after_a_stop() -> dict[str, float]:
    """Risk -> the hours after a stop at the tip at which it is reached."""
    patient = _settled(Body(500, dependent=True), 500)
    reached: dict[str, float] = {}
    for look in range(1, 500):
        patient.advance(look * COARSE_H * HOUR_MS, Inflow())
        reached.setdefault(patient.risk, look * COARSE_H)
    return reached


TABLES = {"published": published, "courses": courses}


def page(text: str) -> str:
    """The page with its tables anew."""
    for name, rows in TABLES.items():
        table = "\n".join(rows())
        text = re.sub(
            rf"(<!-- table: {name} -->\n).*?(\n<!-- end -->)",
            lambda found, table=table: found[1] + table + found[2],
            text,
            flags=re.DOTALL,
        )
    return text


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    if sys.argv[1:] == ["--check"]:
        if page(text) != text:
            sys.exit(f"{PAGE.name} is out of date: `make gen` writes its tables")
        return
    PAGE.write_text(page(text), encoding="utf-8")
    from tests.patientplots import draw  # matplotlib takes a second to come

    draw(DOCS)


if __name__ == "__main__":
    main()
