"""The line: the dose is what leaves the tip, before, during and after a change of what stands there."""

import pytest

from .body import Body
from .clinic import DAY_S, Clinic, Refused

HOUR_S = 3600
LINE_NL = 335_800
WEEK = [[(0, 150_000), (420, 100_000), (1290, 50_000)]] * 7


@pytest.fixture
def clinic():
    clinic = Clinic(Body())
    clinic.implant_empty()
    clinic.refill(mcg_per_ml=500)
    return clinic


@pytest.fixture
def bridging(clinic):
    clinic.program(300_000, 500)
    clinic.run(2 * DAY_S)
    clinic.refill(mcg_per_ml=2000)
    return clinic


def reason(command, *args, **fields):
    with pytest.raises(Refused) as refusal:
        command(*args, **fields)
    return str(refusal.value)


def test_prime_takes_20_minutes_and_the_basal_rate_starts_with_its_end(clinic):
    assert reason(clinic.command, "PRIME", volume_nl=LINE_NL + 1) == "bolus_limit"
    clinic.command("PRIME", volume_nl=LINE_NL)
    clinic.program(300_000, 500)
    clinic.run(1208)
    assert str(clinic.status().operation) == "priming"
    clinic.run(1)  # 20.1 min
    status = clinic.status()
    assert (str(status.operation), status.delivered_nl, clinic.unprimed_nl()) == ("basal", LINE_NL, 0)
    clinic.run(DAY_S)
    assert clinic.status().delivered_nl - LINE_NL in (599_900, 600_000)
    assert reason(clinic.command, "PRIME", volume_nl=100) == "bolus_limit"


def test_a_stopped_prime_leaves_the_rest_to_be_primed(clinic):
    clinic.command("PRIME", volume_nl=LINE_NL)
    clinic.run(600)
    clinic.command("STOP")
    left_nl = clinic.unprimed_nl()
    assert 0 < left_nl < LINE_NL
    assert LINE_NL - left_nl == clinic.status().delivered_nl
    clinic.command("PRIME", volume_nl=left_nl)
    clinic.run(HOUR_S)
    assert clinic.status().delivered_nl == LINE_NL


def step_back(clinic):
    clinic.body.motor.progress()
    clinic.body.motor.counts[2] += 1
    clinic.poll()


def sag(clinic):
    clinic.body.load_mv = lambda: 2000
    clinic.run(HOUR_S)


ENDS_A_PRIME = {
    "refill": lambda clinic: clinic.refill(15_000_000, 500),
    "another drug": lambda clinic: clinic.refill(mcg_per_ml=2000),
    "stop": lambda clinic: clinic.command("STOP"),
    "reverse step": step_back,
    "weak supply": sag,
}


@pytest.mark.parametrize("end", ENDS_A_PRIME)
def test_a_prime_ends_with_what_ends_it_and_gives_nothing_more(clinic, end):
    clinic.program(300_000, 500)
    clinic.command("PRIME", volume_nl=LINE_NL)
    clinic.run(600)
    ENDS_A_PRIME[end](clinic)
    assert str(clinic.status().bolus) in ("none", "bridge")
    (event,) = [entry for entry in clinic.events() if str(entry.event) == "BOLUS_CANCELLED"]
    assert event.b == LINE_NL
    pulses = clinic.body.motor.progress()[0]
    assert 0 < event.c <= pulses * 100 < LINE_NL
    clinic.run(600)
    assert clinic.body.motor.progress()[0] - pulses <= 600_000 * 600 // DAY_S // 100 + 1


def test_a_prime_goes_on_after_a_cut_and_the_batch_that_was_cut_counts_whole(clinic):
    clinic.command("PRIME", volume_nl=LINE_NL)
    clinic.run(600)
    clinic.boot()
    assert str(clinic.status().bolus) == "prime"
    clinic.run(HOUR_S)
    assert (str(clinic.status().bolus), clinic.status().delivered_nl) == ("none", LINE_NL)
    assert LINE_NL - 20_000 <= clinic.body.motor.counts[1] * 100 <= LINE_NL


@pytest.mark.parametrize("run_s", [600, 7000])
def test_a_program_at_the_limit_follows_a_prime_that_was_cut(clinic, run_s):
    """The prime gave the patient nothing, whatever of it is not known."""
    clinic.command("PRIME", volume_nl=LINE_NL)
    clinic.run(600)
    clinic.boot()
    clinic.run(run_s)
    clinic.program(1_000_000, 500, override="yes")


