"""Which requirements a campaign exercised, and how often: by what was done, logged, refused and checked in it."""

from collections.abc import Mapping

EXERCISED_BY: dict[str, tuple[str, ...]] = {}


def requirement_counts(counts: Mapping[str, int], checks: Mapping[str, int]) -> dict[str, int]:
    """Requirement -> how often what shows it happened."""
    return {
        requirement: sum(counts.get(name, 0) + checks.get(name, 0) for name in names)
        for requirement, names in EXERCISED_BY.items()
    }
