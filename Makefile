# `make` lists the targets; README.md explains the five that a user needs.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export QUIRE_CACHE ?= $(HOME)/.cache/quire
# 3: the RabbitMQ package of this machine; 4: RabbitMQ 4.3 or newer, in a tree of its own.
export RABBITMQ ?= 3
DEV := deploy/dev

.PHONY: help build tools demo test test-broker up down check audit bench eval corpora memory soak figures schemas

help:
	@grep -E '^## ' $(MAKEFILE_LIST) | sed 's/^## //'

build:
	cargo build --workspace --all-targets --locked

tools:
	cargo build --profile tools --locked -p quire-worker -p quire-producer -p quire-tests

## RABBITMQ=4 with demo, test, test-broker, up, soak or figures: RabbitMQ 4.3 or newer instead of this machine's package
## make demo      install what is missing, run sample documents through broker, worker and store
demo: build
	$(DEV)/demo.sh

## make test      install what is missing, run every test
test: build
	$(DEV)/with-servers.sh $(DEV)/test.sh

## make test-broker  only the tests that another broker could change
test-broker: build
	$(DEV)/with-servers.sh $(DEV)/test.sh --broker

## make up        start the private broker and object store, write .dev/env (WORKER=1: build, and start a worker too)
up: $(if $(WORKER),build)
	$(DEV)/up.sh $(if $(WORKER),--with-worker)

## make down      stop what make up has started
down:
	$(DEV)/down.sh

## make check     format, lints, docs, dependency bans and licences, schema drift, deployment files
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	cargo test --workspace --doc --locked --quiet
	$(DEV)/deny.sh check bans licenses sources
	cargo test --locked --quiet -p quire-schemas --test contract
	cargo run --locked --quiet -p quire-worker -- config reference | diff - docs/configuration.md
	python3 tests/samples/generate.py --check
	python3 tests/bench/test_measure.py
	python3 tests/eval/test_eval.py
	python3 tests/eval/documents/generate.py --check
	python3 tests/eval/structure/test_structure.py
	python3 tests/eval/structure/generate.py --check
	python3 tests/eval/icdar/test_icdar.py
	python3 tests/eval/tagged/test_tagged.py
	$(DEV)/check-deploy.sh

## make audit     make check, and the advisory database, which needs a network
audit: check
	$(DEV)/deny.sh check advisories

## make schemas   generate schemas/json and docs/configuration.md
schemas:
	cargo run --locked --quiet -p quire-schemas --example generate
	cargo run --locked --quiet -p quire-worker -- config reference > docs/configuration.md

## make bench     speed beside other tools and the cost of text, measured in one run (CORPORA=DIR for your own documents)
bench:
	cargo build --release --locked -p quire-worker
	$(DEV)/bench.sh $(if $(CORPORA),--corpora $(CORPORA)) $(BENCH)

## make eval      the local parse against documents of known text and structure (CORPORA=DIR: and its own documents)
eval:
	cargo build --release --locked -p quire-worker
	$(DEV)/eval.sh $(if $(CORPORA),--corpora $(CORPORA)) $(EVAL)

## make corpora   DIR=…: run a folder of PDFs through the worker and compare with its ground-truth.tsv
corpora: build
	$(DEV)/with-servers.sh target/debug/corpora $(abspath $(DIR))

## make memory    resident memory of an optimised worker over JOBS jobs (default 1000), sixteen in hand
memory: tools
	$(DEV)/with-servers.sh target/tools/memory $(or $(JOBS),1000)

## make soak      jobs for MINUTES=… while workers and servers are killed and cut off, then an audit (JOBS=, KILLS=, SEED=, FAULTS=kills)
soak: tools
	$(DEV)/with-servers.sh target/tools/soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) $(if $(FAULTS),--faults $(FAULTS))

## make figures   measure the figures of docs/reliability.md on this machine
figures: tools
	$(DEV)/with-servers.sh target/tools/figures
