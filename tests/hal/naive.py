"""The plant as a child would write it: one look at everything in every tick. The reference for the closed form."""

TICK_MS = 20
RUNAWAY_MS = 1000


class NaivePlant:
    def __init__(self, step_nl, volume_nl):
        self.now_ms = 0
        self.step_nl = step_nl
        self.volume_nl = volume_nl
        self.delivered_nl = self.hundredths = 0
        self.pulse_times = []  # still to come
        self.counts = [0, 0, 0, 0, 0]  # as the motor reports them
        self.rotor_steps = 0
        self.faults = {}  # name -> (from_ms, end_ms, percent)
        self.inhibited = False

    def order(self, steps, first_ms, period_ms, give_up_ms):
        times = [self.now_ms + first_ms + k * period_ms for k in range(steps)]
        self.pulse_times = [time for time in times if time <= self.now_ms + give_up_ms]

    def advance(self, to_ms):
        while self.now_ms < to_ms:
            self.now_ms += TICK_MS
            self._tick()

    def _tick(self):
        held = "motor_stall" in self.faults or "mri" in self.faults
        while self.pulse_times and self.pulse_times[0] <= self.now_ms:
            self.pulse_times.pop(0)
            self._pulse(held)
        if "runaway" in self.faults and not self.inhibited and not held:
            since_ms = self.now_ms - self.faults["runaway"][0]
            if since_ms and since_ms % RUNAWAY_MS == 0:
                self.counts[1] += 1
                self._turn(1)
        self.faults = {name: fault for name, fault in self.faults.items() if fault[1] > self.now_ms}

    def _pulse(self, held):
        counts = self.counts
        counts[0] += 1
        if held:
            counts[3] += 1
            counts[4] = 0
        else:
            counts[1] += 1
            counts[3] = 0
            counts[4] += 1
            self._turn(1)

    def step_back(self):
        self.counts[2] += 1
        self._turn(-1)

    def _turn(self, steps):
        self.rotor_steps += steps
        percent = self.faults["over_delivery"][2] if "over_delivery" in self.faults else 0
        moved = steps * self.step_nl * (100 + percent) + self.hundredths
        moved_nl, self.hundredths = moved // 100, moved % 100
        if moved_nl >= self.volume_nl:
            moved_nl, self.hundredths = self.volume_nl, 0
        self.volume_nl -= moved_nl
        self.delivered_nl += moved_nl
