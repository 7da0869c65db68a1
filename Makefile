# Everything a contributor runs. `make help` lists it.
SHELL := /bin/bash
VENV ?= .venv
PY := $(VENV)/bin/python
PORT ?= 8000
# Tests start hundreds of processes, each of which would compile two thousand modules again.
export PYTHONDONTWRITEBYTECODE :=
# With AT=INSTANT the command and all it starts live by a clock that starts there.
AT_PY = $(PY) $(if $(AT),-m dev.clock '$(AT)')
.DEFAULT_GOAL := help
.PHONY: help demo test check lint audit fmt bench defences campaign fuzz mail load token psql schema

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.ready ## the whole product on this machine, with data; PORT=8000, GA4=DIR adds a tenant, AT=
	@exec $(AT_PY) -m dev.demo --port $(PORT) $(if $(GA4),--ga4 '$(GA4)')

test: $(VENV)/.ready ## all tests; ARGS= chooses, AT=2028-02-29T23:30Z moves the clock; skips are named
	$(AT_PY) -m pytest $(if $(ARGS),$(ARGS),-n 3 --dist loadfile --no-loadscope-reorder --durations=25)

campaign: $(VENV)/.ready ## every death the tests know while somebody reads; SEED=1, SAMPLE=20, OUT=FILE
	$(PY) -m tests.campaign --seed $(or $(SEED),1) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(OUT),--out '$(OUT)')

fuzz: $(VENV)/.ready ## requests nobody would write, to every route: no answer may be a fault of ours; SEED=1
	FUZZ=100 SEED=$(or $(SEED),1) $(PY) -m pytest -q -s tests/fuzz

mail: $(VENV)/.ready ## many mails, a server that fails, workers that die; SEED=1, MESSAGES=1000, OUT=FILE
	$(PY) -m tests.email.campaign --seed $(or $(SEED),1) $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(OUT),--out '$(OUT)')

check: lint test ## lint, types, arrows, SQL, schema snapshot, then all tests

lint: $(VENV)/.ready ## the same without the tests
	$(VENV)/bin/ruff format --check --quiet .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/bandit -q -r app worker.py wsgi.py -c pyproject.toml
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/sqlfluff lint sql --processes 2
	$(PY) -m dev.schema --check

audit: $(VENV)/.ready ## known faults of what is pinned, where that can be asked
	$(PY) -m dev.audit

fmt: $(VENV)/.ready ## lay the code out, sort imports, mend what linters can
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

schema: $(VENV)/.ready ## write sql/schema.sql anew
	$(PY) -m dev.schema

bench: $(VENV)/.ready ## the speed figures against their goals; SCALE=small for a short look
	$(PY) -m bench --scale $(or $(SCALE),full)

load: $(VENV)/.ready ## a hundred tenants through nginx and gunicorn; STATE=DIR keeps them, SECONDS=60
	$(PY) -m tests.load $(if $(STATE),--state '$(STATE)') --seconds $(or $(SECONDS),60)

defences: $(VENV)/.ready ## take each defence away in a copy and see its test go red
	$(PY) -m tests.defences $(ARGS)

token: $(VENV)/.ready ## a bearer token of the running demo: make token MEMBER=admin@acme.test
	@$(PY) -m dev.token '$(MEMBER)'

psql: $(VENV)/.ready ## a psql prompt on the demo's database: make psql TENANT=acme
	@$(PY) -m dev.prompt '$(or $(TENANT),acme)'

# uv installs in seconds what pip takes a minute for; pip alone is needed to get it.
$(VENV)/.ready: requirements.txt requirements-dev.txt
	@echo "Installing the Python packages into $(VENV) …" >&2
	@$(PY) -m pip --version > /dev/null 2>&1 || python3 -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==0.13.9 >&2
	@VIRTUAL_ENV=$(VENV) $(VENV)/bin/uv pip install --quiet --compile-bytecode --python $(PY) -r requirements-dev.txt >&2
	@touch $@
