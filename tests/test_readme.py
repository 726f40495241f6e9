"""The pages are true: their examples run and print what is shown, and whatever they name exists."""

from pathlib import Path

import pytest

from tests.readme.names import wrong_names
from tests.readme.pages import PAGES, ROOT, RUN, title
from tests.readme.renew import masked, renewed
from tests.readme.session import LIMIT_S, ExampleError, Session


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("page", RUN, ids=title)
def test_examples_run_and_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    with Session(tmp_path) as session:
        now = renewed(text, session)
    assert masked(text).splitlines() == masked(now).splitlines(), "python -m tests.readme --write renews the page"


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_everything_named_exists(page: Path) -> None:
    assert wrong_names(page.read_text(encoding="utf-8"), page) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("`thecal statsu`", "thecal statsu: there is no such verb"),
        ("`thecal status --chek`", "thecal status --chek: there is no such option"),
        ("```\n$ thecal debug advance --quick 3d | tail\n```", "thecal debug advance --quick: there is no such option"),
        ("`thecal debug jump`", "thecal debug jump: there is no such verb"),
        ("`make coffee`", "make coffee: there is no such target"),
        ("`python -m tests.nothing`", "python -m tests.nothing: there is no such module"),
        ("`pip install 'thecal[all]'`", "there is no extra all"),
        ("`firmware/nothing.py`", "there is no firmware/nothing.py"),
        ("[page](nothing.md)", "the link to nothing.md leads nowhere"),
        ("[page](docs/scenarios.md#nothing)", "the link to docs/scenarios.md#nothing names no heading there"),
    ],
)
def test_what_does_not_exist_is_found(text: str, says: str) -> None:
    assert wrong_names(text, ROOT / "README.md") == [says]


@pytest.mark.parametrize(
    "text",
    [
        "`thecal VERB --help`",
        "`thecal debug fault hang`",
        "`thecal emulate [--speed 1|N]`",
        "`thecal --version`",
        "`make flash PORT=...`",
        "`hal/rp2040/*.py`",
        "[a heading](docs/scenarios.md#the-verbs)",
        "[elsewhere](https://example.org/nothing)",
        "It's said: `make`.",
    ],
)
def test_what_exists_is_not_complained_of(text: str) -> None:
    assert wrong_names(text, ROOT / "README.md") == []


def test_only_the_output_of_a_command_is_renewed(tmp_path: Path) -> None:
    page = "# Page\n\n```console\n$ echo new\nold\n\n$ printf 'a\\nb'\na\nb\n```\n\nEnd, without a newline"
    with Session(tmp_path) as session:
        assert renewed(page, session) == page.replace("old", "new")


def test_what_varies_is_not_renewed(tmp_path: Path) -> None:
    page = "```console\n$ echo socket://127.0.0.1:4321 at /dev/pts/7\nsocket://127.0.0.1:5 at /dev/pts/0\n```\n"
    with Session(tmp_path) as session:
        assert renewed(page, session) == page


def test_a_block_sees_the_files_that_the_page_named_before(tmp_path: Path) -> None:
    page = "```yaml week.yaml\nmode: simple\ndose_mcg_per_day: 5\n```\n```console\n$ tail -1 week.yaml\n```\n"
    with Session(tmp_path) as session:
        assert "dose_mcg_per_day: 5\n```" in renewed(page, session).partition("tail")[2]


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("```sh\nfalse\n```\n", "ended with 1"),
        ("```python\nimport nothing\n```\n", "No module named 'nothing'"),
        ("```yaml\nsteps:\n  - expect: {status.therapy: running}\n```\n", "expected .running"),
        ("```console\nno command\n```\n", "begins with a command"),
        ("```console\n$ thecal status --chek\n```\n", "ended with 2, not 0"),
        ("```console\n$ true  # exit code 1\n```\n", "ended with 0, not 1"),
    ],
)
def test_an_example_that_fails_is_an_error(page: str, says: str, tmp_path: Path) -> None:
    with Session(tmp_path) as session, pytest.raises(ExampleError, match=says):
        renewed(page, session)


def test_no_pump_but_the_pages_own_is_in_reach(tmp_path: Path) -> None:
    with Session(tmp_path) as session:
        assert "no emulator runs here" in session.type("thecal debug truth")[1]
        assert "TCP" in session.type("thecal emulate --speed 0")[1]
        assert "reservoir_nl" in session.type("thecal debug truth")[1]
