"""The soft limit of change against all doses ever ordered: exact while few were, and never laxer."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import wire
from firmware.config import Config
from firmware.records.state import State
from firmware.records.statefields import PAST_DOSES
from firmware.therapy import softlimit

from .body import Store

DAY_S = 86400
changes = st.lists(st.tuples(st.sampled_from([0, 1, 3600, DAY_S - 1, DAY_S, DAY_S + 1]), st.integers(1, 10**6)))


@pytest.mark.shows("R7.2", "SEED-31")
@given(first_ng=st.integers(1, 10**6), changes=changes)
def test_the_range_is_that_of_the_closed_last_day(first_ng, changes):
    store = Store()
    state: Any = State(store, Config(), False)
    assert softlimit.soft_range(state, Config(), 0) is None
    state.mode, state.dose_ng_per_day = wire.MODE_SIMPLE, first_ng
    ended = []
    now_s = 0
    for wait_s, dose_ng in changes:
        now_s += wait_s
        ended.append((now_s, state.dose_ng_per_day))
        softlimit.replace(state, now_s)
        state.dose_ng_per_day = dose_ng
        in_force, in_two_days = ([ng for until_s, ng in ended if now_s - until_s <= days * DAY_S] for days in (1, 2))
        state.commit(now_s)
        state = State(store, Config(), False)
        least, most = softlimit.soft_range(state, Config(), now_s) or (0, 0)
        exact_least = Fraction(80, 100) * max(*in_two_days, dose_ng)
        exact_most = Fraction(130, 100) * min(*in_force, dose_ng)
        assert least >= exact_least
        assert most <= exact_most
        if len(ended) <= PAST_DOSES:
            assert (least - exact_least < 1, exact_most - most < 1) == (True, True)