@pytest.mark.parametrize(("old", "new"), [(2000, 500), (500, 2000)])
def test_a_cut_leaves_the_stronger_drug_at_the_tip(old, new):
    """Of the batch that is booked whole nobody knows whether it moved the line."""
    clinic = Clinic(Body())
    clinic.implant_empty()
    clinic.refill(mcg_per_ml=old)
    clinic.program(300_000, old)
    clinic.run(2 * DAY_S)
    clinic.refill(mcg_per_ml=new)
    clinic.program(300_000, new)
    began = clinic.body.motor.progress()[1]
    for _ in range(5):
        clinic.run(HOUR_S)
        clinic.body.motor.halt()
        clinic.boot()
    while clinic.status().tip_mcg_per_ml == old:
        clinic.run(60)
    moved_nl = (clinic.body.motor.progress()[1] - began) * 100
    if old > new:
        assert LINE_NL <= moved_nl <= LINE_NL + 5 * 20_000
    else:
        assert LINE_NL - 5 * 20_000 <= moved_nl <= LINE_NL + 200


def test_bridge_lasts_as_long_as_the_old_dose_needs_the_line(bridging):
    clinic = bridging
    status = clinic.status()
    assert (str(status.operation), status.bolus_left_nl, status.dose_ng_per_day) == ("bridge", LINE_NL, 300_000)
    clinic.program(300_000, 2000)
    began_nl = status.delivered_nl
    clinic.run(48_355)  # 13.43 h
    assert str(clinic.status().operation) == "bridge"
    clinic.run(1)
    status = clinic.status()
    assert (str(status.operation), status.rate_nl_per_day, status.tip_mcg_per_ml) == ("basal", 150_000, 2000)
    assert status.delivered_nl - began_nl == LINE_NL
    assert LINE_NL * 500 // 1_000_000 == 167  # mcg


def stall(clinic):
    clinic.body.motor.progress()
    clinic.body.stalled = True
    clinic.run(5 * HOUR_S)
    clinic.body.motor.progress()
    clinic.body.stalled = False


def stop(clinic):
    clinic.command("STOP")
    clinic.run(5 * HOUR_S)
    clinic.command("RESUME")


def minimum_rate(clinic):
    clinic.command("MINIMUM_RATE")
    clinic.run(5 * HOUR_S)
    clinic.command("RESUME")


def nothing_lasting(clinic):
    clinic.run(5 * HOUR_S)


@pytest.mark.parametrize("interruption", [stall, stop, minimum_rate, nothing_lasting])
@pytest.mark.parametrize("next_week", [False, True])
def test_nothing_takes_from_a_bridge_and_the_next_program_takes_over(bridging, interruption, next_week):
    clinic = bridging
    began_nl = clinic.status().delivered_nl
    if next_week:
        clinic.flex(WEEK)
    else:
        clinic.program(300_000, 2000)
    clinic.run(HOUR_S)
    interruption(clinic)
    while str(clinic.status().tip_mcg_per_ml) == "500":
        assert clinic.status().delivered_nl - began_nl < LINE_NL
        clinic.run(60)
    assert LINE_NL <= clinic.status().delivered_nl - began_nl <= LINE_NL + 1200
    assert str(clinic.status().mode) == ("flex" if next_week else "simple")
    assert str(clinic.status().therapy) == "running"


def test_a_week_goes_on_in_a_bridge_and_a_new_one_acts_at_once(clinic):
    clinic.flex(WEEK, 500)
    clinic.run(2 * DAY_S)
    clinic.refill(mcg_per_ml=2000)
    assert clinic.status().rate_nl_per_day == 150_000 * 1000 * 24 // 7 // 500
    clinic.flex([[(0, 180_000), (720, 120_000)]] * 7)
    assert clinic.status().rate_nl_per_day == 180_000 * 1000 * 2 // 500
    wall_s = clinic.status().wall_s
    clinic.boot()
    clinic.command("SET_CLOCK", wall_s=wall_s)
    assert clinic.pump.program.week.days[0][0][1] == 180_000
    clinic.run(DAY_S)
    assert clinic.status().rate_nl_per_day == 180_000 * 1000 * 2 // 2000


def test_a_dose_goes_on_without_a_program_for_the_new_drug_and_asks_for_one(bridging):
    bridging.run(14 * HOUR_S)
    status = bridging.status()
    assert (str(status.therapy), status.rate_nl_per_day, status.dose_ng_per_day) == ("running", 150_000, 300_000)
    assert set(bridging.alarms()) == {"program_unconfirmed"}
    bridging.program(300_000, 2000)
    assert bridging.alarms() == {}


def test_a_dose_that_cannot_be_made_of_the_new_drug_is_the_safe_state():
    """60 mcg/day of 500 are 120,000 nL/day, of 50,000 mcg/mL 1200, below the standby rate."""
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=500)
    clinic.program(60_000, 500)
    clinic.refill(mcg_per_ml=50_000)
    clinic.run(60 * HOUR_S)
    assert (str(clinic.status().therapy), clinic.status().rate_nl_per_day) == ("running", 120_000)
    clinic.run(8 * HOUR_S)
    assert (str(clinic.status().therapy), clinic.status().rate_nl_per_day) == ("safe_state", 6_000)
    assert set(clinic.alarms()) == {"safe_state"}


