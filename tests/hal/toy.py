"""The smallest firmware that uses every device of its body on every wake."""

from protocol.messages import NONE32

WAKE_S = 3600
MISS_LIMIT = 27
PERIOD_MS = 34_560
STEPS = 104
GIVE_UP_MS = 3_900_000


class NoOrders:
    refills = now_s = 0
    filled_nl = drug_mcg_per_ml = 0
    dose_now_ng_per_day = 0
    implanted_wall_s = NONE32
    catheter_mm = tubing_nl = kept_catheter = depth_mm = booked_steps = 0
    line = ()


class ToyPump:
    """Wakes hourly, orders an hour's steps, writes a record, beeps, sends a frame; `polls_s` are its wakes."""

    pattern = 0x33
    steps = STEPS
    frame = b"\x01\x02\x00"
    record = b"sixteen bytes..."

    def __init__(self, hal, config):
        self.hal = hal
        self.config = config
        self.state = self.program = self.clock = self.ledger = NoOrders()
        self.polls_s = []
        self.heard = b""

    def poll(self):
        hal = self.hal
        hal.watchdog.arm()
        now_s = hal.clock.seconds()
        self.heard += hal.links[0].read()
        self.polls_s.append(now_s)
        hal.motor.progress()
        hal.motor.halt()
        hal.motor.order(self.steps, 30_000, PERIOD_MS, GIVE_UP_MS, MISS_LIMIT)
        hal.store.write(len(self.polls_s) % 2, self.record)
        hal.buzzer.play(self.pattern)
        hal.links[0].write(self.frame)
        hal.watchdog.pause()
        return now_s + WAKE_S
