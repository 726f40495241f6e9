# Everything from nothing: each target makes .venv first. Needs Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
STUBS := .stubs/rp2

.PHONY: install demo test traces gen gen-check lint emulator rig flash bench check clean

install: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Thecal needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.11 or newer.")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/thecal demo

test: install lint gen-check
	$(BIN)/python -m pytest -n auto --dist loadscope

# Of the board's own modules; not in .venv, where they would stand for `time` and friends of the laptop's code.
$(STUBS): $(STAMP)
	rm -rf $@
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target $@ 'micropython-rp2-rpi_pico-stubs==1.26.*'
	touch $@

lint: install $(STUBS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m tests.gate
	$(BIN)/pyright
	$(BIN)/pyright --typeshedpath $(STUBS) hal/rp2040

gen: install
	$(BIN)/python -m protocol.generate
	$(BIN)/python -m tests.traceability
	$(BIN)/python -m tests.therapypage

traces: install
	$(BIN)/python -m tests.traces

gen-check: install
	$(BIN)/python -m protocol.generate --check
	$(BIN)/python -m tests.traceability --check
	$(BIN)/python -m tests.therapypage --check

emulator: install
	$(BIN)/thecal emulate

rig: install
	$(BIN)/thecal rig

flash: install
	$(BIN)/thecal flash $(if $(PORT),--port $(PORT))

bench: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m host_tools.bench

check: install
	THECAL_HYPOTHESIS=thorough $(BIN)/python -m pytest -n auto --dist loadscope --timeout 1800
	$(BIN)/python -m tests.hunt.flips
	$(BIN)/python -m tests.hunt.fuzz --inputs 1000000
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m tests.hunt.cover strangers
	$(BIN)/python -m tests.hunt.cover programmer 20000

clean:
	rm -rf .venv .stubs build .hypothesis .pytest_cache .ruff_cache
