# make app   sets everything up and runs the app
# make test  sets everything up (browser included) and runs all tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --silent# node comes into the environment as a wheel
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
FIREFOX ?= $(shell command -v firefox-esr || command -v firefox)

.PHONY: app test lint types bench clean clean-cache browser

app: $(VENV)/app.stamp
	$(BIN)/python app.py

test: $(VENV)/dev.stamp browser
	$(NPM) test
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(VENV)/dev.stamp node_modules/.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(NPM) run lint

types: $(VENV)/dev.stamp node_modules/.stamp
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(NPM) run types

bench: $(VENV)/dev.stamp browser
	$(BIN)/python -m benchmarks.live

# the browsers that the page is tested in: Debian's chromium and firefox-esr unless they are there (or CHROMIUM and FIREFOX name them)
BROWSERS := $(if $(CHROMIUM),,chromium) $(if $(FIREFOX),,firefox-esr)
browser:
ifneq ($(strip $(BROWSERS)),)
	@echo "installing for the browser tests: $(strip $(BROWSERS))"
	@if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq $(BROWSERS); \
	else sudo apt-get update -qq && sudo apt-get install -y -qq $(BROWSERS); fi
endif

# what checks the page's scripts; the page itself is served as it is
node_modules/.stamp: package.json package-lock.json $(VENV)/dev.stamp
	$(NPM) ci --no-audit --no-fund
	touch $@

$(VENV)/app.stamp: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/dev.stamp: requirements.txt requirements-hub.txt requirements-mcp.txt requirements-ray.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	touch $(VENV)/app.stamp $@

clean:
	rm -rf $(VENV) node_modules .pytest_cache .ruff_cache .hypothesis

# numbers of sweeps' cells that are kept on disk (PLAYGROUND_CACHE, or ~/.cache/diffusion-playground)
clean-cache: $(VENV)/app.stamp
	$(BIN)/python -m playground.sweeps clean
