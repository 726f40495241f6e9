"""The dose windows: what was delivered in the last 24 hours, and what an order would make of every 24 hours it falls
into, those to come included.

Doses are kept as rates of dose, in nL/day times mcg/mL, each from the moment it began; a day of such a rate is a
thousandth of so many ng.
"""

from firmware.records import slots
from firmware.records.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hal.contract import Store

    Piece = tuple[int, int]
    """(from_s, rate of dose): from that moment on."""
    Span = list[int]
    """[since_s, rate, extra] of Windows."""
    Unknown = tuple[int, int, int]
    """(at_s, dose, lasting_s) of what a cut left unknown."""

DAY_S = 86400
_MOST = 48  # a flex day has 13 changes, and each bolus two
_LONGEST_S = 3600  # that a batch takes
_ROUNDING = 20_000  # a part of the limit: more than a rate, rounded to 1 nL/day, is off
_LAYOUT = "IQQ" * _MOST
_UNITS_PER_MCG = 1_000_000 * DAY_S  # of dose: nL/day times mcg/mL times s


def with_bolus(to_come: "list[Piece]", rate: int, until_s: int) -> "list[Piece]":
    """Return `to_come` with a bolus's rate of dose on top of it, from its beginning until then."""
    found = []
    for at_s, basal in to_come:
        found.append((at_s, basal + rate if at_s < until_s else basal))
    after = [basal for at_s, basal in to_come if at_s <= until_s][-1]
    found.append((until_s, after))
    return sorted(found)


