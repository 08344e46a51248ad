# Two commands need nothing but python3 (3.11 or newer), pip, make and git:
#   make demo    the sample study in napari; without a display, pictures and files in demo/
#   make test    the tests
# The others are for developers: check, oracles, pictures, bench, clean.

VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench

.PHONY: demo test check oracles pictures bench clean

demo: $(VENV)/ready
	@sh scripts/run-demo $(BIN)/napari-consensus demo

test: $(VENV)/ready
	@sh scripts/run-tests $(BIN)/python

check: $(VENV)/ready-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/npe2 validate src/napari_consensus/napari.yaml

# The other programs that tests compare with are large; without them frozen numbers do.
oracles: $(VENV)/ready-oracles
	$(BIN)/python -m pytest tests/agreement tests/evaluation tests/fusion tests/pairing

pictures: $(VENV)/ready
	@sh scripts/with-display --virtual $(BIN)/python scripts/pictures.py docs/pictures

bench: $(BENCH)/ready
	$(BENCH)/bin/python -m benchmarks docs/performance.md

clean:
	rm -rf $(VENV) $(BENCH) demo build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# Set up once; again only when what is to be installed changes.
$(VENV)/ready: pyproject.toml scripts/environment
	@sh scripts/environment --screen $(VENV) -e '.[test-napari]'
	@touch $@

$(VENV)/ready-oracles: $(VENV)/ready
	@sh scripts/environment $(VENV) -e '.[oracles]'
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready
	@sh scripts/environment $(VENV) -e '.[dev]'
	@touch $@

$(BENCH)/ready: pyproject.toml benchmarks/requirements.txt scripts/environment
	@sh scripts/environment --screen $(BENCH) -e '.[all]' -r benchmarks/requirements.txt
	@touch $@
