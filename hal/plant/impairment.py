"""What is between the pump and its programmer: interference, and how badly the lines carry frames."""


class LinkImpairment:
    """Frames that are spoilt, lost or doubled, in percent of all, either way; and whether something plays the head."""

    __slots__ = ("drop_percent", "duplicate_percent", "emi", "noise_percent", "quiet")

    def __init__(self) -> None:
        self.emi = False
        self.disturb(0, 0, 0)

    def disturb(self, noise_percent: int, drop_percent: int, duplicate_percent: int) -> None:
        """From now on."""
        self.noise_percent = noise_percent
        self.drop_percent = drop_percent
        self.duplicate_percent = duplicate_percent
        self.quiet = not (noise_percent or drop_percent or duplicate_percent)
