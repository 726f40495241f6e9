"""The smallest body that a pump lives in, for tests of one part. MicroPython code: it runs there as well.

Everything is ideal: the motor steps in closed form, the store keeps what it is given, time is what the test says.
"""

OK: int = 0


class Body:
    """A HAL whose clock is `now_ms`. `stalled` holds the rotor; `tones` and `orders` record what the pump did."""

    def __init__(self):
        self.now_ms = 0
        self.stalled = False
        self.free = 100_000
        self.reset_by_watchdog = False  # by the watchdog, before this boot
        self.tones = []
        self.orders = []
        self.clock = self
        self.motor = Motor(self)
        self.battery = self.buzzer = self.watchdog = self.entropy = self.head = self.thermometer = self.memory = self
        self.store = Store()
        self.line = Line()
        self.neighbour = Line()
        self.links = (self.line, self.neighbour)
        self.fill_sensor = None

    def seconds(self):
        return self.now_ms // 1000

    def ticks_ms(self):
        return (self.now_ms + (1 << 30) - 5000) & ((1 << 30) - 1)

    def rest_mv(self) -> int:
        return 3000

    def load_mv(self) -> int:
        return 2900

    def centi_celsius(self) -> int:
        return 3700

    def play(self, pattern):
        self.tones.append((self.now_ms, pattern))
        return OK

    def self_test(self) -> int:
        return OK

    def check_code(self) -> int:
        return OK

    def check_ram(self) -> int:
        return OK

    def runtime(self):
        return "toy"

    def free_bytes(self) -> int:
        return self.free

    def caused_reset(self):
        return self.reset_by_watchdog

    def arm(self):
        pass

    def feed(self):
        pass

    def pause(self):
        pass

    def random_bytes(self, count):
        return bytes(range(count))

    def present(self) -> bool:
        return True


class HeadedBody(Body):
    """A body whose telemetry head can be taken away."""

    head_on = True

    def present(self):
        return self.head_on


class Motor:
    def __init__(self, body):
        self.body = body
        self.order_at_ms = 0
        self.left = None  # (steps, first_ms, period_ms) of the running order
        self.given = 0  # of the running order
        self.counts = [0, 0, 0, 0, 0]
        self.inhibited = False

    def order(self, steps, first_ms, period_ms, give_up_ms, miss_limit):
        self.progress()
        if self.left:
            raise RuntimeError("ordered while an order is running")
        if self.inhibited:
            return 3
        self.order_at_ms = self.body.now_ms
        self.left = (steps, first_ms, period_ms)
        self.given = 0
        self.body.orders.append((self.body.now_ms, steps, first_ms, period_ms, give_up_ms, miss_limit))
        return OK

    def progress(self):
        if self.left:
            steps, first_ms, period_ms = self.left
            due = (self.body.now_ms - self.order_at_ms - first_ms) // period_ms + 1
            new = max(0, min(steps, due)) - self.given
            if new > 0:
                self._count(new)
            if self.given == steps:
                self.left = None
        return tuple(self.counts)

    def _count(self, new):
        counts = self.counts
        self.given += new
        counts[0] += new
        if self.body.stalled:
            counts[3] += new
            counts[4] = 0
        else:
            counts[1] += new
            counts[4] += new
            counts[3] = 0

    def halt(self):
        self.progress()
        self.left = None
        return OK

    def inhibit(self):
        self.inhibited = True
        return self.halt()

    def release(self):
        self.inhibited = False
        return OK


TYPE_CHECKING = False
if TYPE_CHECKING:
    from hal.contract import Store as Contract
else:
    Contract = object


class Store(Contract):
    def __init__(self):
        self.slots = {}

    def read(self, slot):
        return self.slots.get(slot, b"")

    def write(self, slot, data):
        self.slots[slot] = bytes(data)
        return OK

    def append(self, slot, data):
        self.slots[slot] = self.read(slot) + bytes(data)
        return OK


class Line:
    def __init__(self):
        self.incoming = b""
        self.outgoing = b""

    def read(self) -> bytes | None:
        data, self.incoming = self.incoming, b""
        return data

    def room(self) -> int:
        return 4096

    def write(self, data):
        self.outgoing += data
        return OK
