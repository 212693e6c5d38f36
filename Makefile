PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
WORKDIR ?= runs/demo
LOCK := $(UV) pip compile setup.py --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --no-annotate --extra build

.PHONY: install demo test lint docs tables lock bench-accelerator

# What the demo and every other job need, at the versions of requirements.txt.
# Built again only when what pins it changed.
.venv/installed: requirements.txt setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# What all extras, tests and docs need besides.
.venv/installed-tests: requirements-tests.txt .venv/installed
	$(BIN)/pip install --quiet --require-hashes -r requirements-tests.txt
	touch $@

# Programs of the demo, so that its first run need not compile them. To do without:
# make install COMPILE=no
COMPILE ?= yes
.venv/compiled: .venv/installed
	$(BIN)/teledp compile --config=configs/demo.py
	touch $@

install: .venv/installed $(if $(filter yes,$(COMPILE)),.venv/compiled)

demo: .venv/installed
	$(BIN)/python scripts/run_benchmark.py --config=configs/demo.py --workdir=$(WORKDIR)

lint: .venv/installed-tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: .venv/installed-tests lint
	$(BIN)/pytest -n 2 --dist loadfile --durations=20

# Every warning is an error. Pages of the API are made anew: modules come and go.
docs: .venv/installed-tests
	rm -rf build/docs docs/api
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs build/docs
	@echo build/docs/index.html

# What documents show of recorded results and of the methods' settings; tests check it.
tables: .venv/installed-tests
	$(BIN)/python benchmarks/results_tables.py
	$(BIN)/python docs/write_reference.py

# Measures the GPU or TPU of this machine, at most 8 minutes a call; goes on where the
# call before stopped. Runs in an environment of yours: PYTHON=..., see BUILD.md.
bench-accelerator:
	PYTHONPATH=. $(PYTHON) benchmarks/accelerator.py --budget_s=480

# Pins anew what setup.py allows; keeps every version that still fits.
lock:
	$(LOCK) --extra pipeline -o requirements.txt
	$(LOCK) --extra all --extra tests --extra docs -c requirements.txt \
		-o requirements-tests.txt
