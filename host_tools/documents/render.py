"""The therapy report and the device identification card, as pages."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from host_tools.common.durations import format_duration
from host_tools.documents import card, texts
from host_tools.documents.dose import dose_text, drug_text, ml
from host_tools.documents.events import event_text, name_text
from host_tools.documents.facts import Facts, day_groups
from host_tools.documents.findings import EXAMINED, RESULTS, findings
from host_tools.documents.line import line_sentences
from host_tools.documents.page import page
from host_tools.documents.refills import share_text
from host_tools.documents.supply import age_limits_refill
from host_tools.documents.texts import ERI_TO_EOS_DAYS, alarm_text, loss_of_therapy
from host_tools.programmer import FlexProgram
from host_tools.programmer.flex import DAY_MIN, head_of
from host_tools.programmer.refill import ACCURACY_PERCENT
from host_tools.programmer.status import Status


class Bar(NamedTuple):
    """A step in the picture of a week, in percent of the day's width and of the highest rate."""

    left: float
    width: float
    height: float


def report_html(facts: Facts) -> str:
    """The therapy report: all that a clinic elsewhere needs, and what the patient's family does."""
    week = facts.program if isinstance(facts.program, FlexProgram) else None
    return page(
        "documents/report.html.jinja",
        facts=facts,
        status=facts.status,
        records=facts.records,
        implant=facts.implant,
        groups=day_groups(week) if week else [],
        bars=list(_bars(week)) if week else [],
        alarms=[(alarm["class"], alarm_text(alarm)) for alarm in facts.status["alarm_list"]],
        settings=_alarm_settings(facts.status),
        results=findings(facts.records, RESULTS),
        examined=findings(facts.records, EXAMINED),
        history=facts.history,
        event_text=event_text,
        name_text=name_text,
        accuracy_percent=ACCURACY_PERCENT,
        share_text=share_text,
        **_common(facts),
    )


def card_html(facts: Facts) -> str:
    """The card: its front identifies device and patient, its back is for an emergency."""
    return page(
        "documents/card.html.jinja",
        status=facts.status,
        records=facts.records,
        records_corrupt=facts.records_corrupt,
        front=card.front(facts),
        back=card.back(facts),
        **_common(facts),
    )


def _common(facts: Facts) -> dict[str, Any]:
    eri = facts.status["eri"] or facts.status["eri_forecast"]
    eos_by = (date.fromisoformat(eri) + timedelta(days=ERI_TO_EOS_DAYS)).isoformat() if eri else ""
    return {
        "head": head_of(facts.program),
        "mode": texts.MODE[facts.status["mode"]],
        "lost": loss_of_therapy(facts.status),
        "eos_by": eos_by,
        "too_old": age_limits_refill(facts.status),
        "words": texts,
        "drug": drug_text(facts.status),
        "dose": dose_text(facts.status),
        "line": list(line_sentences(facts.status)),
        "ml": ml,
    }


def _alarm_settings(status: Status) -> str:
    settings = status["alarm_settings"]
    return (
        f"two tones every {format_duration(settings['critical_interval_s'])}, "
        f"single beep every {format_duration(settings['non_critical_interval_s'])}; "
        f"warns below {ml(settings['low_reservoir_nl'])} mL, and when stopped for "
        f"{format_duration(settings['stopped_after_s'])} and for 48h"
    )


def _bars(week: FlexProgram) -> Iterator[list[Bar]]:
    """For each day the steps as bars."""
    highest = max(step.rate_nl_per_day for day in week.days for step in day)
    for day in week.days:
        starts = [step.from_min for step in day]
        yield [
            Bar(
                100 * step.from_min / DAY_MIN,
                100 * (end - step.from_min) / DAY_MIN,
                100 * step.rate_nl_per_day / highest,
            )
            for step, end in zip(day, [*starts[1:], DAY_MIN], strict=True)
        ]
