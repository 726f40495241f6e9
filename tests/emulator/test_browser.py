"""A real browser's page that means harm: it posts to every port of an emulator, as any page on the net could."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

import pytest

from host_tools.emulator.process import EmulatorProcess
from tests.child import LIMIT_S, child
from tests.emulator.conftest import Start
from tests.emulator.test_web import ORDERS

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TYPES = ("text/plain", "application/x-www-form-urlencoded")  # what a page may post without asking first

# A program port answers no HTTP and keeps the line, so the page gives each post up after a second.
PAGE = """\
<!doctype html><title>harmless</title><script>
const lines = {lines}, addresses = {addresses}, types = {types};
const post = (address, type) => fetch(`http://${{address}}/`, {{
  method: "POST", mode: "no-cors", headers: {{"Content-Type": type}}, body: lines, signal: AbortSignal.timeout(1000),
}}).then(() => "answered", error => error.name);
Promise.all(addresses.flatMap(address => types.map(type => post(address, type))))
  .then(ends => fetch("/ends", {{method: "POST", body: JSON.stringify(ends)}}));
</script>
"""


def browser() -> str:
    """The first browser there is; skips the test without one."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        pytest.skip("no headless browser: install chromium")
    return found


@contextmanager
def site(page: str) -> Iterator[tuple[str, "Queue[str]"]]:
    """A site that serves ``page``: its address, and the queue of what the page says when it is done."""
    said: Queue[str] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(page.encode())

        def do_POST(self) -> None:
            said.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.answer(b"")

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", said
        server.shutdown()


@pytest.mark.shows("R8.1")
def test_a_page_in_a_browser_drives_nothing(start: Start, tmp_path: Path) -> None:
    program = browser()
    emulator: EmulatorProcess = start(speed=0)
    with emulator.debug_client() as debug:
        before = debug.truth(), debug.now_s()
    addresses = [url.removeprefix("socket://") for url in (emulator.url, emulator.debug)]
    lines = "".join(json.dumps(order) + "\n" for order in ORDERS)
    page = PAGE.format(lines=json.dumps(lines), addresses=json.dumps(addresses), types=json.dumps(TYPES))
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with site(page) as (url, said), child([program, *options, url], **silent):
        ends = json.loads(said.get(timeout=LIMIT_S))
    print("posts ended:", ends)
    assert len(ends) == len(addresses) * len(TYPES)
    assert "answered" not in ends
    with emulator.debug_client() as debug:
        assert (debug.truth(), debug.now_s()) == before
