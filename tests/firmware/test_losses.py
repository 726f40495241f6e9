"""Steps that get lost one by one, beside a list of all pulses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.safety.loststeps import WINDOW_STEPS, LostSteps

batches = st.lists(st.lists(st.booleans(), max_size=120), max_size=12)


def run_at_end(pulses):
    """How many of the last pulses were missed in a row."""
    return next((n for n, moved in enumerate(reversed(pulses)) if moved), len(pulses))


@given(batches)
def test_the_window_is_the_newest_steps_but_for_a_run_that_goes_on(moved_in_batches):
    losses, pulses = LostSteps(), [True] * WINDOW_STEPS
    for moved in moved_in_batches:
        pulses += moved
        run = run_at_end(pulses)
        losses.add(sum(moved), len(moved) - sum(moved), run)
        judged = pulses[: len(pulses) - run]
        assert WINDOW_STEPS <= losses.steps <= len(judged)
        assert losses.missed_steps == judged[len(judged) - losses.steps :].count(False)
        assert losses.watching == (run > 0 or losses.missed_steps > 0)
        assert losses.few == (10 * losses.missed_steps <= losses.steps)


@given(st.integers(1, 10), st.lists(st.integers(1, 300), min_size=20, max_size=40))
def test_an_even_tenth_is_never_too_many(percent, sizes):
    assert not any(judge(percent, sizes))


@given(st.integers(12, 50), st.lists(st.integers(1, 104), min_size=1, max_size=40))
def test_more_than_that_is_found(percent, sizes):
    assert judge(percent, [*sizes, 200])[-1]


def judge(percent, sizes):
    """After each batch, with so many pulses lost evenly: whether that is too many."""
    losses, pulse, found, run = LostSteps(), 0, [], 0
    for size in sizes:
        lost = [(k + 1) * percent // 100 > k * percent // 100 for k in range(pulse, pulse + size)]
        pulse += size
        ended = run_at_end([not one for one in lost])
        run = run + size if ended == size else ended
        losses.add(size - sum(lost), sum(lost), run)
        found.append(losses.many)
    return found


@pytest.mark.shows("FI-49")
def test_a_run_that_goes_on_is_no_loss_yet():
    losses = LostSteps()
    losses.add(0, 26, 26)
    assert (losses.missed_steps, losses.many, losses.watching) == (0, False, True)
    losses.add(1, 0, 0)
    assert (losses.missed_steps, losses.many) == (26, True)


def test_after_a_reset_a_whole_window_must_be_seen_before_all_is_well():
    losses = LostSteps()
    losses.begin(False)
    losses.add(WINDOW_STEPS - 1, 0, 0)
    assert (losses.few, losses.watching) == (False, True)
    losses.add(1, 0, 0)
    assert (losses.few, losses.watching) == (True, False)
