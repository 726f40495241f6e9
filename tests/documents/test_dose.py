"""The strength of the drug that a paper names is that of what leaves the catheter's tip, in every life of a pump."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from host_tools.documents.dose import last_ordered
from host_tools.documents.emergency import emergency_dict, emergency_rows
from host_tools.documents.facts import read_facts
from host_tools.documents.line import drug_change, line_text
from host_tools.documents.render import card_html, report_html
from host_tools.programmer import Status
from tests.documents.bench import Bench
from tests.documents.pages import text_of

STRENGTHS = (250, 500, 2000)
DELIVERED = re.compile(r"([\d.]+) mcg/day, of (\d+) mcg/mL \(([\d.]+) mL/day\)")
NOW = re.compile(r"now ([\d.]+) mL/day, which is ([\d.]+) mcg/day")
PRINTED_ML = 0.0005  # to which a rate is printed
DAY_S = 86_400
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)  # a life is too long to be shrunk


class Life(NamedTuple):
    """A change from one strength to another; `part` of the line is delivered after it, and then comes `event`."""

    old: int
    new: int
    dose: int
    part: float
    event: str
    programmed: bool
    flex: bool


def stop_and_resume(bench: Bench) -> None:
    bench.pump.stop()
    bench.pass_time(hours=3)
    bench.pump.resume()


def stall(bench: Bench) -> None:
    bench.machine.plant.apply_fault("motor_stall")
    bench.pass_time(hours=9)


def stall_and_over(bench: Bench) -> None:
    stall(bench)
    bench.machine.plant.heal("motor_stall")
    bench.pass_time(hours=1)


EVENTS: dict[str, Callable[[Bench], None]] = {
    "nothing": lambda _: None,
    "stopped": lambda bench: bench.pump.stop(),
    "stopped for hours": stop_and_resume,
    "minimum": lambda bench: bench.pump.minimum_rate(),
    "stalled": stall,
    "stall over": stall_and_over,
}
"""What happens in mid-bridge, or after it."""

lives = st.builds(
    Life,
    st.sampled_from(STRENGTHS),
    st.sampled_from(STRENGTHS),
    st.integers(300, 600),
    st.floats(0, 1.4),
    st.sampled_from(sorted(EVENTS)),
    st.booleans(),
    st.booleans(),
)


def lived(life: Life) -> Bench:
    """A pump whose line is full of the old drug, refilled with the new one, at the moment that `life` says."""
    bench = Bench()
    bench.treat(20, life.old, life.dose)
    bench.pump.prime()
    bench.pass_time(days=3)
    if life.flex:
        week = {"default": [("00:00", life.dose / 4), ("08:00", life.dose / 2), ("16:00", life.dose / 4)]}
        bench.pump.program_flex(week, override=True)
        bench.pass_time(days=1)
    bench.pump.refill(20, life.new)
    if life.programmed:
        bench.pump.program_simple(round(life.dose * 0.9))
    nl_per_day = life.dose * 1_000_000 / life.old
    bench.pass_time(seconds=int(life.part * bench.pump.status()["line_nl"] / nl_per_day * DAY_S))
    EVENTS[life.event](bench)
    return bench


def tip(bench: Bench) -> int:
    """The strength of what stands at the tip, of the plant, which knows."""
    catheter: dict[str, Any] = bench.machine.plant.flow_now().catheter.snapshot()
    return catheter["parcels"][0][1]


class Papers(NamedTuple):
    """The three papers of one moment, as people read them, and one as data."""

    emergency: str
    report: str
    card: str
    data: dict[str, Any]


def papers(bench: Bench) -> tuple[Status, Papers]:
    status = bench.pump.status()
    ordered = last_ordered(bench.pump)
    facts = read_facts(bench.pump)
    rows = " ".join(f"{label}: {text}" for label, text in emergency_rows(status, ordered))
    report, card = text_of(report_html(facts)), text_of(card_html(facts))
    return status, Papers(rows, report, card, emergency_dict(status, ordered))


def check_doses(status: Status, told: Papers) -> None:
    """Each rate times its strength is its dose, and the strength that of the tip."""
    at_tip = status["tip_mcg_per_ml"]
    for name in ("emergency", "report"):
        text = getattr(told, name).partition("Ordered")[0]  # what a program was made for is another line
        found = DELIVERED.findall(text)
        for dose, strength, rate in found:
            assert int(strength) == at_tip, (name, text)
            assert float(rate) * at_tip == pytest.approx(float(dose), abs=PRINTED_ML * at_tip + 0.1), (name, text)
        for rate, dose in NOW.findall(text):
            assert float(rate) * at_tip == pytest.approx(float(dose), abs=PRINTED_ML * at_tip + 0.1), (name, text)
        assert found or NOW.search(text) or "prime" in text, (name, text)
        assert f"mcg/day, of {at_tip} mcg/mL" in text, (name, text)


@settings(max_examples=60, deadline=None, phases=QUICK)
@given(lives)
def test_every_paper_names_the_strength_at_the_tip_and_what_follows(life: Life) -> None:
    bench = lived(life)
    status, told = papers(bench)
    assert tip(bench) == told.data["tip_mcg_per_ml"]
    check_doses(status, told)
    bridging = status["tip_mcg_per_ml"] != status["concentration_mcg_per_ml"]
    for text in told[:3]:
        assert f"{status['tip_mcg_per_ml']} mcg/mL" in text
        assert (f"{status['concentration_mcg_per_ml']} mcg/mL" in text) or not bridging
    assert bool(told.data["line"]) == bridging


@settings(max_examples=25, deadline=None, phases=QUICK)
@given(lives)
def test_the_new_drug_is_at_the_tip_when_they_say_and_runs_as_they_say(life: Life) -> None:
    bench = lived(life._replace(flex=False))
    status, told = papers(bench)
    coming = drug_change(status)
    if coming is None or coming.in_s is None or coming.at is None:
        assert coming is None or "stay there while nothing is delivered" in told.data["line"]
        return
    assert (coming.at - timedelta(seconds=coming.in_s)).isoformat() == status["wall"]
    step_s = 2 * 100 * DAY_S // status["rate_nl_per_day"] + 60
    bench.run_to(max(coming.at - timedelta(seconds=step_s), datetime.fromisoformat(str(status["wall"]))))
    assert tip(bench) == coming.old_mcg_per_ml
    bench.run_to(coming.at + timedelta(seconds=step_s))
    after = bench.pump.status()
    assert (tip(bench), after["tip_mcg_per_ml"]) == (coming.new_mcg_per_ml,) * 2
    if status["therapy"] == "running":
        assert after["therapy"] == "running"
        assert after["dose_mcg_per_day"] == status["dose_mcg_per_day"]
        assert f"The dose of {status['dose_mcg_per_day']} mcg/day goes on with it" in told.data["line"]
        assert ("program_unconfirmed" in after["alarms"]) == (not life.programmed)


@settings(max_examples=20, deadline=None, phases=QUICK)
@given(st.sampled_from(STRENGTHS), st.integers(300, 600), st.sampled_from(["before", "basal", "priming", "primed"]))
def test_a_line_without_drug_is_named_until_it_is_filled(strength: int, dose: int, when: str) -> None:
    bench = Bench()
    bench.pump.implant(89, wall=datetime(2026, 1, 5, 8))
    bench.pump.refill(20, strength)
    if when in ("priming", "primed"):
        bench.pump.prime()
        bench.pass_time(**{"minutes": 5} if when == "priming" else {"hours": 2})
    if when != "before":
        bench.pump.program_simple(dose)
    bench.pass_time(minutes=2)
    status, told = papers(bench)
    check_doses(status, told)
    empty = tip(bench) == 0
    assert empty == bool(status["unprimed_nl"]) == (when != "primed")
    for text in (*told[:3], told.data["line"]):
        assert ("No drug of this pump is at the catheter's tip yet" in text) == empty, text
    assert ("after the prime" in told.emergency) == (when == "priming")


@settings(max_examples=20, deadline=None, phases=QUICK)
@given(st.lists(st.sampled_from((0, 250, 500, 1000, 2000)), min_size=2, max_size=5), st.integers(0, 9))
@example([0, 500, 0], 5)  # a gap in the line, and saline in the reservoir: it passes as the next drug would
def test_the_papers_name_each_parcel_and_when_the_last_is_out(strengths: list[int], hours: int) -> None:
    """Fillings one upon another, while the line still holds those before."""
    bench = Bench()
    bench.treat(20, 1000, 300)
    bench.pump.prime()
    bench.pass_time(days=3)
    for strength in strengths:
        bench.pass_time(hours=hours)
        bench.pump.refill(20, strength)
    status, told = papers(bench)
    line = status["line"]
    if any(parcel["mcg_per_ml"] != strengths[-1] for parcel in line) and line[0]["mcg_per_ml"]:
        for paper in (told.emergency, told.report, told.data["line"]):
            assert line_text(line) in paper
    coming = drug_change(status)
    assert (coming is not None) == (status["bolus"] == "bridge")
    if coming is None or coming.in_s is None or coming.at is None or status["therapy"] != "running":
        return
    assert ("then its minimum rate" in told.emergency) == (not strengths[-1])
    step_s = 2 * len(line) * 100 * DAY_S // 150_000 + 60  # of the strongest drug
    bench.run_to(max(coming.at - timedelta(seconds=step_s), datetime.fromisoformat(str(status["wall"]))))
    assert tip(bench) != strengths[-1]
    bench.run_to(coming.at + timedelta(seconds=step_s))
    assert tip(bench) == strengths[-1]
    assert bench.pump.status()["therapy"] == ("running" if strengths[-1] else "minimum")


def test_a_bolus_has_its_own_rate() -> None:
    bench = Bench()
    bench.treat(20, 2000, 300)
    bench.pump.prime()
    bench.pass_time(days=2)
    bench.pump.bolus(50, 3600)
    bench.pass_time(minutes=5)
    status, told = papers(bench)
    check_doses(status, told)
    assert "300 mcg/day, of 2000 mcg/mL, and a bolus: now 0.750 mL/day, which is 1500 mcg/day" in told.emergency
