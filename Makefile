# Every recipe sets up what it needs; stamps make the second time quick, caches make it work without a network.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

LAKE := .venv/lake
PYTHON := $(LAKE)/bin/python
KERNEL_SOURCES := $(shell find cpp_udfs -type f \( -name '*.hpp' -o -name '*.cpp' -o -name 'CMakeLists.txt' \) 2>/dev/null)
COMPOSE := CODE_COMMIT=$$(git rev-parse HEAD) docker compose --project-name tayho --env-file docker/.env -f docker/compose.yml -f docker/compose.$(or $(PROFILE),dev).yml
DRILLS_parity := fold_parity stream_parity
DRILLS_kill := kill
DRILLS_upgrade := upgrade
DRILLS_paced := paced_real paced_book
DRILLS_slowdown := slowdown
DRILLS_garbage := garbage
# The whole suite runs in two processes, measures coverage and holds the floors of pyproject.toml; a part of it (TESTS=)
# does neither.
WHOLE_SUITE := --numprocesses=2 --dist=loadfile --no-loadscope-reorder \
	--cov --cov-report=term:skip-covered --cov-report=json:build/tests/coverage.json --junitxml=build/tests/results.xml

.PHONY: help run test check bench drill docs notebooks up down clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(LAKE)/spark.jsa ## trade a simulated session end to end; DATA=<folder> carries real files
	@$(LAKE)/bin/tayho run $(if $(DATA),--data "$(DATA)")

test: $(LAKE)/spark.jsa .venv/airflow/.synced ## run all tests with coverage; TESTS=<path> or ARGS=<pytest options> for less
	@mkdir -p build/tests
	@$(PYTHON) -m pytest $(if $(TESTS),$(TESTS),$(WHOLE_SUITE)) $(ARGS) && ended=0 || ended=$$?; $(PYTHON) setup/quality_page.py; exit $$ended

check: $(LAKE)/.package ## format, lint, types, import contract, security, secrets
	@$(PYTHON) setup/check.py

bench: $(LAKE)/spark.jsa ## run every benchmark, one after another, and hold them against bench/baseline.json
	@rm -f build/bench.jsonl
	@for file in bench/*.py; do echo "== $$file"; $(PYTHON) "$$file"; done
	@$(PYTHON) setup/quality_page.py && echo "build/quality.html holds tests, coverage and benchmarks"
	@$(PYTHON) setup/bench_baseline.py

drill: $(LAKE)/spark.jsa ## break things on purpose: DRILL=parity, kill, upgrade, paced, slowdown or garbage
	@$(if $(DRILLS_$(DRILL)),,echo "make drill: say DRILL=parity, kill, upgrade, paced, slowdown or garbage, not '$(DRILL)'" >&2; exit 2)
	@for name in $(DRILLS_$(DRILL)); do $(PYTHON) -m "tests.drills.$$name" $(ARGS); done

docs: $(LAKE)/.package ## write the generated pages under docs/
	@$(PYTHON) docs/generate.py

notebooks: $(LAKE)/spark.jsa ## run every notebook on the lake that `make run` made
	@$(PYTHON) notebooks/run.py

up: ## start the services in containers; PROFILE=dev or PROFILE=prod
	@setup/engine.sh
	@$(COMPOSE) up --build --detach --wait

down: ## stop the containers; volumes stay
	@setup/engine.sh
	@$(COMPOSE) down

clean: ## remove what runs, tests and tools wrote; environments and jars stay
	@rm -rf build .coverage .coverage.* .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache spark-warehouse

# What the commands above stand on: environments from hashed locks, jars by their sums, the package itself.
.venv/%/.synced: locks/%.txt setup/environment.sh
	@setup/environment.sh $*
	@touch $@

jars/lake/.verified: jars/ivy.xml jars/ivysettings.xml jars/SHA256SUMS setup/jars.sh $(LAKE)/.synced
	@setup/jars.sh
	@touch $@

$(LAKE)/spark.jsa: $(LAKE)/.synced jars/lake/.verified setup/class_data.sh setup/class_data.py | $(LAKE)/.package
	@setup/class_data.sh

$(LAKE)/.package: $(LAKE)/.synced jars/lake/.verified pyproject.toml setup/package.sh conf/spark/local.conf conf/spark/log4j2.properties conf/spark/worker_path.pth $(KERNEL_SOURCES)
	@setup/package.sh
	@touch $@
