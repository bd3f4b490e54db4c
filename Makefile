# What one can do here; `make help` lists it. Everything sets itself up.
SHELL := /bin/bash
export MELDER_PORT ?= 8000
export MELDER_RUN_DIR ?= $(CURDIR)/.run
LOCAL := .venv/bin/melder-local
PYTEST := .venv/bin/pytest
GERMANY := .data/germany

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-chaos assets up down status doctor demo demo-info test test-unit lint format data-germany routing-check bench-routing bench-stored bench-germany k8s-check chaos backup restore bench rehearse compose-check open311-check requirements

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: ## install what is missing (system packages, .venv, page assets)
	@infra/local/bootstrap.sh

setup-test: ## as setup, with a browser for the tests
	@infra/local/bootstrap.sh with-chromium

setup-chaos:
	@infra/local/bootstrap.sh with-faketime

assets: setup ## build styles, scripts and fonts of the pages

up: setup ## start everything in the background
	@$(LOCAL) up

down: ## stop everything that was started
	@if [ -x $(LOCAL) ]; then $(LOCAL) down; fi

status: ## what runs, and where
	@$(LOCAL) status

doctor: ## is all well: services, logs, cursors, dead letters, timers
	@$(LOCAL) doctor

demo: setup ## start everything with the demo region and its reports, print addresses and logins
	@$(LOCAL) up
	@.venv/bin/python -m melder_local.demo
	@$(LOCAL) demo-info

demo-info: ## NAME=value lines: address, logins, API key
	@$(LOCAL) demo-info

test: setup-test ## everything but the long suites
	@infra/local/run-tests.sh

test-unit: setup ## the tests that need no server
	@$(PYTEST) -q -n 2 -m "not integration and not e2e"

lint: setup ## ruff, mypy strict, import contracts
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: setup ## let ruff write
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

routing-check: setup ## all of Germany against the oracle (needs data-germany; long)
	@MELDER_GERMANY=$(CURDIR)/$(GERMANY) $(PYTEST) -q -s services/routing/tests/integration/check_germany.py

bench-routing: setup ## decisions beside the plain SQL join (ROUTING_DB=SQLAlchemy URL of the routing database)
	@.venv/bin/python services/routing/bench/decisions.py "$(ROUTING_DB)"

bench-stored: setup ## reports stored from event to event (ROUTING_DB=… with the role routing_worker; fills it with cases)
	@.venv/bin/python services/routing/bench/stored.py "$(ROUTING_DB)"

bench-germany: setup ## decisions, answers over HTTP and storing over all of Germany (needs data-germany)
	@.venv/bin/python services/routing/bench/germany.py

data-germany: setup ## fetch the boundaries of all of Germany (69 MB, for checks and benchmarks)
	@.venv/bin/python -m melder_local.germany $(GERMANY)

k8s-check: setup ## render infra/k8s, validate it strictly, compare it with code and design, run checkov
	@infra/k8s/check.sh

chaos: setup-chaos ## kill, cut, starve, fill, pause and restore a whole installation (an hour; one row needs root); CHAOS_SEED repeats
	@MELDER_RUN_DIR=$(MELDER_RUN_DIR)-chaos MELDER_PORT=$$(( MELDER_PORT + 700 )) .venv/bin/python -m tests.chaos.column

backup: setup ## back up what runs here, below MELDER_RUN_DIR/backups
	@$(LOCAL) backup

restore: setup ## bring a backup back: make restore BACKUP=.run/backups/melder-…
	@$(LOCAL) restore "$(BACKUP)"

bench: setup-test ## measure the performance goals on a private installation (BENCH="P1 P3 --rounds 2")
	@.venv/bin/python tests/load $(BENCH)

rehearse: ## prove in a fresh Debian root that make test and make demo need nothing else
	@infra/local/rehearse.sh

compose-check: setup ## build the images, start docker-compose.yml with a Docker engine, walk reports through
	@.venv/bin/melder-compose-check

open311-check: setup ## check an Open311 server: make open311-check URL=https://…/open311/v2 ARGS="--key …"
	@.venv/bin/python -m tests.conformance "$(URL)" $(ARGS)

requirements: setup ## pin again after a change of requirements/*.in (needs uv)
	@infra/local/pin-requirements.sh
