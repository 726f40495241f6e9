"""Shrinking keeps just the steps that a failure needs, in order, with round numbers."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from host_tools.common.durations import format_duration, parse_duration_s
from host_tools.simulate.shrink import shrink
from host_tools.simulate.slips import Act

DAY_S = 86_400


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Act], set[str]]:
    """Steps at rising times, and the names of those that the failure needs."""
    times_s = sorted(draw(st.lists(st.integers(0, 900 * DAY_S), min_size=1, max_size=25)))
    acts: list[Act] = [
        {"at": format_duration(at_s), "fault": {"name": f"n{index}", "amount": draw(st.integers(1, 99_999))}}
        for index, at_s in enumerate(times_s)
    ]
    needed = draw(st.sets(st.sampled_from([act["fault"]["name"] for act in acts]), min_size=1))
    return acts, needed


@given(lives())
def test_what_is_left_is_needed_in_order_and_round(life: tuple[list[Act], set[str]]) -> None:
    acts, needed = life

    def fails(steps: list[Act]) -> bool:
        times_s = [parse_duration_s(step["at"]) for step in steps]
        assert times_s == sorted(times_s), "a step was tried before the one that it follows"
        return needed <= {step["fault"]["name"] for step in steps}

    left = shrink(acts, fails)
    names = [act["fault"]["name"] for act in left]
    assert names == [act["fault"]["name"] for act in acts if act["fault"]["name"] in needed]
    assert Counter(names).total() == len(needed)
    assert all(len(str(act["fault"]["amount"]).rstrip("0")) == 1 for act in left)
