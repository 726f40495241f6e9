"""`python -m tests.readme --write` puts the outputs of now into the pages; without --write it names stale pages."""

import sys
import tempfile
from pathlib import Path

from tests.readme.pages import RUN, title
from tests.readme.renew import renewed
from tests.readme.session import Session


def main() -> int:
    stale = 0
    for page in RUN:
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder, Session(Path(folder)) as session:
            now = renewed(text, session)
        if now == text:
            continue
        stale += 1
        if "--write" in sys.argv[1:]:
            page.write_text(now, encoding="utf-8")
            print(f"{title(page)}: outputs renewed")
        else:
            print(f"{title(page)}: its outputs are not those of now; python -m tests.readme --write renews them")
    return int(stale > 0 and "--write" not in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