def test_a_second_change_passes_strength_by_strength(bridging):
    """300 mcg/day: an hour of 500 (600,000 nL/day), then 1000 is filled in behind what is there of 500 and 2000."""
    clinic = bridging
    clinic.run(HOUR_S)
    clinic.refill(mcg_per_ml=1000)
    assert clinic.line_contents() == [(LINE_NL - 25_000, 500), (25_000, 2000)]
    clinic.program(300_000, 1000)
    for volume_nl, mcg_per_ml in ((LINE_NL - 25_000, 500), (25_000, 2000), (LINE_NL, 1000)):
        status = clinic.status()
        assert (status.tip_mcg_per_ml, status.rate_nl_per_day) == (mcg_per_ml, 300_000_000 // mcg_per_ml)
        clinic.run(volume_nl * DAY_S * mcg_per_ml // 300_000_000 + 1)


def test_a_dose_lowered_in_a_bridge_acts_at_once(bridging):
    bridging.program(240_000, 2000)
    status = bridging.status()
    assert (str(status.operation), status.rate_nl_per_day, status.dose_ng_per_day) == ("bridge", 480_000, 240_000)


def test_saline_goes_on_with_the_drug_that_is_left_and_then_at_the_minimum_rate(clinic):
    clinic.program(300_000, 500)
    clinic.run(2 * DAY_S)
    clinic.refill(mcg_per_ml=0, drug=b"baclofen")
    assert clinic.status().dose_ng_per_day == 300_000
    assert reason(clinic.program, 300_000, 500) == "inconsistent"
    clinic.run(13 * HOUR_S)
    assert str(clinic.status().therapy) == "running"
    clinic.run(HOUR_S)
    status = clinic.status()
    assert (str(status.therapy), status.rate_nl_per_day, clinic.alarms()) == ("minimum", 6_000, {})
    assert reason(clinic.command, "RESUME") == "inconsistent"
    assert reason(clinic.command, "BOLUS", dose_ng=1000, over_s=600) == "state"


def test_saline_behind_a_gap_gives_the_drug_between_them_first(clinic):
    """235.8 uL of nothing and 100 uL of 500 stand in the line: at 600,000 nL/day 9.43 h, and then 4 h of the dose."""
    clinic.command("PRIME", volume_nl=100_000)
    clinic.run(HOUR_S)
    clinic.program(300_000, 500)
    clinic.refill(mcg_per_ml=0)
    assert clinic.line_contents() == [(235_800, 0), (100_000, 500)]
    clinic.run(13 * HOUR_S)
    assert (str(clinic.status().therapy), clinic.status().rate_nl_per_day) == ("running", 600_000)
    clinic.run(HOUR_S)
    assert (str(clinic.status().therapy), clinic.alarms()) == ("minimum", {})


def test_another_drug_waits_for_a_program(clinic):
    clinic.program(300_000, 500)
    clinic.run(2 * DAY_S)
    clinic.refill(mcg_per_ml=500, drug=b"morphine")
    assert str(clinic.status().therapy) == "minimum"
    assert reason(clinic.command, "RESUME") == "inconsistent"
    clinic.program(200_000, 500, override="yes")
    clinic.command("STOP")
    clinic.command("RESUME")


def test_nothing_is_given_of_a_bolus_at_a_tip_without_drug(clinic):
    clinic.program(300_000, 500)
    assert reason(clinic.command, "BOLUS", dose_ng=1000, over_s=600) == "state"


def test_a_bolus_must_fit_with_the_basal_rate_into_the_drug_at_the_tip(bridging):
    """167.9 mcg of 500 are left. An hour of 300 mcg/day takes 12.5 of them, so 155.4 fit into that hour."""
    clinic = bridging
    assert reason(clinic.command, "BOLUS", dose_ng=155_800, over_s=HOUR_S) == "state"
    clinic.command("BOLUS", dose_ng=155_000, over_s=HOUR_S)
    clinic.run(HOUR_S)
    assert (str(clinic.status().bolus), clinic.status().tip_mcg_per_ml) == ("bridge", 500)
    (event,) = [entry for entry in clinic.events() if str(entry.event) == "BOLUS_DONE"]
    assert event.c == 310_000


def test_an_implantation_during_a_prime_is_refused_for_the_prime():
    clinic = Clinic(Body())
    clinic.implant_empty()
    clinic.refill()
    clinic.command("PRIME", volume_nl=335_800)
    assert reason(clinic.implant_empty, catheter_mm=500, depth_mm=40) == "state"
