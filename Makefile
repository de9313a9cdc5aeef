# Nothing here but the plain commands that README.md shows, in the order they are needed.
#   make reproduce   set up .venv, train, write results/ and print the table
#   make test        set up what tests need, and run them
#   make check       style, types and tests: everything in one command
#   make bench       the speed of this version (asv)
#   make peers       the same learning written in other ways, timed side by side
#   make gpu         the speed of a GPU, beside CUDA C++, JAX and the CPU; with PYTHON=..., by that Python as it is

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: reproduce test check bench peers gpu

reproduce: $(VENV)/.installed
	$(BIN)/fastsoftq reproduce

test: $(VENV)/.installed-test
	$(BIN)/pytest -n auto --dist worksteal

check: $(VENV)/.installed-check $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist worksteal

bench: $(VENV)/.installed-bench
	$(BIN)/asv machine --yes
	$(BIN)/asv run --show-stderr HEAD^!

peers: $(VENV)/.installed-peers
	$(BIN)/python -m benchmarks.peers
	$(BIN)/python -m benchmarks.peers.deep

ifeq ($(origin PYTHON),command line)
gpu:
	$(PYTHON) -m benchmarks.gpu
else
gpu: $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[cuda]' 'jax[cuda13]>=0.8'
	$(BIN)/python -m benchmarks.gpu
endif

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

# Groups of dependencies need pip 25.1, and Python 3.11 brings an older one.
$(VENV)/.installed-%: $(VENV)/.installed
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --editable . --group $*
	touch $@
