"""The closed form does what a plant does that looks at everything all the time."""

from hypothesis import given
from hypothesis import strategies as st

from hal.plant.plant import Plant
from tests.hal.naive import TICK_MS, NaivePlant

FAR_MS = 1 << 40


def ticks(least, most):
    return st.integers(least, most).map(lambda count: count * TICK_MS)


HELD = st.tuples(st.sampled_from(["motor_stall", "mri"]), ticks(1, 400), st.fixed_dictionaries({}))
RECOVERING = st.tuples(st.just("mri"), ticks(1, 200), st.fixed_dictionaries({"recovery_ms": ticks(0, 200)}))
RUNAWAY = st.tuples(st.just("runaway"), ticks(1, 400), st.fixed_dictionaries({}))
OVER = st.tuples(st.just("over_delivery"), ticks(1, 900), st.fixed_dictionaries({"percent": st.integers(1, 99)}))
FAULT = st.tuples(st.just("fault"), st.one_of(HELD, RECOVERING, RUNAWAY, OVER))
ORDER = st.tuples(
    st.just("order"), st.tuples(st.integers(1, 40), ticks(1, 100), ticks(18, 100), ticks(0, 1200), st.just(8))
)
ADVANCE = st.tuples(st.just("advance"), ticks(1, 500))
PLAIN = st.tuples(st.sampled_from(["halt", "step_back", "look", "inhibit", "release", "heal"]), st.none())
SCRIPT = st.lists(st.one_of(FAULT, ORDER, ADVANCE, ADVANCE, PLAIN), max_size=25)


def play(script, plant, naive, look):
    """Do the script to both; `look` says whether to settle and compare at each "look" or only at the end."""
    for verb, what in script:
        if verb == "advance":
            plant.advance(plant.now_ms + what)
            naive.advance(naive.now_ms + what)
        elif verb == "fault":
            name, for_ms, fields = what
            plant.apply_fault(name, plant.now_ms + for_ms, **fields)
            end_ms = naive.now_ms + for_ms + fields.get("recovery_ms", 0)
            naive.faults[name] = (naive.now_ms, end_ms, fields.get("percent"))
        elif verb == "order":
            plant.drivetrain.halt(plant.now_ms)
            assert plant.drivetrain.order(plant.now_ms, *what)
            naive.order(*what[:4])
        else:
            plain(verb, plant, naive)
        if look:
            compare(plant, naive)
    compare(plant, naive)


def plain(verb, plant, naive):
    if verb == "halt":
        plant.drivetrain.halt(plant.now_ms)
        naive.pulse_times = []
    elif verb == "step_back":
        plant.apply_fault("reverse_step")
        naive.step_back()
    elif verb in ("inhibit", "release"):
        plant.settle()
        naive.inhibited = verb == "inhibit"
        plant.drivetrain.inhibit(naive.inhibited)
    elif verb == "heal":
        for name in plant.truth()["faults"]:
            if name != "mri":  # which may have an aftermath
                plant.heal(name)
                del naive.faults[name]


def compare(plant, naive):
    truth = plant.truth()
    assert plant.drivetrain.progress(plant.now_ms) == tuple(naive.counts)
    assert truth["rotor_steps"] == naive.rotor_steps
    assert (truth["reservoir_nl"], truth["delivered_nl"]) == (naive.volume_nl, naive.delivered_nl)
    assert set(truth["faults"]) == set(naive.faults)


@given(SCRIPT, st.integers(0, 40), st.booleans())
def test_any_history_looked_at_or_not(script, volume_steps, look):
    plant = Plant(step_nl=37)
    plant.refill(volume_steps * 37)
    play(script, plant, NaivePlant(37, volume_steps * 37), look)


@given(st.lists(ticks(1, 3000), min_size=1, max_size=30), ticks(0, 2000), ticks(1, 3000))
def test_advancing_in_pieces_is_advancing_at_once(pieces, stall_at_ms, stall_ms):
    def live(stops):
        plant = Plant()
        plant.refill(1_000_000)
        plant.apply_fault("over_delivery", percent=7)
        plant.drivetrain.order(0, 60_000, 100, 380, FAR_MS, 27)
        plant.advance(stall_at_ms)
        plant.apply_fault("motor_stall", stall_at_ms + stall_ms)
        for stop in stops:
            plant.advance(max(stop, plant.now_ms))
            plant.settle()
        return plant.truth(), plant.drivetrain.progress(plant.now_ms), plant.rest_mv()

    end_ms = stall_at_ms + sum(pieces)
    assert live([stall_at_ms + sum(pieces[:n]) for n in range(1, len(pieces) + 1)]) == live([end_ms])
