"""One request at a time over a transport: sent again until it is answered, with pushed frames sorted out."""

from collections import deque
from collections.abc import Callable

from host_tools.programmer.errors import LinkLost, NoDevice, NotAuthorised, ProgrammerError
from host_tools.programmer.transport import Transport
from protocol.frame import AUTHENTICATED, Decoder, Frame, encode
from protocol.registry import ANSWER, name_of

TELEMETRY = ANSWER["TELEMETRY"].code
DONE = ANSWER["DONE"].code
REFUSED = ANSWER["REFUSED"].code
ANSWER_OFFSET = 0x80
PUSHES_KEPT = 64
SLOW_S = 2  # without an answer, after which `waiting` is called
REFUSED_TRIES = 2  # with nothing but unsigned refusals, after which a session is given up


class RequestChannel:
    """A stop-and-wait channel over a transport. A repeat has the same bytes, so the pump does nothing twice.

    `waiting` is called with `timeout_s` the first time that an answer takes longer than SLOW_S.
    """

    def __init__(
        self,
        transport: Transport,
        timeout_s: float,
        tries: int,
        waiting: Callable[[float], object] = lambda _timeout_s: None,
    ) -> None:
        self.transport = transport
        self._timeout_s = timeout_s
        self._tries = tries
        self._waiting = waiting
        self._waiting_called = False
        self._decoder = Decoder()
        self._answers: deque[Frame] = deque()
        self._pushed: deque[Frame] = deque(maxlen=PUSHES_KEPT)
        self._bytes = 0
        self._frames = 0

    def ask(self, request: Frame, accepts: Callable[[Frame], bool]) -> Frame:
        """The pump's answer, which is the first that `accepts` is true of; others count as noise.

        Anybody can send an unsigned refusal, so the request's whole time is waited for a better answer. Only when none
        came in REFUSED_TRIES times is the refusal the answer: that is what a pump without the session says.
        """
        self._answers.clear()
        forged = 0
        refusals: list[Frame] = []  # the last of each try
        for _ in range(self._tries):
            refused: Frame | None = None
            self.transport.write(encode(request))
            until_s = self.transport.now_s() + self._timeout_s
            while answer := self._next_answer(until_s):
                if not _is_answer(request, answer):
                    continue
                if accepts(answer):
                    return answer
                if is_unsigned_refusal(answer):
                    refused = answer
                else:
                    forged += 1
            if refused:
                refusals.append(refused)
            if len(refusals) == REFUSED_TRIES:
                break
        if refusals:
            return refusals[-1]
        raise self._silence_error(request, forged)

    def next_pushed(self, timeout_s: float) -> Frame | None:
        """The next pushed frame, None when none came in time."""
        until_s = self.transport.now_s() + timeout_s
        while not self._pushed:
            if not self._receive(until_s):
                return None
        return self._pushed.popleft()

    def _next_answer(self, until_s: float) -> Frame | None:
        slow_s = until_s - self._timeout_s + SLOW_S
        while not self._answers:
            notify = not self._waiting_called and slow_s < until_s
            if self._receive(slow_s if notify else until_s):
                continue
            if not notify:
                return None
            self._waiting_called = True
            self._waiting(self._timeout_s)
        return self._answers.popleft()

    def _receive(self, until_s: float) -> bool:
        """Take in what comes before `until_s`; False when nothing did."""
        left_s = until_s - self.transport.now_s()
        data = self.transport.read(left_s) if left_s > 0 else b""
        self._bytes += len(data)
        for frame in self._decoder.feed(data):
            self._frames += 1
            (self._pushed if frame.type == TELEMETRY else self._answers).append(frame)
        return bool(data)

    def _silence_error(self, request: Frame, forged: int) -> ProgrammerError:
        name, waited_s = self.transport.name, self._tries * self._timeout_s
        if forged:
            detail = "the answers' MAC is wrong: the pump has another key, or something else answers in its place"
            return NotAuthorised(name_of(request.type), "auth", detail)
        if self._frames:
            return LinkLost(f"{name}: the pump stopped answering (asked {self._tries} times in {waited_s:g} s)")
        if self._bytes:
            return NoDevice(f"{name}: what answers there is not a Thecal pump; is it the right --port?")
        return NoDevice(f"{name}: nothing answers; is the pump on, is it the right --port, and --timeout long enough?")


def _is_answer(request: Frame, answer: Frame) -> bool:
    """True if `answer` belongs to `request`, by session, sequence, type and the request that it names."""
    if (answer.session, answer.sequence) != (request.session, request.sequence):
        return False
    if answer.type in (DONE, REFUSED):
        return answer.payload[:1] == bytes([request.type])
    return answer.type == request.type + ANSWER_OFFSET


def is_unsigned_refusal(answer: Frame) -> bool:
    """True for a refusal that anybody may have sent. A pump without (this) session cannot sign its own."""
    return answer.type == REFUSED and not answer.flags & AUTHENTICATED
