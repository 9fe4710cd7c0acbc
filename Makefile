# Everything runs in .venv, which the first target that needs it makes. Needs python3 >= 3.11, make
# and a package index. `make run REPO=path` builds the graph of that repository (default: this one).

PYTHON ?= python3
REPO ?= .
WORKERS ?= 2

BIN := .venv/bin
STAMPS := .venv/.stamps
SOURCES := pyproject.toml requirements.lock $(wildcard plugins/*/pyproject.toml)
PLUGINS := $(addprefix -e ./,$(wildcard plugins/*))
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock
GRAPH := $(REPO)/.codeanatomy
MOST_CALLED := SELECT callee.qualified_name FROM cpg_edges AS edge \
	JOIN cpg_nodes AS callee ON callee.node_id = edge.dst \
	WHERE edge.kind = 'CALL' AND callee.kind = 'METHOD' AND NOT callee.external \
	GROUP BY callee.qualified_name ORDER BY count(*) DESC, callee.qualified_name LIMIT 1

.DEFAULT_GOAL := help
.PHONY: help run test test-slow check golden bench docs clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

run: $(STAMPS)/core ## build the graph of REPO (default: this repository) and ask it two questions
	$(BIN)/codeanatomy build "$(REPO)"
	@rows=$$($(BIN)/codeanatomy query --graph "$(GRAPH)" --format csv "$(MOST_CALLED)" 2>/dev/null) || exit 1; \
	name=$$(echo "$$rows" | sed -n 2p); \
	[ -z "$$name" ] || { echo && echo "\$$ codeanatomy callers $$name --limit 8 --graph $(GRAPH)" && \
	$(BIN)/codeanatomy callers "$$name" --limit 8 --graph "$(GRAPH)"; }
	@echo && echo "\$$ codeanatomy show kinds --graph $(GRAPH)"
	@$(BIN)/codeanatomy show kinds --graph "$(GRAPH)"

test: $(STAMPS)/test ## the fast tier of the tests, at most 5 minutes
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS)

test-slow: $(STAMPS)/test ## real repositories and long properties
	$(BIN)/python -m pytest -m slow -n $(WORKERS)

check: $(STAMPS)/dev ## format, lint, types, and the house's own tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) tests/house

golden: $(STAMPS)/test ## rewrite the expected output of what is printed; read the difference
	CODEANATOMY_GOLDEN=1 $(BIN)/python -m pytest -m "not slow"

bench: $(STAMPS)/core ## the bars, on Django's source distribution (fetched)
	$(BIN)/python bench/run.py

docs: $(STAMPS)/core ## rewrite docs/reference from the declarations
	$(BIN)/python docs/generate.py

clean: ## remove what these targets made
	rm -rf .venv .codeanatomy .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/.corpora

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "codeanatomy needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

$(STAMPS):
	mkdir -p $(STAMPS)

# one stamp per set of packages; a change of the declared or pinned versions installs again
$(STAMPS)/core: $(SOURCES) | .venv/bin/python $(STAMPS)
	$(INSTALL) -e . $(PLUGINS)
	@touch $@

$(STAMPS)/test: $(SOURCES) | .venv/bin/python $(STAMPS)
	$(INSTALL) -e ".[test]" $(PLUGINS)
	@touch $@ $(STAMPS)/core

$(STAMPS)/dev: $(SOURCES) | .venv/bin/python $(STAMPS)
	$(INSTALL) -e ".[dev]" $(PLUGINS)
	@touch $@ $(STAMPS)/core $(STAMPS)/test
