# Locus needs Python 3.11 or newer, git and make; vsix, test-agents and test-editors also need Node.js 20 with npm.
# `make` alone lists what can be made.

PYTHON ?= python3
JOBS ?= auto
TRACKER ?= local
AGENT ?= script
ARGS ?=

VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := $(BIN)/python
BUILT := $(VENV)/built-for
EXTENSION := vscode-extension
MODULES := $(EXTENSION)/node_modules/.package-lock.json
AGENTS := tests/agents/node_modules/.package-lock.json
EXAMPLES := tests/agents/.cache/fetched

.DEFAULT_GOAL := help
.PHONY: help env demo test check bench vsix check-extension test-agents test-editors clean

help:
	@echo "make demo     see Locus at work in a throw-away repository (no account, no editor needed)"
	@echo "              TRACKER=github: the same with its tasks on a GitHub on this machine, through the real gh"
	@echo "              AGENT=claude: the same with the real Claude Code at work; without a key its model is a script"
	@echo "make test     the environment, then all tests"
	@echo "make check    types, lint, formatting, import contracts"
	@echo "make bench    measure against the budgets in docs/benchmarks.md (ARGS=--quick for a short look)"
	@echo "make vsix     the VS Code extension as a package to install (needs Node.js)"
	@echo "make test-agents    the tests with the real Claude Code, Codex and Gemini CLI, against scripted models (needs Node.js)"
	@echo "make test-editors   the tests in a real VS Code (needs Node.js and Chromium)"
	@echo "make env      only the environment, in $(VENV)"
	@echo "make clean    remove what was made"
	@echo
	@echo "PYTHON=python3.12 chooses the interpreter, JOBS=4 how many tests run at once, ARGS='-k sprint' goes to the program that is run."

# The environment is made again when pyproject.toml changes, and from nothing when the checkout has moved: a venv knows its own place.
ifneq ($(CURDIR),$(shell cat $(BUILT) 2>/dev/null))
.PHONY: $(BUILT)
endif

env: $(BUILT)
	@echo "$(VENV) is ready."

$(BUILT): pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "There is no $(PYTHON) on PATH. Locus needs Python 3.11 or newer: install it, or name it, as in: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) --version 2>&1); Locus needs Python 3.11 or newer. Name another one, as in: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  echo "$(PYTHON) cannot make virtual environments: its venv and ensurepip modules are packaged apart. Install them:"; \
	  echo "  Debian, Ubuntu:  sudo apt install python$$version-venv"; \
	  echo "  openSUSE:        sudo zypper install python$$(echo $$version | tr -d .)-base"; \
	  echo "Without root, name a Python that has them, as in: make $(MAKECMDGOALS) PYTHON=/opt/python/bin/python3"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) (half a minute the first time) ..."
	@if [ -s $(BUILT) ] && [ "$$(cat $(BUILT))" != "$(CURDIR)" ] || ! $(PY) -c '' 2>/dev/null; then rm -rf $(VENV); $(PYTHON) -m venv $(VENV); fi
	@$(PY) -m pip install --disable-pip-version-check --no-input -e '.[dev]' >$(VENV)/pip.log 2>&1 </dev/null || { \
	  cat $(VENV)/pip.log; echo "pip could not install what Locus needs; its words are above."; exit 1; }
	@printf '%s\n' "$(CURDIR)" >$(BUILT)

# The real Claude Code is fetched for the demonstration where none is installed.
demo: $(BUILT) $(if $(filter claude,$(AGENT)),$(if $(shell command -v claude),,$(AGENTS)))
	@PYTHONPATH=tests $(PY) -m demo --tracker $(TRACKER) --agent $(AGENT) $(ARGS)

test: $(BUILT)
	@$(PY) -m pytest -n $(JOBS) --maxprocesses=8 -m 'not editors and not agents' $(ARGS)

check: $(BUILT)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(BIN)/lint-imports --no-cache

bench: $(BUILT)
	@PYTHONPATH=tests $(PY) -m benchmarks $(ARGS)

$(MODULES): $(EXTENSION)/package.json $(EXTENSION)/package-lock.json
	@command -v npm >/dev/null 2>&1 || { echo "There is no npm on PATH; install Node.js 20 or newer (Debian, Ubuntu: sudo apt install nodejs npm)."; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "node is $$(node --version); the extension is built with Node.js 20 or newer."; exit 1; }
	@cd $(EXTENSION) && npm ci --no-fund --no-audit --loglevel=error </dev/null >/dev/null
	@touch $(MODULES)

vsix: $(MODULES)
	@cd $(EXTENSION) && rm -f dist/*.vsix && said=$$(npm run --silent package </dev/null 2>&1) || { printf '%s\n' "$$said"; exit 1; }
	@echo "Made $$(ls $(EXTENSION)/dist/*.vsix). Install it with: code --install-extension $$(ls $(EXTENSION)/dist/*.vsix)"

check-extension: $(MODULES)
	@cd $(EXTENSION) && npm run --silent check </dev/null

$(AGENTS): tests/agents/package.json tests/agents/package-lock.json
	@command -v npm >/dev/null 2>&1 || { echo "There is no npm on PATH; install Node.js 20 or newer (Debian, Ubuntu: sudo apt install nodejs npm)."; exit 1; }
	@echo "Fetching the agents that are tested with (Claude Code, Codex, Gemini CLI) into tests/agents/node_modules ..."
	@cd tests/agents && npm ci --loglevel=error </dev/null >/dev/null
	@touch $(AGENTS)

$(EXAMPLES): $(BUILT) tests/agents/requirements.txt
	@rm -rf tests/agents/.cache
	@$(PY) -m pip download --quiet --disable-pip-version-check --no-deps --no-binary=:all: -r tests/agents/requirements.txt --dest tests/agents/.cache </dev/null
	@touch $(EXAMPLES)

test-agents: $(BUILT) $(AGENTS) $(EXAMPLES)
	@$(PY) -m pytest -n $(JOBS) --maxprocesses=2 -m agents $(ARGS)

test-editors: $(BUILT) vsix
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input -r tests/editors/requirements.txt </dev/null
	@$(PY) tests/editors/install.py
	@$(PY) -m pytest -m editors $(ARGS)

clean:
	@rm -rf $(VENV) .demo dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/editors/.cache tests/agents/node_modules tests/agents/.cache $(EXTENSION)/dist $(EXTENSION)/node_modules
	@find server tests -name __pycache__ -type d -prune -exec rm -rf {} +
