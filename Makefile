# The commands of Penstock. CMake builds; this file is the list of what a person types.
SHELL := /bin/bash
.DEFAULT_GOAL := build
JOBS ?= $(shell nproc)
VENV = $(shell tools/venv)

.PHONY: help
help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: deps
deps: ## install what the build and the tests need (Debian 12, Debian 13, Ubuntu 24.04)
	@tools/deps

.PHONY: build
build: deps ## build the programs, into build/release
	@tools/build release

.PHONY: check
check: deps ## before every commit: format, clang-tidy, unit tests
	@tools/format --check
	@tools/build debug
	@tools/tidy build/debug
	@ctest --preset debug -j$(JOBS)

.PHONY: format
format: ## format the C++ sources in place
	@tools/format

.PHONY: unit
unit: deps ## the unit tests, plain and under the sanitizers
	@tools/unit

.PHONY: testbed
testbed: deps ## build the Kubernetes, Kafka, KEDA and images of the end-to-end tests
	@e2e/testbed/build

.PHONY: e2e
e2e: build testbed ## the end-to-end tests on a real control plane, node, Kafka and KEDA
	@$(VENV)/bin/python -m pytest e2e $(PYTEST_ARGS)

.PHONY: test
test: deps ## everything: format, unit tests, sanitizers, clang-tidy, end-to-end
	@tools/test

.PHONY: demo
demo: deps ## boot a Kubernetes, run Penstock on it, drive a load wave and show it
	@tools/demo

.PHONY: demo-helm
demo-helm: deps ## the same, with Penstock installed in pods by its Helm chart
	@tools/demo --helm

.PHONY: bench
bench: build ## the measurements of bench/, into docs/benchmarks (real and fake brokers, KEDA; some 20 minutes)
	@bench/run

.PHONY: image
image: deps ## the container image localhost/penstock:dev, with podman
	@tools/image

.PHONY: clean
clean: ## remove build/ (the caches are in ~/.cache/penstock)
	@rm -rf build demo-out
