"""The delivery ledger, in motor steps: delivered, missed, and unknown since a reset in mid-batch.

Before a batch its size is written down, after it the result, in one record: what a reset leaves unfinished is booked
whole as unknown, and so is never delivered twice. Where the newer copy is corrupt the older one does not tell of the
batch after it: then the largest there is is booked, too.
"""

from firmware.records import slots
from firmware.records.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hal.contract import Store

_LAYOUT = "IIIIIIIQQ"
_INTENT = 5  # the place of the batch's size


class Ledger:
    """Lifetime counts of steps (32 bits hold 429 L of 100 nL steps), today's dose and yesterday's, and this pump's age.

    `found` says whether the store has the record. Whoever knows that it should have sets `lost`.
    """

    def __init__(self, store: "Store", largest_steps: int) -> None:
        """`largest_steps` are the most that a batch may have."""
        self._record = Record(store, slots.LEDGER, _LAYOUT)
        self._largest_steps = largest_steps
        values = self._load()
        self.found = values is not None
        self.lost = False
        self._take(values or (0,) * len(_LAYOUT))
        self.boots += 1

    def _load(self) -> "list | None":
        """Return the values of the newest valid copy, None when none is valid."""
        values = self._record.load()
        if values is not None and not self._record.valid():
            values[_INTENT] += self._largest_steps
        return values

    def _take(self, values: "list | tuple") -> None:
        self._written = values
        self.uptime_s, self.boots, self.delivered_steps, self.missed_steps, self.unknown_steps = values[:5]
        self.recovered_steps = values[5]
        self.day, self.today_step_mcg_per_ml, self._yesterday_step_mcg_per_ml = values[6:]
        self.unknown_steps += self.recovered_steps
        self.booked_steps = self.delivered_steps + self.unknown_steps  # that may have left the reservoir

    @property
    def valid(self) -> bool:
        """True if both copies of the record still are as they were written."""
        return self.lost or self._record.valid()

    def rewrite(self) -> bool:
        """Write both copies anew. False when the store failed."""
        return self._record.save_both(*self._written)

    def book(self, confirmed_steps: int, missed_steps: int, mcg_per_ml: int) -> None:
        """Count steps of a drug of `mcg_per_ml`."""
        self.delivered_steps += confirmed_steps
        self.booked_steps += confirmed_steps
        self.missed_steps += missed_steps
        self.today_step_mcg_per_ml += confirmed_steps * mcg_per_ml

    def book_recovered(self, mcg_per_ml: int) -> None:
        """Count as today's, too, the dose of a batch that a reset left unfinished; it is booked already."""
        self.today_step_mcg_per_ml += self.recovered_steps * mcg_per_ml

    def restate(self, steps: int, old_mcg_per_ml: int, mcg_per_ml: int) -> None:
        """The newest so many steps were of another strength: count today's dose, and yesterday's, by that."""
        left = steps * old_mcg_per_ml
        today = min(left, self.today_step_mcg_per_ml)
        yesterday = min(left - today, self._yesterday_step_mcg_per_ml)
        if old_mcg_per_ml:
            change = mcg_per_ml - old_mcg_per_ml
            self.today_step_mcg_per_ml += today // old_mcg_per_ml * change
            self._yesterday_step_mcg_per_ml += yesterday // old_mcg_per_ml * change

    def assume(self, booked_steps: int) -> None:
        """After a loss: book as unknown what is missing to that count, if anything is."""
        missing_steps = max(0, booked_steps - self.booked_steps)
        self.unknown_steps += missing_steps
        self.booked_steps += missing_steps

    def turn_day(self, day: int) -> None:
        """Another day by the clock, or by the pump's age: begin to count its dose, or go on with it where the clock was
        set back over midnight. Any other leap only renames the day: what was given today stays."""
        if day == self.day + 1:
            self._yesterday_step_mcg_per_ml = self.today_step_mcg_per_ml
            self.today_step_mcg_per_ml = 0
        elif day == self.day - 1:
            self.today_step_mcg_per_ml += self._yesterday_step_mcg_per_ml
            self._yesterday_step_mcg_per_ml = 0
        self.day = day

    def keep(self, uptime_s: int, intent_steps: int) -> bool:
        """Write everything down, with the size of the batch about to be ordered. False when the store failed."""
        if self.lost:
            return True
        self.uptime_s = uptime_s
        self._written = (
            uptime_s,
            self.boots,
            self.delivered_steps,
            self.missed_steps,
            self.unknown_steps,
            intent_steps,
            self.day,
            self.today_step_mcg_per_ml,
            self._yesterday_step_mcg_per_ml,
        )
        return self._record.save(*self._written)
