"""What a microphone at the piezo makes of the edges there: no chip is needed for that."""

import pytest

from hal.plant.plant import Plant
from host_tools.machines.rp2040.wiring import Wiring


def waves_ns(hz: int, ms: int) -> list[float]:
    return [1e9 / hz] * (hz * ms // 1000)


def heard(spans_ns: list[float]) -> Wiring:
    wiring = Wiring(Plant())
    edges_ns = [0.0]
    for span_ns in spans_ns:
        edges_ns.append(edges_ns[-1] + span_ns)
    wiring._edges_ns = edges_ns
    wiring._end_tone()
    return wiring


@pytest.mark.parametrize(
    ("spans_ns", "kind", "hz"),
    [
        (waves_ns(3200, 1000), "single", (3200,)),
        ([300_000.0, *waves_ns(3200, 1000)], "single", (3200,)),  # it began in the middle of a wave
        ([*waves_ns(3200, 250), 350_000.0, *waves_ns(2400, 250)] * 6, "dual", (3200, 2400) * 6),
        ([*waves_ns(40_000, 2), 8_000_000.0, *waves_ns(3200, 1000)], "single", (3200,)),  # just after a self-test
    ],
)
def test_a_tone_is_its_notes(spans_ns: list[float], kind: str, hz: tuple[int, ...]) -> None:
    wiring = heard(spans_ns)
    [tone] = wiring.tones
    assert (tone.kind, tone.hz) == (kind, hz)
    assert [tone.kind for tone in wiring.plant.tones] == [kind]


def test_a_self_test_is_no_tone() -> None:
    assert heard(waves_ns(40_000, 2)).tones == []
