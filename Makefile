# Each target says what it does: `make help`.
PREBUILT ?= checks/prebuilt
GUESTS ?= target/guests
RUNS ?= 10
SECONDS_EACH ?= 60
MODULES ?= ../shared/hostile
VENV := target/venv
PEERS := target/peers
BENCH := target/bench
# The integration tests whose outcome depends on what the built-in modules compute.
MODULE_TESTS := alerts built_in_checks cache check_list commands config cron custom_checks cycle demand determinism doctor follow \
	heartbeat hostile limits pins suppression thirty_days

.DEFAULT_GOAL := help
.PHONY: help run test test-modules test-windows lint fuzz bench contained bench-tools toolchain checks checks-fresh guests venv peers

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Measure this machine, judge the readings, store both in data/ and print the report
	@cargo build --release --locked --package checkpost
	@target/release/checkpost run

test: guests venv peers ## Run all tests
	cargo test --workspace --locked

test-modules: guests venv ## Run the tests that judge with the built-in modules
	@# The whole workspace, so that the same features of the same dependencies are built as for `make test`.
	cargo test --workspace --locked --lib prepare
	cargo test --workspace --locked --test integration -- $(addsuffix ::,$(MODULE_TESTS))

test-windows: ## Cross-build checkpost.exe and run it under wine (takes ten minutes; not part of make test)
	@tests/windows.sh

lint: ## What CI asks of the code besides the tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

fuzz: ## Feed each fuzz target for SECONDS_EACH seconds; fails when a promise of the sandbox breaks
	@tests/fuzz/run.sh $(SECONDS_EACH)

bench: venv guests ## Measure evaluations next to processes, and whole runs, RUNS times, next to the psutil script
	@mkdir -p "$(BENCH)" && rm -rf "$(BENCH)/criterion"
	CRITERION_HOME="$(CURDIR)/$(BENCH)/criterion" cargo bench --locked --package checkpost --bench evaluation
	@$(CC) -O2 -o "$(BENCH)/meter" tests/bench/meter.c
	@echo && $(VENV)/bin/python tests/bench/machine.py && echo
	@$(VENV)/bin/python tests/bench/estimates.py "$(BENCH)/criterion"
	@# Cargo has built it for the benchmark above.
	@$(VENV)/bin/python tests/bench/whole_process.py "$(BENCH)/meter" target/release/checkpost $(RUNS)

contained: ## Run checkpost beside each module of MODULES in a small control group; fails beyond the documented limits (needs root)
	cargo build --release --locked --package checkpost
	@python3 tests/bench/contained.py target/release/checkpost "$(MODULES)"

bench-tools: ## Install the monitoring plugin in C that the benchmark compares with, where there is apt
	@tests/bench/tools.sh

toolchain: ## Make sure that there is a compiler for WebAssembly
	@checks/cargo.sh

checks: ## Build the built-in checks into checks/prebuilt, or PREBUILT
	@checks/build.sh checks "$(PREBUILT)"

checks-fresh: ## Fail when a built-in check is not the one that its sources make
	@checks/build.sh fresh "$(PREBUILT)"

guests: ## Build the checks that the tests use into target/guests, or GUESTS
	@checks/build.sh guests "$(GUESTS)"

venv: ## Install psutil and a mail server beside the build, for tests and the benchmark
	@tests/venv.sh $(VENV)

peers: ## Unpack node_exporter beside the build, for the tests that compare with it, where there is apt
	@tests/peers.sh $(PEERS)
