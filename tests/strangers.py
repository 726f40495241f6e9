"""What somebody without a key can send: each an endless stream of frames, or of what looks like some."""

from collections.abc import Callable, Iterator
from random import Random

from protocol import auth, codes, messages, registry
from protocol.frame import AUTHENTICATED, Frame, encode

SESSIONS = 60  # of which one may be open


def opens(random: Random) -> Iterator[bytes]:
    """Asks for a session in any role, each time with another nonce."""
    message = registry.REQUEST["OPEN"]
    while True:
        fields = {"role": random.choice(list(codes.ROLE)), "nonce": random.randbytes(messages.NONCE_BYTES)}
        yield encode(Frame(message.code, 0, random.getrandbits(32), registry.payload(message, fields)))


def forgeries(random: Random) -> Iterator[bytes]:
    """Proofs and commands of any session, signed by nobody."""
    requests = [registry.REQUEST[name].code for name in ("PROVE", "STOP", "CLOSE", "MINIMUM_RATE", "RESUME")]
    while True:
        session, sequence = random.randint(1, SESSIONS), random.randint(1, 9)
        mac = random.randbytes(auth.MAC_BYTES)
        yield encode(Frame(random.choice(requests), session, sequence, b"", AUTHENTICATED, mac))


def garbage(random: Random) -> Iterator[bytes]:
    """Bytes up to a delimiter."""
    while True:
        yield random.randbytes(random.randint(1, 80)).replace(b"\0", b"\1") + b"\0"


def proofs(random: Random) -> Iterator[bytes]:
    """Asks for a session and tries to prove it, with no key and nine guesses at its number."""
    code = registry.REQUEST["PROVE"].code
    for asked in opens(random):
        yield asked
        for number in random.sample(range(1, SESSIONS + 1), 9):
            yield encode(Frame(code, number, 1, b"", AUTHENTICATED, random.randbytes(auth.MAC_BYTES)))


FLOODS: tuple[Callable[[Random], Iterator[bytes]], ...] = (opens, forgeries, garbage, proofs)
