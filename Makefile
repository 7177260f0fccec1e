# Two commands matter: `make book` and `make test`. Both work from a fresh clone; `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PORT ?= 8000
JOBS ?= 2
# 0 leaves out the Python that runs in the page (see book/live).
LIVE ?= 1

VENV := .venv
BIN := $(VENV)/bin
ENV := $(VENV)/.stamp
FRONT := book/vendor/.stamp
SITE := _build/html
REPORTS := build/reports

export PATH := $(CURDIR)/$(BIN):$(PATH)
# One BLAS thread: the book's small matrices run faster so, and two test processes do not fight over the cores.
export OMP_NUM_THREADS := 1
export PYTHONHASHSEED := 0
export JUPYTER_PLATFORM_DIRS := 1
export LIVE

.PHONY: help env front book test lint serve lab measure bench experiments shots notebooks exercises publish lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

book: $(ENV) $(FRONT) ## build the whole book from clean (LIVE=0: without Python in the page)
	@rm -rf _build
	@jupyter-book build . --all -W --keep-going --quiet
	@# A book without its live part counts as not built: the next command builds it again.
	@test "$(LIVE)" = 0 || python -m book.live.build || { rm -f $(SITE)/searchindex.js; exit 1; }
	@echo "The book lies in $(SITE)/index.html; make serve shows it on a local port."

test: $(ENV) lint book ## everything: lint, book, unit tests, notebooks, graders, browser
	@mkdir -p $(REPORTS)
	@python -m pytest -n $(JOBS) --dist loadscope --junitxml $(REPORTS)/tests.xml \
	  --nbval --nbval-sanitize-with tests/sanitize.cfg --nbval-cell-timeout 240 --nbval-current-env \
	  tests chapters solutions

lint: $(ENV) ## ruff, and the notebooks' form
	@ruff check --quiet .
	@python -m book.notebooks check

serve: ## show the built book on http://localhost:8000 (PORT=...)
	@test -d $(SITE) || { echo "Run make book first."; exit 1; }
	@$(PYTHON) -m http.server --directory $(SITE) --bind 127.0.0.1 $(PORT)

lab: $(ENV) ## JupyterLab on the course
	@jupyter lab

measure: $(ENV) ## measure the built book in a browser: explorers, bytes, axe, other hosts (build/reports/page.md)
	@python -m book.measure

bench: $(ENV) ## speed beside torch.nn, Keras and tutorial NumPy, memory of long sequences (build/reports/bench.md)
	@python -m benchmarks

experiments: $(ENV) ## published results run again, what is not yet in experiments/results/ (N=name for one)
	@python -m experiments $(N)

shots: $(ENV) ## pictures of every page and explorer, at three widths, light and dark (build/shots/)
	@python -m book.shots

notebooks: $(ENV) ## execute notebooks, normalise them, store their outputs (N=slug for one)
	@python -m book.notebooks execute $(N)

exercises: $(ENV) ## regenerate exercises/ from solutions/
	@python -m grading.release

publish: $(ENV) ## put the built book on a static host: TO=folder, TO=user@host:folder or TO=repository#branch
	@python -m book.publish

env: $(ENV) ## the environment alone
front: $(FRONT) ## the vendored front-end files alone

lock: ## rebuild requirements/lock.txt from the ranges in pyproject.toml
	@rm -rf build/lock
	@$(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install --quiet --upgrade pip
	@build/lock/bin/python -m pip install --quiet --constraint requirements/constraints.txt --editable '.[all]'
	@# Without what names one machine's kind of PyTorch: +cpu, and the CUDA parts that its Linux wheel asks for by itself.
	@build/lock/bin/python -m pip freeze --all --exclude pip --exclude-editable \
	  | sed -E -e 's/\+[A-Za-z0-9.]+$$//' -e '/^(nvidia-|cuda-|triton)/d' > requirements/lock.txt
	@rm -rf build/lock

clean: ## remove what was built (the environment stays)
	@rm -rf _build build book/vendor book/node_modules *.egg-info .pytest_cache .ruff_cache .hypothesis

$(ENV): requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or later is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." \
	       "Name another one: make book PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the environment into $(VENV) (a few minutes the first time) ..."
	@python -m pip install --quiet --requirement requirements/lock.txt
	@python -m pip install --quiet --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

# npm is taken from the machine, or else from PyPI.
$(FRONT): book/package-lock.json book/vendor.py | $(ENV)
	@command -v npm >/dev/null || python -m pip install --quiet --requirement requirements/npm.txt
	@cd book && npm ci --silent --no-audit --no-fund
	@python book/vendor.py
	@touch $@
