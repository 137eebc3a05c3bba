# Twinspan: `make demo` and `make test` are all a newcomer needs; the rest is for developers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install -q --disable-pip-version-check
UV ?= uv
LOCK := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help demo test check lint style types layers format schema lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## *' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(VENV)/.run  ## run the bot and a local Slack on this machine: nothing else needed
	@$(BIN)/twinspan demo

test: $(VENV)/.dev  ## every test this machine can run; says what it skipped
	$(BIN)/pytest -n auto --dist worksteal

check: lint test  ## lint, types and layers, then the tests

lint: style types layers  ## ruff, mypy, import-linter

style: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## put the code in its usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/.run  ## write docs/twinspan.schema.json anew, after a change of the settings
	$(BIN)/twinspan schema > docs/twinspan.schema.json

lock:  ## pin the dependencies anew, after a change in pyproject.toml (needs uv)
	$(LOCK) --extra build pyproject.toml -o requirements.lock
	$(LOCK) --extra build --extra dev pyproject.toml -o requirements-dev.lock

clean:  ## remove the environment, what was built, and the demo's database
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache data/demo.db*

$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Twinspan needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@echo "Setting up $(VENV) (once; about a minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
