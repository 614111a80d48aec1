# What each target promises is on the contract page; README.md shows the five that a user needs.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export QUIRE_CACHE ?= $(HOME)/.cache/quire
# 3: the RabbitMQ of this machine's own packages; 4: 4.3 or newer, in a tree of its own.
export RABBITMQ ?= 3
# Settings of the caller's own shell must not reach a private world.
DEV := deploy/dev

.PHONY: help build tools demo test test-broker up down check audit bench corpora memory soak figures schemas

help:
	@grep -E '^## ' $(MAKEFILE_LIST) | sed 's/^## //'

build:
	cargo build --workspace --all-targets --locked

tools:
	cargo build --profile tools --locked -p quire-worker -p quire-producer -p quire-tests

## RABBITMQ=4 with demo, test, test-broker, up, soak or figures: RabbitMQ 4.3 or newer instead of this machine's
## make demo      install what is missing, run real documents through broker, worker and storage
demo: build
	$(DEV)/demo.sh

## make test      the same preparation, then every test
test: build
	$(DEV)/with-servers.sh $(DEV)/test.sh

## make test-broker  only the tests that another broker could change
test-broker: build
	$(DEV)/with-servers.sh $(DEV)/test.sh --broker

## make up        leave the private broker and object store running; writes .dev/env (WORKER=1: a worker too)
up:
	if [ -n "$(WORKER)" ]; then cargo build --locked -p quire-worker; $(DEV)/up.sh --with-worker; else $(DEV)/up.sh; fi

## make down      stop them
down:
	$(DEV)/down.sh

## make check     format, lints, docs, bans, licences, sources, schema drift, deployment files
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	cargo test --workspace --doc --locked --quiet
	$(DEV)/deny.sh check bans licenses sources
	cargo test --locked --quiet -p quire-schemas --test contract
	cargo run --locked --quiet -p quire-worker -- config reference | diff - docs/configuration.md
	python3 tests/samples/generate.py --check
	$(DEV)/check-deploy.sh

## make audit     adds the advisory database, where it can be reached
audit: check
	$(DEV)/deny.sh check advisories

## make schemas   write schemas/json and docs/configuration.md anew
schemas:
	cargo run --locked --quiet -p quire-schemas --example generate
	cargo run --locked --quiet -p quire-worker -- config reference > docs/configuration.md

## make bench     ratios against other tools, side by side in one run (CORPORA=DIR for real documents)
bench:
	cargo build --release --locked -p quire-worker
	$(DEV)/bench.sh $(if $(CORPORA),--corpora $(CORPORA)) $(BENCH)

## make corpora   DIR=…: a folder of PDFs through the worker, against its ground truth
corpora: build
	$(DEV)/with-servers.sh target/debug/corpora $(abspath $(DIR))

## make memory    resident memory of an optimised worker over JOBS jobs (default 1000), sixteen in flight
memory: tools
	$(DEV)/with-servers.sh target/tools/memory $(or $(JOBS),1000)

## make soak      MINUTES=… of jobs while parts of the system are killed and cut off (JOBS=, KILLS=, SEED=), then an audit (FAULTS=kills: no other fault)
soak: tools
	$(DEV)/with-servers.sh target/tools/soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) $(if $(FAULTS),--faults $(FAULTS))

## make figures   the reliability figures, measured here
figures: tools
	$(DEV)/with-servers.sh target/tools/figures
