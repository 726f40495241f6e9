"""A pump on the smallest body, and a clinician's hands: real frames, no transport."""

from copy import copy

from firmware.config import Config
from firmware.pump import Pump
from protocol import auth, codes, frame, messages, registry

DAY_S = 86400
MONDAY_S = 2926 * DAY_S  # 2026-01-05T00:00:00 since 2018-01-01

USUAL = {"RESUME": {"override": "no"}}
"""Fields that a request has unless a test says otherwise."""

_REQUESTS = {message.name: message for message in messages.REQUESTS}


class Refused(Exception):
    """The pump said no, for this reason."""


class Clinic:
    """Boots a pump, lets time pass, and talks to it. Every command is a session of its own."""

    def __init__(self, body, config=None, pump_class=Pump):
        self.body = body
        self.config = config or Config()
        self.pump_class = pump_class
        self.line = body.line
        self.sequence = 0
        self.device_key = auth.TEST_KEY
        self.boot()

    def neighbour(self):
        """Somebody else's hands, on the body's second line. The clock and the pump are the same."""
        other = copy(self)
        other.line = self.body.neighbour
        return other

    def boot(self):
        """Power comes back: the motor stands, the clock begins at zero, the store is as it was."""
        self.body.motor.halt()
        self.boot_ms = self.body.now_ms
        body = self.body
        body.seconds = lambda: (body.now_ms - self.boot_ms) // 1000
        self.pump = self.pump_class(body, self.config)
        self.poll()

    def poll(self):
        self.due_s = self.pump.poll()

    def believe(self):
        """Let the pump take what a test put into it for its own: else it would be a flipped bit."""
        self.pump._work.take()

    def run(self, seconds):
        end_ms = self.body.now_ms + seconds * 1000
        while self.due_s * 1000 + self.boot_ms <= end_ms:
            self.body.now_ms = max(self.body.now_ms, self.due_s * 1000 + self.boot_ms)
            self.poll()
        self.body.now_ms = end_ms

    def ask(self, name, **fields):
        """An unsigned request's answer."""
        message = _REQUESTS[name]
        self.sequence += 1
        return self._answer(frame.Frame(message.code, 0, self.sequence, message.layout.build(fields)))

    def exchange(self, data):
        """Bytes to the pump; the frames that come back."""
        line = self.line
        line.incoming += data
        line.outgoing = b""
        self.poll()
        return frame.Decoder().feed(line.outgoing)

    def _answer(self, request):
        answers = self.exchange(frame.encode(request))
        (answer,) = [one for one in answers if registry.name_of(one.type) != "TELEMETRY"]
        if answer.flags:
            assert answer.mac == auth.mac(self.key, answer.signed_bytes())
        content = registry.decode(answer)
        if registry.name_of(answer.type) == "REFUSED":
            raise Refused(str(content.reason))
        return content

    def challenged(self, role="clinician"):
        """Ask for a session, which waits for its proof."""
        self.nonce = bytes(16)
        challenge = self.ask("OPEN", role=role, nonce=self.nonce)
        code = codes.ROLE[role]
        key = auth.role_key(self.device_key, code)
        serial = self.config.serial.encode().ljust(12, b"\0")
        self.session = challenge.session
        self.key = auth.session_key(key, serial, code, self.session, self.nonce, challenge.nonce)
        self.counter = 0

    def open(self, role="clinician"):
        self.challenged(role)
        self.signed("PROVE")

    def sign(self, name, **fields):
        """The next signed frame of the session, as bytes."""
        message = _REQUESTS[name]
        self.counter += 1
        payload = message.layout.build(USUAL.get(name, {}) | fields)
        unsigned = frame.Frame(message.code, self.session, self.counter, payload, 1, bytes(16))
        return unsigned._replace(mac=auth.mac(self.key, unsigned.signed_bytes()))

    def signed(self, name, **fields):
        return self._answer(self.sign(name, **fields))

    def provision(self, device_key):
        """Give the pump a key of its own, and use it from then on."""
        self.open("manufacturing")
        self.signed("PROVISION", masked_key=auth.masked_key(self.key, self.counter + 1, device_key))
        self.device_key = device_key

    def command(self, name, **fields):
        self.open()
        try:
            return self.signed(name, **fields)
        finally:
            self.signed("CLOSE")

    def implant(self, wall_s=MONDAY_S, **other):
        """A line of 335,800 nL that is full of drug, that of the first filling."""
        details = {"catheter_mm": 0, "tubing_nl": 335_800, "depth_mm": 20, "site": bytes(24), "override": "no"}
        details |= {"catheter": "new", "tubing": "primed", "dose_ng_per_day": 0, "parcels": []}
        self.command("IMPLANT", wall_s=wall_s, implanted_wall_s=wall_s, **details | other)

    def implant_empty(self, **other):
        """The same without any drug in it yet."""
        self.implant(**{"catheter_mm": 890, "tubing_nl": 140_000, "tubing": "empty"} | other)

    def refill(self, volume_nl=20_000_000, mcg_per_ml=2000, bridge="yes", drug=b"baclofen"):
        rest = {"aspirated_nl": 0, "bridge": bridge, "drug": drug.ljust(12, bytes(1))}
        return self.command("REFILL", volume_nl=volume_nl, concentration_mcg_per_ml=mcg_per_ml, **rest)

    def correct(self, mcg_per_ml=2**32 - 1, volume_nl=2**32 - 1, override="no", parcels=()):
        fields = {"concentration_mcg_per_ml": mcg_per_ml, "volume_nl": volume_nl, "override": override}
        return self.command("CORRECT", parcels=list(parcels), **fields)

    def program(self, dose_ng_per_day=500_000, mcg_per_ml=2000, rate_nl_per_day=None, override="no"):
        rate = rate_nl_per_day or (dose_ng_per_day * 1000 + mcg_per_ml // 2) // mcg_per_ml
        self.open()
        try:
            self.signed(
                "STAGE",
                mode="simple",
                concentration_mcg_per_ml=mcg_per_ml,
                dose_ng_per_day=dose_ng_per_day,
                rate_nl_per_day=rate,
            )
            self.commit(override)
        finally:
            self.signed("CLOSE")

    def flex(self, days, mcg_per_ml=2000, override="no"):
        """Order a week: for each day a list of (from_min, dose_ng)."""
        rows = [_day_rows(day, mcg_per_ml) for day in days]
        dose_ng = sum(row[1] for day in rows for row in day) // 7
        self.open()
        try:
            self.signed(
                "STAGE",
                mode="flex",
                concentration_mcg_per_ml=mcg_per_ml,
                dose_ng_per_day=dose_ng,
                rate_nl_per_day=(dose_ng * 1000 + mcg_per_ml // 2) // mcg_per_ml,
            )
            for day, steps in enumerate(rows):
                names = ("from_min", "dose_ng", "rate_nl_per_day")
                steps = [dict(zip(names, step, strict=True)) for step in steps]
                self.signed("STAGE_DAY", day=day, steps=steps)
                assert self.signed("READ_DAY", day=day).steps == steps
            self.commit(override)
        finally:
            self.signed("CLOSE")

    def commit(self, override, after_commit=None):
        """Commit what is staged, in the session that is open; compared with the newest commit unless told otherwise."""
        digest = self.signed("READ_BACK").digest
        newest = self.signed("DOSES", first=2**32 - 2).newest if after_commit is None else after_commit
        self.signed("COMMIT", digest=digest, override=override, after_commit=newest)

    def status(self):
        return self.ask("STATUS")

    def line_contents(self):
        """[(nL, mcg/mL)] from the tip back."""
        return [(parcel.volume_nl, parcel.mcg_per_ml) for parcel in self.ask("LINE").parcels]

    def unprimed_nl(self):
        return self.ask("LINE").unprimed_nl

    def alarms(self):
        return {str(entry.alarm): entry for entry in self.status().alarms}

    def events(self):
        found = []
        while True:
            answer = self.ask("LOG", first_seq=len(found) + 1, last_seq=2**32 - 2)
            if not answer.entries:
                return found
            found += answer.entries


def _day_rows(day, mcg_per_ml):
    ends_min = [step[0] for step in day[1:]] + [1440]
    return [
        (from_min, dose_ng, round(dose_ng * 1000 * 1440 / (mcg_per_ml * (end_min - from_min))))
        for (from_min, dose_ng), end_min in zip(day, ends_min, strict=True)
    ]
