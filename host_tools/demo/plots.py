"""The plots of a life as one SVG for the report, whose colours are the page's own (CSS)."""

import io
import itertools

import matplotlib as mpl
import matplotlib.dates as mdates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from hal.plant.effectsite import CLEARANCE_ML_PER_H
from host_tools.common.durations import format_duration
from host_tools.demo.record import DAY_S, Alarm, Life, Sample
from host_tools.demo.style import (
    BELIEF,
    CRITICAL,
    MUTED,
    NON_CRITICAL,
    PAGE,
    RULE,
    STYLE,
    TRUTH,
    TRUTH_LABEL,
    page_svg,
)
from host_tools.demo.timeline import alarm_words, tones

ML_CLEARED_PER_DAY = 24 * CLEARANCE_ML_PER_H


def life_svg(life: Life) -> str:
    """Rate, effect, reservoir, battery and alarms, one above the other on one time axis."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.2, 11.4), layout="constrained")
        figure.patch.set_alpha(0)
        rate, effect, reservoir, battery, alarms = figure.subplots(
            5, 1, sharex=True, gridspec_kw={"height_ratios": [1.1, 1.5, 2.6, 1.5, 1.4], "hspace": 0.06}
        )
        at = [_axis_time(life, sample.at_s) for sample in life.samples]
        _rate(rate, life, at)
        _effect(effect, life.samples, at)
        _reservoir(reservoir, life, at)
        _battery(battery, life.samples, at)
        _alarms(alarms, life)
        _time_axis(alarms, life)
        _mark_hidden(life, effect, rate, reservoir)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return page_svg(out.getvalue())


def _axis_time(life: Life, at_s: int) -> float:
    """An uptime's place on the time axis."""
    return float(mdates.date2num(life.date(at_s)))


def _titled(axes: Axes, title: str, unit: str) -> None:
    axes.set_title(f"{title}, {unit}" if unit else title, loc="left", fontsize=10.5, fontweight="bold", pad=8)


def _margin_label(axes: Axes, y: float, text: str, colour: str, va: str = "center") -> None:
    """A label in the right margin, level with what it names."""
    axes.annotate(
        text, (1, y), xycoords=axes.get_yaxis_transform(), xytext=(6, 0), textcoords="offset points",
        va=va, color=colour, annotation_clip=False,
    )  # fmt: skip


def _rate(axes: Axes, life: Life, at: list[float]) -> None:
    _titled(axes, "Rate", "mL/day")
    pieces = [(a, b) for a, b in itertools.pairwise(life.samples) if b.at_s > a.at_s]
    delivered = [(b.truth_delivered_nl - a.truth_delivered_nl) / 1e6 * DAY_S / (b.at_s - a.at_s) for a, b in pieces]
    edges = [_axis_time(life, sample.at_s) for sample in (pieces[0][0], *(b for _, b in pieces))]
    ordered = [sample.rate_nl_per_day / 1e6 for sample in life.samples]
    axes.stairs(delivered, edges, baseline=None, color=TRUTH, linewidth=5)
    axes.step(at, ordered, where="post", color=BELIEF, linewidth=1.4)
    axes.set_ylim(0, max(ordered) * 1.25)
    _margin_label(axes, max(ordered), "belief", BELIEF)
    _margin_label(axes, max(ordered) * 0.6, "truth", TRUTH_LABEL)
    for stall in life.named("MOTOR_STALL"):
        axes.annotate(
            "motor stall", (_axis_time(life, stall["t_s"]), max(ordered) * 0.2), xytext=(7, 0),
            textcoords="offset points", va="center", color=CRITICAL,
        )  # fmt: skip


def _effect(axes: Axes, samples: list[Sample], at: list[float]) -> None:
    """The level in truth, and the one at which it would settle if the pump were right about its rate."""
    _titled(axes, "Level at the effect site", "ng/mL")
    levels = [sample.effect_ng_per_ml for sample in samples]
    believed = [sample.rate_nl_per_day * sample.tip_mcg_per_ml / 1000 / ML_CLEARED_PER_DAY for sample in samples]
    axes.plot(at, levels, color=TRUTH, linewidth=5)
    axes.step(at, believed, where="post", color=BELIEF, linewidth=1.4)
    axes.set_ylim(0, max(believed) * 1.25)
    _margin_label(axes, max(believed), "as the pump's\nrate gives", BELIEF)
    _margin_label(axes, max(believed) * 0.6, "truth", TRUTH_LABEL)


