# Every target sets up .venv first, and again when pyproject.toml changes.
# PYTHON=python3.13 (re)makes .venv with that interpreter; without PYTHON an existing .venv is kept.
PYTHON ?= $(or $(wildcard .venv/bin/python),python3)
ARGS ?=

BIN := .venv/bin
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
INSTALLED := .venv/.installed-$(PYTHON_VERSION)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install demo test schema upgrade generate check-generated lint format types bench bench-curves bench-guard bench-plots soak fuzz matrix check build smoke clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## Make .venv with the package and all tools

# A .venv of the same interpreter is kept and brought up to date; any other is made anew.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "$(PYTHON) is no Python 3.10 or later; choose one with PYTHON=..."; exit 1; }
	@echo "Setting up .venv with Python $(PYTHON_VERSION); this takes about a minute."
	@test -e $@ -o "$(PYTHON)" = $(BIN)/python || $(PYTHON) -m venv --clear .venv || { rm -rf .venv; exit 1; }
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@rm -f .venv/.installed-*
	@touch $@

demo: $(INSTALLED) ## Run the tour offline; LIVE=1 uses the real model, PROMPT="..." asks it
	@$(BIN)/python docs/examples/demo.py $(if $(filter 1,$(LIVE)),--live) $(if $(PROMPT),--prompt "$$PROMPT")

test: $(INSTALLED) ## Run all tests, on all CPUs; ARGS="-k name" selects, on one
	@$(BIN)/python -m pytest $(or $(ARGS),--numprocesses auto --dist worksteal)

schema: $(INSTALLED) ## Dump the schema of the installed runtime; ARGS="--runtime 0.164.0" of another
	@$(BIN)/python -m codegen schema $(ARGS)

upgrade: $(INSTALLED) ## Bring all to another runtime: RUNTIME=0.164.0, or CODEX_BIN=path
	@$(if $(RUNTIME)$(CODEX_BIN)$(ARGS),,echo 'Name the runtime: make upgrade RUNTIME=0.164.0, or CODEX_BIN=path'; exit 2)
	@$(BIN)/python -m codegen upgrade $(if $(RUNTIME),--runtime "$$RUNTIME") $(if $(CODEX_BIN),--codex-bin "$$CODEX_BIN") $(ARGS)

generate: $(INSTALLED) ## Write all generated files from schema/
	@$(BIN)/python -m codegen generate $(ARGS)

check-generated: $(INSTALLED) ## Fail if a generated file differs from what the generator writes
	@$(BIN)/python -m codegen check $(ARGS)

lint: $(INSTALLED) ## Check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(INSTALLED) ## Correct style and formatting
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(INSTALLED) ## Check types with mypy and pyright
	@$(BIN)/mypy
	@$(BIN)/pyright

bench: $(INSTALLED) ## Measure speed against the official SDK; QUICK=1 is shorter
	@$(BIN)/python -m tests.bench $(if $(filter 1,$(QUICK)),--quick) $(ARGS)

bench-curves: $(INSTALLED) ## Measure how both SDKs behave as things grow; QUICK=1 is shorter
	@$(BIN)/python -m tests.bench.curves $(if $(filter 1,$(QUICK)),--quick) $(ARGS)

bench-plots: $(INSTALLED) ## Draw the pictures of docs/benchmarks from the JSON there
	@$(BIN)/python -m tests.bench.plots $(ARGS)

bench-guard: $(INSTALLED) ## Fail if work needs more instructions than it did; ARGS=--record sets the baseline
	@$(BIN)/python -m tests.bench.guard $(ARGS)

soak: $(INSTALLED) ## Send 10 million events to slow readers; ARGS="--events 100000 --seed 7"
	@$(BIN)/python -m tests.soak $(ARGS)

matrix: $(INSTALLED) ## Try runtimes of other versions; ARGS="--versions 0.154.0" only some
	@$(BIN)/python -m tests.matrix $(ARGS)

fuzz: $(INSTALLED) ## Play 10,000 turns of a newer runtime to both clients; ARGS="--turns 500 --seed 7"
	@$(BIN)/python -m tests.fuzz $(ARGS)

check: lint types check-generated test build smoke ## Run everything that must pass before a change lands

build: $(INSTALLED) ## Build sdist and wheel into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation .

smoke: $(INSTALLED) ## Try the built packages in an environment of their own
	@$(BIN)/python -m tests.packaging

clean: ## Remove built packages and caches; .venv stays
	@rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
