# make demo    everything a newcomer needs, then the whole loop on real images
# make test    everything the tests need, then every check and the tests
# make check   format, lint, types and import rules alone
#
# ARGS goes to the program: make demo ARGS=--headless, make test ARGS="-m 'not slow'"

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=

.PHONY: demo test check clean

demo: $(VENV)/.demo
	$(BIN)/scanflow demo $(ARGS)

test: check
	OMP_NUM_THREADS=1 $(BIN)/pytest $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/.python:
	$(PYTHON) -m venv $(VENV)
	touch $@

# torch comes in whatever build pip finds: docs/install.md says how big each is.
$(VENV)/.demo: $(VENV)/.python pyproject.toml
	$(PIP) install --quiet --editable '.[demo]'
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(PIP) install --quiet --editable '.[demo,dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist
