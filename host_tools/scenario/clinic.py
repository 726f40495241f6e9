"""The place of a scenario: one emulated pump and, beside it, the programmer and whoever has hands."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from html import unescape
from itertools import groupby
from typing import Any

from hal.mock.entropy import Prng
from host_tools.exports.pumpregistry import pump_row
from host_tools.programmer import Handover, KeyRing, Programmer
from host_tools.programmer.implantation import PUMP_TUBING_ML, Catheter
from host_tools.programmer.status import Status
from host_tools.scenario.checkers.watch import Watch
from host_tools.scenario.line import ScenarioLine
from host_tools.scenario.load import Scenario
from host_tools.scenario.runtimes import Runtime
from host_tools.scenario.schema import Implant

TRIES = 16  # of a request: asking again takes none of the pump's time, and a scenario's line may be bad


class Clinic:
    """The pump's time is the only time there is; on an emulated pump, nothing that the programmer does takes any."""

    def __init__(self, scenario: Scenario, runtime: Runtime) -> None:
        self._runtime = runtime
        self.machine = runtime.machine(scenario.config, scenario.seed)
        self.machine.plant.admit(scenario.patient)
        self._nonces = Prng(scenario.seed, "programmer").take
        self.programmer = self._meet()
        self.handed_on: Handover | None = None
        self._start = scenario.start
        self._heard = 0
        self.watch: Watch | None = None
        self.last_status: Status | None = None

    def _meet(self) -> Programmer:
        """A programmer that has no key but the published one."""
        self.line = ScenarioLine(self._runtime.connect(self.machine))
        return Programmer(
            self.line,
            keys=KeyRing(),
            checks=False,
            entropy=self._nonces,
            tries=TRIES,
            warn=lambda _text: None,
        )

    # Time

    @property
    def now_s(self) -> int:
        """Seconds since first power-up, unpowered time included."""
        return self.machine.now_ms // 1000

    @property
    def local_time(self) -> datetime:
        return self._start + timedelta(seconds=self.now_s)

    def advance_to_s(self, at_s: int) -> None:
        live = self.watch.advance_to if self.watch else self.machine.advance_to
        live(at_s * 1000)

    def cut_power(self, for_s: int) -> None:
        self.machine.power_cut(for_s * 1000)

    def replace_pump(self, serial: str | None) -> None:
        """The old pump is read out; then a new one is put in its place."""
        with self.session() as programmer:
            self.handed_on = programmer.handover()
        self.machine.replace_pump(serial)
        self.programmer = self._meet()

    def likely_catheter(self, programmer: Programmer, fields: Implant) -> Catheter:
        """The catheter that an implantation means where its step does not say: new where none is on record, or length
        or tubing differ."""
        record = programmer.implant_record()
        tubing_ml = PUMP_TUBING_ML if fields.pump_tubing_ml is None else float(fields.pump_tubing_ml)
        told = (float(fields.catheter_cm), tubing_ml)
        same = record["implanted"] and told == (record["catheter_cm"], record["pump_tubing_ml"])
        return "same" if same else "new"

    def pair(self) -> None:
        """A programmer that has only the test key gives the pump a key of its own, and is the clinic's from then on."""
        stranger = self._meet()
        with self.head():
            stranger.pair()
        self.programmer = stranger

    # The programmer's and the emulator's view

    @contextmanager
    def head(self) -> Iterator[None]:
        """The telemetry head on the pump; then off."""
        self._put_head(True)
        try:
            yield
        finally:
            self._put_head(False)

    @contextmanager
    def session(self) -> Iterator[Programmer]:
        """Head on, a clinician's session open; then closed, head off."""
        with self.head(), self.programmer.session():
            yield self.programmer

    def document(self, root: str) -> Any:
        """Return what `expect` looks into: the truth, or the pump's answer in a session of its own."""
        if root == "truth":
            return self.truth()
        with self.session() as programmer:
            return {
                "status": partial(self._read_status, programmer),
                "patient": programmer.records,
                "titration": programmer.titration,
            }[root]()

    def _read_status(self, programmer: Programmer) -> Status:
        self.last_status = programmer.status()
        if self.watch:
            self.watch.told(self.last_status)
        return self.last_status

    def written(self, name: str) -> str:
        """A document as the programmer would write it now: the text of a page, or a row of a pump registry."""
        from host_tools.documents.facts import read_facts  # needs more than scenarios do
        from host_tools.documents.render import card_html, report_html

        with self.session() as programmer:
            if name == "registry":
                return ",".join(map(str, pump_row(programmer.status(), programmer.log())))
            page = {"report": report_html, "card": card_html}[name](read_facts(programmer))
        return unescape(re.sub(r"<[^>]*>", "", page))

    def truth(self) -> dict[str, Any]:
        return self.machine.plant.truth()

    def count_events(self, name: str, since_s: int | None) -> int:
        """The number of times that an event was logged, in the last `since_s` or ever."""
        first_s = 0 if since_s is None else self.now_s - since_s
        times_s = (self._time_s(index) for index, event in enumerate(self.machine.events) if event["name"] == name)
        return sum(at_s >= first_s for at_s in times_s)

    def _time_s(self, index: int) -> int:
        """Pump time of an event in s. Uptime stands still while unpowered, and may lose what was not yet recorded."""
        boot = next(boot for boot in reversed(self.machine.boots) if boot.events <= index)
        return boot.at_s + self.machine.events[index]["t_s"] - boot.uptime_s

    def _put_head(self, present: bool) -> None:
        self.machine.lay_head(present)
        self.machine.wake()

    # The listener

    def listen_from_now(self) -> None:
        """Forget the tones so far."""
        self._heard = len(self.machine.plant.tones)

    def heard(self) -> set[str]:
        """Kinds of the tones that began since the last time or `listen_from_now`."""
        tones = self.machine.plant.tones[self._heard :]
        self.listen_from_now()
        return {tone.kind for tone in tones}

    def tone_runs(self) -> list[dict[str, Any]]:
        """All tones heard, those of one kind in a row together. Times are pump uptime."""
        runs = []
        for kind, run in groupby(self.machine.plant.tones, key=lambda tone: tone.kind):
            times_s = [self._uptime_s(tone.at_ms // 1000) for tone in run]
            runs.append({"kind": kind, "first_s": times_s[0], "last_s": times_s[-1], "count": len(times_s)})
        return runs

    def _uptime_s(self, at_s: int) -> int:
        boot = next(boot for boot in reversed(self.machine.boots) if boot.at_s <= at_s)
        return boot.uptime_s + at_s - boot.at_s
