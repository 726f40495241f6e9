"""What was delivered, in motor steps: delivered, missed, and unknown since a reset in mid-batch.

Before a batch its size is written down, after it the result, in one record: what a reset leaves unfinished is booked
whole as unknown, and so is never delivered twice. Where the newer copy is spoilt the older one does not tell of the
batch after it: then the largest there is is booked, too.
"""

from firmware.record import Record

SLOTS = (0, 1)
_KIND = 1
_VERSION = 1
_LAYOUT = "IIIIIIIQ"
_INTENT = 5  # the place of the batch's size


class Ledger:
    """Lifetime counts of steps (32 bits hold 429 L of 100 nL steps), today's dose, and this pump's age."""

    def __init__(self, store, largest_steps):
        """`largest_steps` are the most that a batch may have."""
        self._record = Record(store, SLOTS, _KIND, _VERSION, _LAYOUT)
        self._largest_steps = largest_steps
        values = self._load()
        self.lost = values is None and not self._record.blank
        self._take(values or (0, 0, 0, 0, 0, 0, 0, 0))
        self.boots += 1

    def _load(self):
        """What was written last, as far as any copy tells; None when none is whole."""
        values = self._record.load()
        if values is not None and not self._record.whole():
            values[_INTENT] += self._largest_steps
        return values

    def _take(self, values):
        self._written = values
        self.uptime_s, self.boots, self.delivered_steps, self.missed_steps, self.unknown_steps = values[:5]
        self.recovered_steps = values[5]
        self.day, self.today_step_mcg_per_ml = values[6:]
        self.unknown_steps += self.recovered_steps
        self.booked_steps = self.delivered_steps + self.unknown_steps  # that may have left the reservoir

    @property
    def whole(self):
        """Whether both copies of the record still are as they were written."""
        return self.lost or self._record.whole()

    def rewrite(self):
        """Write both copies anew. False when the store failed."""
        return self._record.save_both(*self._written)

    def book(self, confirmed_steps, missed_steps, mcg_per_ml):
        """Count steps of a drug of `mcg_per_ml`."""
        self.delivered_steps += confirmed_steps
        self.booked_steps += confirmed_steps
        self.missed_steps += missed_steps
        self.today_step_mcg_per_ml += confirmed_steps * mcg_per_ml

    def assume(self, booked_steps):
        """After a loss: go on from a count that stands in for the one that is gone."""
        self.delivered_steps = booked_steps
        self.booked_steps = booked_steps
        self.unknown_steps = 0

    def turn_day(self, day):
        """Begin to count today's dose anew."""
        self.day = day
        self.today_step_mcg_per_ml = 0

    def keep(self, uptime_s, intent_steps):
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
        )
        return self._record.save(*self._written)
