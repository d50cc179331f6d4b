# What a person types. Each target installs what it needs first; `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WORKERS ?= 1

.DEFAULT_GOAL := help
.PHONY: help run serve test check lint types contracts migrations bench lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/run: requirements.txt requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: this is %d.%d. Try make run PYTHON=python3.13" % sys.version_info[:2])'
	@echo "Installing, once. This takes about a minute."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt -c requirements.lock
	@touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.txt
	@$(PIP) -r requirements-dev.txt -c requirements.lock
	@touch $@

run: $(VENV)/run ## the portal on http://127.0.0.1:8000, with a demo cluster when there is no other
	@exec $(BIN)/python manage.py start

serve: $(VENV)/run ## production serving, WORKERS=n web processes on HOST:PORT
	@exec $(BIN)/python manage.py start --workers $(WORKERS)

test: $(VENV)/dev ## the whole test suite; says what it left out and how to get it
	@$(BIN)/python -m tests

check: $(VENV)/dev lint types contracts migrations test ## what CI runs

lint: $(VENV)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/dev
	@$(BIN)/mypy k8smcp chat tools manage.py

contracts: $(VENV)/dev
	@$(BIN)/lint-imports

migrations: $(VENV)/dev
	@K8SMCP_HOME=$$(mktemp -d) $(BIN)/python manage.py makemigrations --check --dry-run

bench: $(VENV)/dev ## the benchmarks of bench/, JSON on standard output
	@$(BIN)/python -m bench

lock: ## write requirements.lock from what the floors resolve to today
	@rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip install --quiet -r requirements-dev.txt
	@$(VENV)-lock/bin/python -m pip freeze --exclude-editable > requirements.lock
	@rm -rf $(VENV)-lock

clean: ## forget the environment; var/ with its data stays
	rm -rf $(VENV)
