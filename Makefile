SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PORT ?= 8000
YINZHAO_DATA ?= var
export YINZHAO_DATA PORT
# Browser and PostgreSQL tests share two cores; more workers than cores only makes them time out.
WORKERS ?= 2
BIN := .venv/bin

.PHONY: help setup setup-run setup-test run test check bench soak fuzz screenshots lock clean

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 14

setup: setup-test  ## Prepare this machine: system packages, .venv, front-end files

setup-run:
	@tools/setup/system.sh run
	@tools/setup/python.sh run
	@tools/setup/assets.sh

setup-test:
	@tools/setup/system.sh test
	@tools/setup/python.sh test
	@tools/setup/assets.sh

run: setup-run  ## Start the server on 127.0.0.1:8000 (PORT=, YINZHAO_DATA=); the first start loads samples
	@tools/setup/data.sh
	@exec $(BIN)/yinzhao serve

test: setup-test check  ## Check the source and run every test (WORKERS=2, ARGS=…)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -q $(ARGS)

check: setup-test  ## Lint, types of the lower packages, and the laws of imports
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup-test  ## Measure the figures the design promises
	@$(BIN)/python -m tools.bench $(ARGS)

soak: setup-test  ## Clients side by side for minutes (SOAK_SECONDS=120)
	@$(BIN)/python -m pytest -m soak -q --timeout 0 $(ARGS)

fuzz: setup-test  ## Fuzz the parsers for FUZZ_SECONDS=60 a format, then the property tests with thousands of examples
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r tools/setup/requirements-fuzz.lock
	@$(BIN)/python -m tools.fuzz
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -n $(WORKERS) -m "hypothesis and not soak" -q --timeout 0 $(ARGS)

screenshots: setup-test  ## Take the pictures of the documents anew from the samples (YINZHAO_DATA=)
	@$(BIN)/python -m tools.screenshots $(ARGS)

lock:  ## Resolve the requirements anew and write the locks
	@tools/setup/lock.sh

clean:  ## Remove what was installed and built; the data folder stays
	rm -rf .venv node_modules app/static/vendor build dist *.egg-info $(YINZHAO_DATA)/cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
