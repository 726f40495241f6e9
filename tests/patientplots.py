"""The plots of docs/patient.md."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hal.plant.effectsite import Inflow
from hal.plant.patient import HIGH_NG_PER_ML, HIGHEST_NG_PER_ML, HOUR_MS, Body, Patient

EFFECT, HABIT, EDGE, TEXT = "#0b5468", "#c0702a", "#b3261e", "#333333"
STEP_H = 0.25
DAY_H = 24
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "thecal",
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": TEXT,
    "axes.edgecolor": "#999999",
}
NAMES = {"overdose_watch": "overdose\nwatch", "overdose_high": "overdose\nhigh"}
LETTER_PERCENT = 1.1  # of the width


class Course(NamedTuple):
    """A plot: file name, title, the patient, and (hours, mcg/day at the tip, mcg by needle at the beginning) each."""

    name: str
    title: str
    body: Body
    settled_mcg_per_day: float
    spans: Sequence[tuple[float, float, float]]


COURSES = (
    Course("test-dose", "Test doses of 50, 75 and 100 mcg by needle, a day apart", Body(0), 0,
           [(24, 0, 50), (24, 0, 75), (24, 0, 100)]),
    Course("infusion", "An infusion of 200 mcg/day begins, in a body that is used to none", Body(0), 0, [(72, 200, 0)]),
    Course("full-stop", "500 mcg/day stop at the tip, in a dependent body", Body(500, dependent=True), 500,
           [(6, 500, 0), (66, 0, 0)]),
    Course("slip-of-ten", "1000 mcg/day for 100 by a slip, put right two days later", Body(100), 100,
           [(12, 100, 0), (48, 1000, 0), (96, 100, 0)]),
)  # fmt: skip


def draw(folder: Path) -> None:
    """Write all plots as SVG."""
    with mpl.rc_context(STYLE):
        for course in COURSES:
            _plot(course).savefig(
                folder / f"patient-{course.name}.svg", facecolor="white", metadata={"Date": None, "Creator": None}
            )


def _plot(course: Course) -> Figure:
    hours, effect, habit, risks = _live(course)
    figure = Figure(figsize=(7.2, 3.1), layout="constrained")
    axes = figure.subplots()
    axes.plot(hours, effect, color=EFFECT, linewidth=2, label="effect site")
    axes.plot(hours, habit, color=HABIT, linewidth=1.6, linestyle="--", label="used to")
    top = max(*effect, *habit, HIGH_NG_PER_ML) * 1.25
    for edge in (HIGH_NG_PER_ML, HIGHEST_NG_PER_ML):
        if edge < top:
            axes.axhline(edge, color=EDGE, linewidth=0.8, linestyle=":")
            axes.annotate(f"{edge}", (1, edge), xycoords=axes.get_yaxis_transform(), xytext=(3, 0),
                          textcoords="offset points", va="center", color=EDGE, fontsize=8)  # fmt: skip
    axes.set_ylim(0, top)
    axes.set_xlim(0, hours[-1])
    axes.set_xticks(range(0, int(hours[-1]) + 1, 6 if hours[-1] <= 72 else 24))
    axes.set_xlabel("hours")
    axes.set_ylabel("ng/mL")
    axes.set_title(course.title, loc="left", fontsize=10, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center right", fontsize=8)
    _name_risks(axes, hours, risks)
    return figure


def _live(course: Course) -> tuple[list[float], list[float], list[float], list[str]]:
    patient = Patient(course.body)
    steady = patient.site.steady(course.settled_mcg_per_day / DAY_H)
    patient.site.csf = patient.site.tip_effect = steady
    now_h = 0.0
    points = [(0.0, steady, patient.site.used_to, "normal")]
    for length_h, mcg_per_day, needle_mcg in course.spans:
        patient.site.add_by_needle(needle_mcg)
        for _ in range(round(length_h / STEP_H)):
            now_h += STEP_H
            patient.advance(now_h * HOUR_MS, Inflow(mcg_per_day / DAY_H))
            points.append((now_h, patient.site.effect, patient.site.used_to, patient.risk))
    hours, effect, habit, risks = zip(*points, strict=True)
    return list(hours), list(effect), list(habit), list(risks)


def _name_risks(axes: Axes, hours: list[float], risks: list[str]) -> None:
    """Shade each stretch of a risk, and name it at the top."""
    begin = 0
    for end in range(1, len(risks) + 1):
        if end < len(risks) and risks[end] == risks[begin]:
            continue
        risk, from_h, to_h = risks[begin], hours[begin], hours[min(end, len(hours) - 1)]
        if risk != "normal":
            grave = risk in ("high", "emergency", "overdose_high")
            axes.axvspan(
                from_h, to_h, color=EDGE if grave else HABIT, alpha=0.13 if risk != "emergency" else 0.25, lw=0
            )
        name = NAMES.get(risk, risk)
        if (to_h - from_h) * 100 > max(map(len, name.split())) * LETTER_PERCENT * hours[-1]:
            axes.text((from_h + to_h) / 2, 0.97, name, transform=axes.get_xaxis_transform(),
                      ha="center", va="top", fontsize=8)  # fmt: skip
        begin = end
