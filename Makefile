# Two commands: `make run` shows the demonstration, `make test` proves the product. The others are for those who build it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := instance
PORT ?= 8000

.PHONY: run test test-servers lint bench faults vendor communes requirements access migration clean

run: $(VENV)/.ready
	@CPTS_INSTANCE=$(DEMO) $(BIN)/python -m cptsapp serve --demo --port $(PORT)

test: $(VENV)/.ready-dev
	@tools/find_browser.sh
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -q -n auto --dist loadgroup

# What behaves otherwise on a server: on PostgreSQL when one answers (CPTS_TEST_DATABASE_URL, or on this machine).
test-servers: $(VENV)/.ready-servers
	@tools/test_servers.sh $(BIN)/python

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix . && $(BIN)/ruff format --check .

bench: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks

faults: $(VENV)/.ready-dev
	CPTS_FAULTS=long $(BIN)/python -m pytest -q tests/faults

vendor: $(VENV)/.ready
	$(BIN)/python tools/vendor_front_end.py

communes: $(VENV)/.ready
	$(BIN)/python tools/build_communes.py

access: $(VENV)/.ready-dev
	$(BIN)/python -m tools.write_access

migration: $(VENV)/.ready-dev
	$(BIN)/python -m tools.write_migration $(NAME)

requirements: $(VENV)/.ready-dev
	tools/compile_requirements.sh

clean:
	rm -rf $(VENV) .pytest_cache .hypothesis .ruff_cache build *.egg-info

$(VENV)/.ready: requirements.txt tools/make_venv.sh
	@tools/make_venv.sh $(PYTHON) $(VENV) requirements.txt
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt tools/make_venv.sh
	@tools/make_venv.sh $(PYTHON) $(VENV) requirements-dev.txt
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-servers: requirements-servers.txt $(VENV)/.ready-dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-servers.txt
	@touch $@