class DoseWindow:
    """`spans` are [since_s, rate, extra]: a rate of dose, and what may have been given beside the rates until it began
    (in nL times mcg/mL), oldest first, the last one now.

    What a cut left unknown is such an extra. It was given at the rate before, in a time that no clock counted; whatever
    part of it was given, so much later the patient's day ends, and so much less of what is to come falls into it.
    """

    def __init__(self, store: "Store", strongest: int, lived: bool) -> None:
        """After a loss (`lost`) the day before is taken to have been as strong as any may be, `strongest`. `lived`: the
        store should have the record."""
        self._record = Record(store, slots.WINDOWS, _LAYOUT)
        self._strongest = strongest
        self._added = False  # something that is not written down
        self.repaired = False  # whether a flipped bit was found; whoever acts on it clears it
        self.spans: "list[Span]" = []
        self._load(lived)

    def _load(self, expected: bool) -> None:
        self.spans = []
        values = None if self._added else self._record.load()
        self.lost = values is None and expected
        if values is not None:
            self.spans = [list(values[i : i + 3]) for i in range(0, 3 * _MOST, 3)]
            while self.spans and self.spans[-1] == [0, 0, 0]:
                self.spans.pop()
        elif self.lost:
            self.spans = [[0, self._strongest, 0]]
        self._copy_spans()

    def _copy_spans(self) -> None:
        self._copy = [span[:] for span in self.spans]

    def repair(self) -> None:
        """Before they are used: take them from the record again when they are not what was noted. Takes no memory."""
        if self.spans != self._copy:
            self.repaired = True
            self._load(True)

    @property
    def newest_s(self) -> int:
        """The beginning of the last span."""
        return self.spans[-1][0] if self.spans else 0

    def add(self, now_s: int, extra: int) -> None:
        """So much more than the rates say may have been given just before now. The next `note` writes it down."""
        self.spans.append([now_s, self.spans[-1][1] if self.spans else 0, extra])
        self._added = True
        self._copy_spans()

    def note(self, now_s: int, rate: int) -> bool:
        """From now on this rate of dose. Written down when something changed; False when the store failed."""
        self.repair()
        spans = self.spans
        if spans and spans[-1][1] == rate and not self._added:
            return True
        if spans and spans[-1][0] == now_s:
            spans[-1][1] = rate
        else:
            spans.append([now_s, rate, 0])
        while len(spans) > 1 and spans[1][0] <= now_s - DAY_S:
            spans.pop(0)
        while len(spans) > _MOST:
            self._merge()
        self._copy_spans()
        self._added = not self.rewrite()
        return not self._added

    def _merge(self) -> None:
        """Make one of the two neighbours that together lasted least, which is 63 minutes at most, as 48 begin in a day:
        what was given in them counts as if it had come at their end, and where that is merged again, as near."""
        spans = self.spans
        since_s = [span[0] for span in spans]
        lasted_s = [since_s[i + 2] - since_s[i] for i in range(len(spans) - 2)]
        i = lasted_s.index(min(lasted_s))
        dose = sum([spans[at][1] * (since_s[at + 1] - since_s[at]) for at in (i, i + 1)])
        extra = spans.pop(i + 1)[2]
        spans[i + 1][2] += extra - -dose // DAY_S
        spans[i][1] = 0

    def restate(self, now_s: int, given: int, old_mcg_per_ml: int, mcg_per_ml: int) -> bool:
        """The newest `given` (nL times mcg/mL), of one drug, was of another strength: rates of dose and extras since
        then are in that proportion. A span that began before is parted. False when the store failed: then all is as
        before."""
        before = [span[:] for span in self.spans]
        left = given * DAY_S
        spans = self.spans
        for i in range(len(spans) - 1, -1, -1):
            since_s, rate, extra = spans[i]
            until_s = spans[i + 1][0] if i + 1 < len(spans) else now_s
            if left <= 0 or not old_mcg_per_ml:
                break
            dose = rate * (until_s - since_s)
            changed = rate * mcg_per_ml // old_mcg_per_ml
            if dose > left:
                spans.insert(i + 1, [until_s - left // rate, changed, 0])
                break
            left -= dose
            if left > 0:  # the extra was given before the span began
                left -= extra * DAY_S
                extra = extra * mcg_per_ml // old_mcg_per_ml
            spans[i] = [since_s, changed, extra]
        self._copy_spans()
        self._added = True
        kept = self.note(now_s, spans[-1][1] if spans else 0)
        if not kept:
            self.spans = before
            self._copy_spans()
        return kept

    @property
    def valid(self) -> bool:
        """True if both copies of the record still are as they were written, and the same."""
        return self._record.paired

    def rewrite(self) -> bool:
        """Write both copies, so that either alone is all there is. False when the store failed."""
        values = [value for span in self.spans for value in span]
        return self._record.save_both(*(values + [0] * (3 * _MOST - len(values))))

    def allow(self, now_s: int, to_come: "list[Piece]", last_s: int, max_mcg: int) -> bool:
        """True if no 24 hours that reach into what is `to_come`, and begin at `last_s` or before, get more than a
        limit. Where a higher one left more than that in the last 24 hours, each gets no more than those, and from now
        on no more than its share of the limit.

        `to_come` is a list of (from_s, rate), the first from now on; the last one goes on. With a limit of 1000 mcg
        and 1200 mcg/day in the last 12 hours (600 mcg), 800 mcg/day from now on are allowed, and 801 are not: the 24
        hours that began 12 hours ago would get 600 + 400 mcg, or half a mcg more.
        """
        limit = max_mcg * _UNITS_PER_MCG
        limit += limit // _ROUNDING
        past = [span for span in self.spans if span[0] < now_s] + [[now_s, 0, 0]]
        spans = past + [[at_s, rate, 0] for at_s, rate in to_come]
        unknown = self._unknown(min([rate for _, rate in to_come]))
        last_s += sum([min(lasting_s, _LONGEST_S) for _, _, lasting_s in unknown])  # as late may those begin in truth
        edges_s = [now_s - DAY_S, now_s, last_s]
        for since_s, _, _ in spans:
            edges_s += [since_s, since_s - DAY_S]
        for at_s, _, lasting_s in unknown:
            edges_s += [at_s, now_s - DAY_S + lasting_s]
        most = _dose(past, now_s - DAY_S) + _extra(unknown, now_s - DAY_S, now_s)
        for edge_s in edges_s:
            if not now_s - DAY_S <= edge_s <= last_s:
                continue
            to_come_s = min(DAY_S, edge_s + DAY_S - now_s)
            extra = _extra(unknown, edge_s, now_s)
            allowed = max(limit, min(most, _dose(past, edge_s) + extra + limit // DAY_S * to_come_s))
            if _dose(spans, edge_s) + extra > allowed:
                return False
        return True

    def _unknown(self, least: int) -> "list[Unknown]":
        """(at_s, dose, lasting_s) of each extra: what it may add to 24 hours whose end, for as long as it lasted at the
        rate before, loses at least the rate `least`."""
        found = []
        before = 0
        for since_s, rate, extra in self.spans:
            if extra:
                dose = extra * DAY_S
                lasting_s = dose // before if before else 0
                if lasting_s:
                    dose = dose * max(0, before - least) // before
                found.append((since_s, dose, lasting_s))
            before = rate
        return found


def _extra(unknown: "list[Unknown]", from_s: int, now_s: int) -> int:
    """Return how much the extras may add to the 24 hours from then on.

    No more of them was lost than is still to come."""
    ahead_s = from_s + DAY_S - now_s
    units = 0
    for at_s, dose, lasting_s in unknown:
        if from_s <= at_s:
            units += dose * ahead_s // lasting_s if ahead_s < lasting_s else dose
    return units


def _dose(spans: "list[Span]", from_s: int) -> int:
    """The dose of the 24 hours from then on, by the rates."""
    to_s = from_s + DAY_S
    units = 0
    for i in range(len(spans)):
        since_s, rate, _ = spans[i]
        until_s = spans[i + 1][0] if i + 1 < len(spans) else to_s
        lasting_s = min(until_s, to_s) - max(since_s, from_s)
        if lasting_s > 0:
            units += rate * lasting_s
    return units
