# Everything sets itself up: `make run` and `make test` need only Python 3.11 or newer, and for the tests Java and node.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TLS ?=
HOST ?= 127.0.0.1
PYTEST_ARGS ?=

.PHONY: run test lint format setup lock openapi bench clean

run: $(VENV)/.run
	exec $(BIN)/python -m functions serve --host $(HOST) $(if $(TLS),--tls)

test: setup
	$(BIN)/python -m pytest -n auto --dist loadfile $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench

setup: $(VENV)/.dev
	./tests/setup.sh

# What the deployed functions need, and no more.
$(VENV)/.run: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

# The JSON that the console serves, from openapi.yaml.
openapi: $(VENV)/.dev
	$(BIN)/python scripts/openapi.py

# Pins what pyproject.toml asks for, with hashes, for every Python from 3.11 on.
lock:
	uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -o requirements.txt
	uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header \
		-c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) .data .mypy_cache .ruff_cache .pytest_cache .hypothesis
