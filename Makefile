# make demo: a synthetic survey to faults, in a few minutes.   make test: every test.
# Both set everything up by themselves in $(VENV); they need Python 3.11 or later, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.installed

.PHONY: demo test check bench commands clean

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "faultpick needs Python 3.11 or later; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $(READY)

demo: $(READY)
	mkdir -p demo
	$(BIN)/faultpick synth --segy demo/survey.sgy --shape 256 256 256 --irregular --seed 2000100 --overwrite
	$(BIN)/faultpick info demo/survey.sgy
	$(BIN)/faultpick predict demo/survey.sgy -o demo/probability.sgy
	$(BIN)/faultpick evaluate demo/probability.sgy demo/survey_fault.sgy
	$(BIN)/faultpick show demo/survey.sgy --probability demo/probability.sgy -o demo/sections.png
	$(BIN)/faultpick pick demo/probability.sgy --seismic demo/survey.sgy -o demo/picks --overwrite --export opendtect --export gocad
	$(BIN)/faultpick report demo/picks
	@echo "Look at demo/sections.png and demo/picks/report.html; load demo/probability.sgy beside demo/survey.sgy,"
	@echo "and demo/picks/opendtect.dat or demo/picks/faults.ts into your interpretation system. In the browser:"
	@echo "  $(BIN)/faultpick view demo/survey.sgy --probability demo/probability.sgy --picks demo/picks"

test: $(READY)
	$(BIN)/pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

bench: $(READY)
	$(BIN)/python benchmarks/networks.py
	$(BIN)/python benchmarks/earth.py
	$(BIN)/python benchmarks/tiles.py
	$(BIN)/python benchmarks/volumes.py

# the reference of the command, from what its verbs say of themselves; a test compares
commands: $(READY)
	$(BIN)/python -m typer faultpick.cli utils docs --name faultpick --title "The command" --output docs/reference/commands.md

clean:
	rm -rf $(VENV) demo
