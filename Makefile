# make app   sets everything up and runs the app
# make test  sets everything up (browser included) and runs all tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

.PHONY: app test lint types bench clean browser

app: $(VENV)/app.stamp
	$(BIN)/python app.py

test: $(VENV)/dev.stamp browser
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(VENV)/dev.stamp browser
	$(BIN)/python -m benchmarks.live

# the browser that the page is tested in: Debian's chromium unless one is there (or CHROMIUM names one)
browser:
ifeq ($(CHROMIUM),)
	@echo "installing chromium for the browser tests"
	@if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium; \
	else sudo apt-get update -qq && sudo apt-get install -y -qq chromium; fi
endif

$(VENV)/app.stamp: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/dev.stamp: requirements.txt requirements-hub.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	touch $(VENV)/app.stamp $@

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
