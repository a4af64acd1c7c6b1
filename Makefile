# Everything one does with Sluice. `make` alone lists the targets.
#
#   PORT=…    the front door's port for `make run` (8080; 0: any free one)
#   STATE=…   the folder of a running stack (.run)
#   FILTER=…  only the tests whose name matches, for `make test`
#   SECONDS=… how long `make fuzz` fuzzes each target (600); FUZZ=… only the one of this name

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

SWIFT ?= swift
PYTHON ?= python3
# Every import must be a dependency that the manifest names.
# Colours are another flag for every file: a build whose output is a pipe and one in a terminal would each undo the other.
STRICT := --explicit-target-dependency-import-check error --no-color-diagnostics
# The build for the thread sanitizer; what the object file is for, says its source.
THREAD := --sanitize=thread --scratch-path .build-tsan -Xlinker $(CURDIR)/.build-tsan/mutex/mutex.o
SOURCES := $(wildcard Package.swift Sources Tests)
SCRIPTS := Tests/run-all Tests/Fuzz/run $(addprefix Tests/ThreadSanitizer/,prove run) Tests/Bench/adapter compose/local/stack compose/local/with-servers compose/local/packages $(wildcard compose/container/*) .ci/run

.PHONY: help packages build run test test-thread fuzz format lint bench bench-parser prove-queue prove-intake prove-sign-in check-pages \
	check-browser clean

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

packages: ## installs the Debian packages that are missing
	@compose/local/packages

build: packages ## builds the three programs: Web, Worker, sluice
	$(SWIFT) build -c release $(STRICT)

run: build ## starts everything on loopback; Ctrl-C ends it
	@exec env SLUICE_DEMO=1 compose/local/stack run

test: packages ## runs every test, beside servers of its own
	$(SWIFT) build -c release --build-tests $(STRICT)
	python3 -B Tests/Stack/test_stack.py
	compose/local/with-servers python3 -B Tests/Stack/test_front_door.py
	SLUICE_TEST_BIN=$$($(SWIFT) build -c release --show-bin-path) \
		compose/local/with-servers $(if $(FILTER),$(SWIFT) test -c release --skip-build --filter '$(FILTER)',Tests/run-all -c release)
	$(if $(FILTER),,SLUICE=$$($(SWIFT) build -c release --show-bin-path)/sluice python3 -B Tests/Bench/queue_faults.py --ci)
	$(if $(FILTER),,python3 -B Tests/Bench/intake/memory.py --uploads 128 --size 8 --large 256)
	$(if $(FILTER),,python3 -B Tests/Bench/intake/idle.py --connections 1000)

test-thread: packages ## runs the tests under the thread sanitizer; fails on any report
	Tests/ThreadSanitizer/prove .build-tsan/mutex
	$(SWIFT) build $(THREAD) --build-tests
	SLUICE_TEST_BIN=$$($(SWIFT) build $(THREAD) --show-bin-path) SLUICE_TEST_PATIENCE=10 \
		TARGETS='$(or $(TARGETS),$(filter-out EndToEnd,$(notdir $(wildcard Tests/*Tests))))' \
		compose/local/with-servers Tests/ThreadSanitizer/run Tests/run-all $(THREAD)

fuzz: packages ## fuzzes everything that reads bytes of others; an hour
	Tests/Fuzz/run $(or $(SECONDS),600) $(FUZZ)

format: ## formats the Swift sources
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

lint: ## checks formatting, imports, house rules and scripts
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)
	python3 Tests/Lint/selftest.py
	python3 Tests/Lint/imports.py
	python3 Tests/Lint/rules.py
	python3 Tests/Lint/standards.py
	python3 -B Tests/Pages/check_contrast.py | tail -n 1
	@if command -v shellcheck >/dev/null; then echo shellcheck; shellcheck -x -a $(SCRIPTS); else echo "no shellcheck here: scripts are not checked"; fi

bench: build ## measures speed and memory on this machine
	@Tests/Bench/run

bench-parser: ## measures how fast forms are taken apart, ordinary ones and those made to be slow
	@SLUICE_PARSERS=bench $(SWIFT) build -c release --scratch-path .build-bench --product ParseBench 2>&1 | grep -v -E '^    /|unhandled'
	@.build-bench/release/ParseBench

prove-queue: build ## proves the queue at full size: faults, kills, costs, fairness; six minutes
	python3 -B Tests/Bench/queue_faults.py
	python3 -B Tests/Bench/queue_kills.py
	python3 -B Tests/Bench/queue_costs.py
	$(SWIFT) build -c release --build-tests $(STRICT)
	SLUICE_TEST_FLOOD=1000000 compose/local/with-servers $(SWIFT) test -c release --skip-build --filter FairnessTests

prove-intake: build ## proves intake at full size: memory, idle connections, parallel uploads, quotas; half an hour, 40 GB of disk
	Tests/Bench/intake/memory.py
	Tests/Bench/intake/idle.py
	Tests/Bench/intake/parallel.py
	Tests/Bench/intake/quota.py

check-browser: build ## walks through the real system in Chromium; pictures of each step in .build/screens; two minutes
	@compose/local/packages --browser
	SLUICE_TEST_BIN=$$($(SWIFT) build -c release --show-bin-path) compose/local/with-servers Tests/Browser/check.py

prove-sign-in: build ## proves signing in under attack, by the clock, and with mail or worker away; ten minutes
	python3 -B Tests/Bench/sign_in.py

check-pages: ## checks the pages with sample data in Chromium; what that needs, says Sources/Web/Pages/CONTEXT.md
	$(PYTHON) -B Tests/Pages/check_pages.py
	$(PYTHON) -B Tests/Pages/check_behaviour.py

clean: ## ends the stack, and removes what was built and .run
	@compose/local/stack down
	rm -rf .build .build-tsan .build-fuzz .build-bench
	@if [ -L .run ]; then rm -rf "$$(realpath .run)"; fi
	rm -rf .run
