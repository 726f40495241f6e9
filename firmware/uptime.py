"""The pump's two times: its age, on which therapy runs, and the wall clock, which is only a claim."""

from firmware import wire
from firmware.state import NEVER


class Uptime:
    """`now_s`: seconds since first power-up without the time unpowered, as of the last `tick`."""

    def __init__(self, clock):
        self._clock = clock
        self.base_s = 0  # uptime at this boot
        self.now_s = 0

    def start(self, base_s, state):
        """Go on from what the records know."""
        self.base_s = base_s
        self._state = state
        self.tick()

    def tick(self):
        """Read the clock; returns `now_s`."""
        self.now_s = self.base_s + self._clock.seconds()
        return self.now_s

    @property
    def wall_s(self):
        """Wall time in seconds since 2018-01-01T00:00:00, or NEVER without a valid clock."""
        if self._state.clock != wire.FLAG_YES:
            return NEVER
        return self.now_s + self._state.wall_offset_s

    def set_wall(self, wall_s):
        """Take the programmer's word for the time. Goes into the state, which the caller keeps."""
        self._state.clock = wire.FLAG_YES
        self._state.wall_offset_s = wall_s - self.now_s

    @property
    def local_s(self):
        """Wall time where there is one, else uptime: what days and schedules go by."""
        if self._state.clock == wire.FLAG_YES:
            return self.now_s + self._state.wall_offset_s
        return self.now_s
