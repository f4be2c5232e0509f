# Everything sets itself up: `make run` and `make test` need only Python 3.11 or newer; with node there is a console, too, and
# with Java and node every test runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TLS ?=
HOST ?= 127.0.0.1
PYTEST_ARGS ?=
BENCH_ARGS ?=
NODE_MODULES := frontend/node_modules/.package-lock.json
REGION ?= europe-west1

.PHONY: run test lint format setup lock openapi iam infra bench deploy clean

run: $(VENV)/.run console
	exec $(BIN)/python -m functions serve --host $(HOST) $(if $(TLS),--tls)

# Compiled once: the hundreds of servers that tests start write nothing beside their sources.
test: setup console frontend-test
	$(BIN)/python -m compileall -q main.py functions sandbox tests/*.py tests/*/*.py
	$(BIN)/python -m pytest -n auto --dist loadfile $(UNSEEN) $(PYTEST_ARGS)

lint: $(VENV)/.dev $(NODE_MODULES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd frontend && npm run --silent lint

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd frontend && npm run --silent format

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

setup: $(VENV)/.dev
	./tests/setup.sh

# The functions whose code has changed, with gcloud, to those that Terraform made: docs/operations.md. DRY_RUN=1 only prints,
# FORCE=1 takes those that run this code already, too.
deploy: console
	$(if $(PROJECT),,$(error make deploy PROJECT=… [REGION=…] [FUNCTION=send] [DRY_RUN=1]))
	$(PYTHON) -m scripts.deploy --project $(PROJECT) --region $(REGION) $(addprefix --function ,$(FUNCTION)) $(if $(FORCE),--force) $(if $(DRY_RUN),--dry-run)

# The console's files, built when they are missing or older than their sources.
CONSOLE := functions/console_files/dist/index.html
SOURCES := $(shell find frontend/app frontend/*.html frontend/vite.*.ts -type f -not -name '*.test.ts*') frontend/package-lock.json

# What is wrong with node here. One that is too old is as good as none: all but the console works without it.
NODE_TROUBLE := $(shell ./scripts/node.sh)

ifeq ($(NODE_TROUBLE),)
console: $(CONSOLE)

frontend-test: $(NODE_MODULES)
	cd frontend && npm test --silent
else
console:
	@echo "$(NODE_TROUBLE): the console is not built. The API works without it." >&2

frontend-test:
	@echo "$(NODE_TROUBLE): the frontend is not tested." >&2
	$(if $(CI),@exit 1)

# Of a console that was never built there is nothing for a browser to see.
UNSEEN := $(if $(CI)$(wildcard $(CONSOLE)),,--ignore=tests/browser)
endif

$(CONSOLE): $(SOURCES) | $(NODE_MODULES)
	cd frontend && npm run --silent build:console -- --logLevel warn
	touch $@

$(NODE_MODULES): frontend/package-lock.json
	cd frontend && npm ci --silent --no-audit --no-fund
	touch $@

# Every page, narrow and wide, light and dark, into .cache/screenshots.
screenshots: setup console
	$(BIN)/python -m scripts.screenshots

# What the deployed functions need, and no more.
$(VENV)/.run: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13")'
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

# The JSON that the console serves, from openapi.yaml.
openapi: $(VENV)/.dev
	$(BIN)/python scripts/openapi.py

# The tables of docs/iam.md, from infra/.
iam:
	$(PYTHON) scripts/iam.py

# Terraform's files, looked through by checkov; what it may not mind is marked there, with the reason. It has an environment
# of its own, because it pins packages that the tests use newer.
CHECKOV := .cache/checkov-3.3.30

infra: $(CHECKOV)/.done
	$(CHECKOV)/bin/checkov --directory infra --framework terraform --var-file infra/example.tfvars --compact --quiet --skip-download

$(CHECKOV)/.done:
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check $(subst -,==,$(notdir $(CHECKOV)))
	touch $@

# Pins what pyproject.toml asks for, with hashes, for every Python from 3.11 on.
lock:
	uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -o requirements.txt
	uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header \
		-c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) frontend/node_modules frontend/dist functions/console_files/dist .data .mypy_cache .ruff_cache .pytest_cache .hypothesis
