PYTHON ?= python3
BIN := .venv/bin
WORKDIR ?= runs/demo

.PHONY: install demo test lint docs

# Built again only when what it pins changed.
.venv/installed: requirements.txt setup.py
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

install: .venv/installed

demo: install
	$(BIN)/python scripts/run_benchmark.py --config=configs/demo.py --workdir=$(WORKDIR)

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: install lint
	$(BIN)/pytest -n 2 --dist loadfile

# Every warning is an error; a page or a table that is out of date fails a test.
docs: install
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs build/docs
	@echo build/docs/index.html