def _mark_hidden(life: Life, labelled: Axes, *others: Axes) -> None:
    """Shade the stretch in which belief and truth part."""
    if life.hidden is None:
        return
    begin, found = _axis_time(life, life.hidden.begin_s), _axis_time(life, life.hidden.found_s)
    for axes in (labelled, *others):
        axes.axvspan(begin, found, color=RULE, alpha=0.7, linewidth=0, zorder=0)
    labelled.annotate(
        "unseen by the pump", (begin, 0.2), xycoords=labelled.get_xaxis_transform(), xytext=(-6, 0),
        textcoords="offset points", ha="right", va="center", color=MUTED,
    )  # fmt: skip


def _reservoir(axes: Axes, life: Life, at: list[float]) -> None:
    samples, low_ml, residual_ml = life.samples, life.low_reservoir_nl / 1e6, life.residual_nl / 1e6
    _titled(axes, "Reservoir", "mL")
    axes.plot(at, [sample.truth_reservoir_nl / 1e6 for sample in samples], color=TRUTH, linewidth=5)
    axes.plot(at, [sample.reservoir_nl / 1e6 for sample in samples], color=BELIEF, linewidth=1.4)
    axes.axhline(low_ml, color=NON_CRITICAL, linewidth=1, dashes=(5, 3))
    axes.axhline(residual_ml, color=CRITICAL, linewidth=1, dashes=(5, 3))
    top = max(sample.truth_reservoir_nl for sample in samples) / 1e6
    axes.set_ylim(0, top * 1.06)
    axes.yaxis.set_major_locator(MultipleLocator(5))
    _margin_label(axes, low_ml, f"low {low_ml:g} mL", NON_CRITICAL, "bottom")
    _margin_label(axes, residual_ml, f"empty {residual_ml:g} mL", CRITICAL, "top")
    _margin_label(axes, top * 0.62, "belief\n(the pump's)", BELIEF)
    _margin_label(axes, top * 0.45, "truth\n(the plant's)", TRUTH_LABEL)


def _battery(axes: Axes, samples: list[Sample], at: list[float]) -> None:
    _titled(axes, "Battery", "mV")
    for name, readings in (
        ("at rest", [sample.battery_mv for sample in samples]),
        ("under load", [sample.battery_load_mv for sample in samples]),
    ):
        known = [(moment, mv) for moment, mv in zip(at, readings, strict=True) if mv is not None]
        if known:
            colour = BELIEF if name == "at rest" else MUTED
            axes.plot(*zip(*known, strict=True), color=colour, linewidth=1.4)
            _margin_label(axes, known[-1][1], name, colour)


def _alarms(axes: Axes, life: Life) -> None:
    _titled(axes, "Alarms", "")
    occurrences = life.alarms()
    rows = list(dict.fromkeys(alarm.name for alarm in occurrences))
    for alarm in occurrences:
        _alarm(axes, life, alarm, rows.index(alarm.name))
    axes.set_yticks(range(len(rows)), [alarm_words(name) for name in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    for y, label in enumerate(axes.get_yticklabels()):
        label.set_color(_colour(next(alarm for alarm in occurrences if alarm.name == rows[y])))


def _alarm(axes: Axes, life: Life, alarm: Alarm, row: int) -> None:
    """Sounding is dark, silenced is light; both are hours in seven years, so a mark says where to look."""
    end_s = life.samples[-1].at_s
    silenced_s = alarm.silenced_s if alarm.silenced_s is not None else alarm.cleared_s
    sounding_until_s = end_s if silenced_s is None else silenced_s
    over_s = end_s if alarm.cleared_s is None else max(alarm.cleared_s, sounding_until_s)
    begin, quiet, over = (_axis_time(life, at_s) for at_s in (alarm.raised_s, sounding_until_s, over_s))
    colour = _colour(alarm)
    axes.hlines(row, begin, over, color=colour, linewidth=7, alpha=0.35, capstyle="butt")
    axes.hlines(row, begin, quiet, color=colour, linewidth=7, capstyle="butt")
    axes.plot([begin], [row], marker="d", markersize=7, color=colour, markeredgewidth=0)
    early = alarm.raised_s < end_s // 2
    axes.annotate(
        f"{tones(alarm)} in {format_duration(sounding_until_s - alarm.raised_s)}",
        (over if early else begin, row), xytext=(9 if early else -9, 0), textcoords="offset points",
        ha="left" if early else "right", va="center", color=MUTED,
        bbox={"facecolor": PAGE, "edgecolor": "none", "pad": 1.5},
    )  # fmt: skip


def _colour(alarm: Alarm) -> str:
    return CRITICAL if alarm.severity == "critical" else NON_CRITICAL


def _time_axis(axes: Axes, life: Life) -> None:
    axes.set_xlim(_axis_time(life, 0), _axis_time(life, life.samples[-1].at_s))
    axes.xaxis.set_major_locator(mdates.YearLocator())
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%Y"))
    axes.xaxis.set_minor_locator(mdates.MonthLocator(bymonth=(4, 7, 10)))
    axes.tick_params(axis="x", which="major", length=6)
