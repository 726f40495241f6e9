"""A raw REPL on a TCP port that answers by script: what mpremote's transport hears of a board in trouble."""

import socket
import threading
from collections.abc import Iterator

RAW = b"raw REPL; CTRL-B to exit\r\n>"
NO_PASTE = b"R\x00"
LAST_WORDS_S = 10


class ScriptedRepl:
    """`script` has (output, trouble) for each piece of code that is run; where it ends the board is gone."""

    def __init__(self, script: list[tuple[bytes, bytes]]) -> None:
        self._script = iter(script)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the present client, which is not waited for for long."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(LAST_WORDS_S)
        self._listener.close()
        assert not self._thread.is_alive(), f"a client is still there {LAST_WORDS_S} s after its test"

    def _serve(self) -> None:
        try:
            line, _ = self._listener.accept()
        except OSError:
            return
        with line:
            for expected, answer in self._dialogue():
                heard = b""
                while not heard.endswith(expected):
                    piece = line.recv(4096)
                    if not piece:
                        return
                    heard += piece
                line.sendall(answer)

    def _dialogue(self) -> Iterator[tuple[bytes, bytes]]:
        """What to wait for, and what to say to it."""
        yield b"\x01", RAW
        yield b"\x04", b"soft reboot\r\n" + RAW
        yield b"\x05A\x01", NO_PASTE  # mpremote does not try it again
        for output, trouble in self._script:
            yield b"\x04", b"OK" + output + b"\x04" + trouble + b"\x04>"
