"""The report on a life: one HTML file that needs no network and no scripts."""

from host_tools.common.durations import format_duration
from host_tools.demo.plots import life_svg
from host_tools.demo.record import Life
from host_tools.demo.summary import summary
from host_tools.demo.timeline import date_columns, ml, timeline
from host_tools.documents.page import page


def render(life: Life) -> str:
    """The whole page."""
    return page(
        "demo/report.html.jinja",
        life=life,
        totals=summary(life),
        numbers=_numbers(life),
        lines=[(*date_columns(life, line), line) for line in timeline(life)],
        plot=life_svg(life),
    )


def _numbers(life: Life) -> list[tuple[str, str, str]]:
    """The table of key numbers: name, value and remark."""
    totals, first, last = summary(life), life.samples[0], life.samples[-1]
    books_off_nl = last.delivered_nl - last.truth_delivered_nl
    books = "the same"
    if books_off_nl:
        books = f"{ml(abs(books_off_nl), 3)} {'more' if books_off_nl > 0 else 'less'}"
    late = len(life.named("LOW_RESERVOIR"))
    return [
        ("In service", f"{totals['days']:,} days", f"{life.start:%Y-%m-%d} to {totals['ended'][:10]}"),
        ("Refills", f"{totals['refills']}", f"after the first fill; {late} of them late"),
        ("Delivered, by the pump's books", ml(last.delivered_nl, 3), "confirmed motor steps"),
        ("Delivered, in truth", ml(last.truth_delivered_nl, 3), f"left the pump; its books say {books}"),
        *_hidden(life),
        *_stalls(life),
        ("Battery at rest", f"{last.battery_mv} mV", f"{first.battery_mv} mV when new"),
        ("Battery under load", f"{last.battery_load_mv} mV", f"{first.battery_load_mv} mV when new"),
        ("Tones heard", f"{totals['tones']}", ", ".join(f"{n} × {kind}" for kind, n in _kinds(life).items())),
        ("Log entries", f"{totals['events']}", "read over the serial line"),
    ]


def _stalls(life: Life) -> list[tuple[str, str, str]]:
    """The row on how long the motor stood, if it ever did."""
    stalls = life.named("MOTOR_STALL_RECOVERY")
    lasted_s = sum(event["data"]["duration_s"] for event in stalls)
    return [("Motor stalled", format_duration(lasted_s), "nothing of it made up for later")] if stalls else []


def _hidden(life: Life) -> list[tuple[str, str, str]]:
    """The rows on the fault that the pump did not see, and on the refills that found it."""
    rows = []
    if life.hidden:
        lasted = format_duration(life.hidden.found_s - life.hidden.begin_s)
        name = life.hidden.name.replace("_", "-").capitalize()
        rows.append((name, lasted, f"each step moved {life.hidden.percent} % less; the pump saw nothing of it"))
    for number, refill in life.discrepancies():
        aspirated, computed = ml(refill.aspirated_nl or 0, 3), ml(refill.expected_nl, 3)
        off = f"{(refill.discrepancy_nl or 0) / 1e6:+.3f} mL"
        rows.append((f"Found at refill {number}", off, f"{aspirated} aspirated, {computed} computed"))
    return rows


def _kinds(life: Life) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for tone in life.tones:
        kinds[tone.kind] = kinds.get(tone.kind, 0) + 1
    return kinds
