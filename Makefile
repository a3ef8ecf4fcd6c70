# Builds, runs and tests Paravane. `make` alone lists what there is. Debian packages that a target needs and does not find
# are installed through apt-get, by name and saying so (Tests/Guests/need).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The machine of `make run`: `e500`, or `e500-hv`, whose devices are all hypercalls.
MACHINE ?= e500
# Its Linux guest: `patched` patches itself through the magic page, `unmodified` is Debian's source as it is. Only the
# latter is built for e500-hv.
KERNEL ?= $(if $(filter e500-hv,$(MACHINE)),unmodified,patched)
# Further arguments of `paravane run`, as in ARGS="--cpus 2".
ARGS ?=
# Further arguments of `swift test`, as in TESTS="--filter DeviceTreeTests".
TESTS ?=
# Further arguments of `paravane-fuzz`, as in FUZZ="--target code --seed 7".
FUZZ ?=
# Rounds of `make bench` and `make compare-kvm-pr`, and which benchmarks, as in BENCH=boot,integer; further arguments, as in BENCH_ARGS="--json f".
RUNS ?= 5
BENCH ?=
BENCH_ARGS ?=
# What `make check-kvm-pr` runs: `all`, or `bare` without the Linux guests, whose boots take long there.
KVM_PR_CHECKS ?= all
# Further arguments of `paravane matrix run`, as in MATRIX="--arch s390x --results r".
MATRIX ?=
# How often `make soak` boots each, and for how many seconds of the guest its last guests work.
BOOTS ?= 20
SECONDS_OF_STRESS ?= 60

guests := Tests/Guests
scripts := .ci/run $(wildcard .ci/embedded) Tests/Soak/soak.sh Tests/Soak/tsan.sh $(guests)/lib.sh $(guests)/need \
    $(guests)/linux/build $(guests)/userland/power $(guests)/userland/build $(guests)/userland/init $(guests)/baremetal/build \
    $(guests)/conformance/build $(addprefix $(guests)/kvm-x86-host/,host kernel linux run) \
    $(guests)/devicetrees/build \
    .ci/modules Sources/paravane-ppc64le/build Sources/paravane-ppc64le/libraries $(guests)/selfcheck/build \
    $(guests)/book3s/build $(guests)/matrix/build Tests/Matrix/check-reports Tests/Matrix/slurm/check Tests/Matrix/slurm/shard \
    $(guests)/debian/build $(addprefix $(guests)/kvm-pr-host/,kernel build check qemu compare)
# The command that people run: without what a debugger or a test needs. Its build lies beside the one of the tests, for the
# two have other options and would undo each other. Colours are an option of the compiler as well: without a fixed choice
# everything is built anew when the output goes to a terminal and last time did not.
release := -c release --scratch-path .build-release --omit-frame-pointers --static-swift-stdlib --no-color-diagnostics

.PHONY: help build run test guests kernels userland ppc64le check-ppc64le kvm-pr-host check-kvm-pr compare-kvm-pr matrix-programs matrix-guests matrix check-matrix bench soak tsan fuzz format lint embedded clean clean-cache

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile
	@printf '\n%s\n%s\n%s\n' '  make run MACHINE=e500|e500-hv|pseries KERNEL=unmodified|patched ARGS="..."   make test TESTS="..."' \
	    '  make bench BENCH="..." RUNS=n BENCH_ARGS="..."   make soak BOOTS=n SECONDS_OF_STRESS=n' \
	    '  make fuzz FUZZ="..."   make matrix MATRIX="..."'

build: ## Build the command
	@$(guests)/need run
	@echo 'paravane: building the command' >&2
	@swift build $(release) --product paravane >&2

run: build ## Start a Linux guest with a shell on this terminal; builds or fetches what is missing
ifeq ($(MACHINE),pseries)
	@debian=$$($(guests)/debian/build); \
	    exec .build-release/release/paravane run --machine pseries --kernel "$$debian/vmlinux" \
	    --initrd "$$debian/initramfs.cpio.gz" --memory 512M --append console=hvc0 $(ARGS)
else
	@kernels=$$($(guests)/linux/build $(MACHINE)); userland=$$($(guests)/userland/build); \
	    exec .build-release/release/paravane run --machine $(MACHINE) --kernel "$$kernels/$(KERNEL)/uImage" \
	    --initrd "$$userland/initramfs.cpio.gz" --append console=$(if $(filter e500-hv,$(MACHINE)),ttyEHV0,ttyS0) $(ARGS)
endif

test: ## Run all tests; builds the guests and kernels that they boot
	@$(guests)/need test
	@programs=$$($(guests)/baremetal/build); userland=$$($(guests)/userland/build); kernels=$$($(guests)/linux/build); \
	    trees=$$($(guests)/devicetrees/build); export PARAVANE_DEVICE_TREES="$$trees"; \
	    hv_kernels=$$($(guests)/linux/build e500-hv); \
	    export PARAVANE_CONFORMANCE="$$($(guests)/conformance/build)"; \
	    $(guests)/kvm-x86-host/kernel >/dev/null; \
	    export PARAVANE_GUESTS="$$programs" PARAVANE_INITRD="$$userland/initramfs.cpio.gz"; \
	    export PARAVANE_KERNEL_UNMODIFIED="$$kernels/unmodified/uImage"; \
	    export PARAVANE_KERNEL_PATCHED="$$kernels/patched/uImage"; \
	    export PARAVANE_KERNEL_HV="$$hv_kernels/unmodified/uImage"; \
	    export PARAVANE_DEBIAN="$$($(guests)/debian/build)"; \
	    export PARAVANE_SELFCHECK="$$($(guests)/selfcheck/build)"; \
	    exec swift test -c release $(TESTS)

guests: ## Build the bare-metal guests, and print where they are
	@$(guests)/baremetal/build
	@$(guests)/conformance/build

kernels: ## Build the Linux guests, and print where they are
	@$(guests)/linux/build
	@$(guests)/linux/build e500-hv

userland: ## Build the initramfs of the Linux guests, and print where it is
	@$(guests)/userland/build

ppc64le: ## Build paravane-ppc64le, one static file for KVM-PR hosts, into .build-ppc64le
	@Sources/paravane-ppc64le/build .build-ppc64le

check-ppc64le: ppc64le ## Let paravane-ppc64le check itself under qemu-ppc64le
	@files=$$($(guests)/selfcheck/build); exec qemu-ppc64le .build-ppc64le/paravane-ppc64le check "$$files"

kvm-pr-host: ppc64le ## Build a KVM-PR host that boots in QEMU, and print where it is
	@$(guests)/kvm-pr-host/build .build-ppc64le/paravane-ppc64le

check-kvm-pr: build ppc64le ## Run guests under KVM-PR, in the host that boots in QEMU
	@host=$$($(guests)/kvm-pr-host/build .build-ppc64le/paravane-ppc64le); \
	    exec $(guests)/kvm-pr-host/check "$$host" .build-release/release/paravane $(KVM_PR_CHECKS)

compare-kvm-pr: build ppc64le ## Boot Debian's kernel under KVM-PR by paravane-ppc64le and by QEMU in turn, and compare (minutes)
	@host=$$($(guests)/kvm-pr-host/build .build-ppc64le/paravane-ppc64le); \
	    exec $(guests)/kvm-pr-host/compare "$$host" .build-release/release/paravane $(RUNS) $(ARGS)

matrix-programs: build ## Build the programs that the test matrix runs, into .build-release
	@$(guests)/need run matrix
	@for product in paravane-unicorn paravane-kvm-x86; do swift build $(release) --product $$product >&2; done

matrix-guests: ppc64le ## Build the guests that the test matrix runs, and print where they are
	@$(guests)/matrix/build .build-ppc64le/paravane-ppc64le

matrix: matrix-programs ppc64le ## Run the test matrix: guests of every architecture on every engine; reports go to matrix-results
	@guests=$$($(guests)/matrix/build .build-ppc64le/paravane-ppc64le); \
	    exec .build-release/release/paravane matrix run --guests "$$guests" $(MATRIX)

check-matrix: matrix-programs ppc64le ## Check the matrix's reports, in a browser as well, and its shards on a cluster of Slurm
	@$(guests)/need matrix-report slurm
	@guests=$$($(guests)/matrix/build .build-ppc64le/paravane-ppc64le); \
	    Tests/Matrix/check-reports .build-release/release/paravane "$$guests"; \
	    Tests/Matrix/slurm/check .build-release/release/paravane "$$guests"

bench: build ## Run the same guests on QEMU and on Paravane in turn, and compare
	@$(guests)/need bench
	@swift build $(release) --product paravane-bench >&2
	@programs=$$($(guests)/baremetal/build); userland=$$($(guests)/userland/build); kernels=$$($(guests)/linux/build); \
	    exec python3 -B Tests/Bench/bench.py --rounds "$(RUNS)" --only "$(BENCH)" --guests "$$programs" \
	    --kernels "$$kernels" --initrd "$$userland/initramfs.cpio.gz" --trees dts \
	    --paravane .build-release/release/paravane --probe .build-release/release/paravane-bench $(BENCH_ARGS)

soak: build ## Boot Linux many times with 1 to 8 vCPUs and both clocks, then stress four vCPUs (a quarter of an hour)
	@kernels=$$($(guests)/linux/build); userland=$$($(guests)/userland/build); \
	    exec Tests/Soak/soak.sh .build-release/release/paravane "$$kernels/unmodified/uImage" \
	    "$$userland/initramfs.cpio.gz" $(BOOTS) $(SECONDS_OF_STRESS)

# Swift 6.3's sanitizer breaks on `|=` and its like through a subscript with a nonmutating setter ("Invalid bitcast").
tsan: ## Run guests with several vCPUs under the thread sanitizer (minutes)
	@$(guests)/need run
	@swift build -c release --sanitize=thread -Xcc -DHOST_THREAD_SANITIZER --scratch-path .build-tsan \
	    --no-color-diagnostics --product paravane >&2
	@programs=$$($(guests)/baremetal/build); userland=$$($(guests)/userland/build); kernels=$$($(guests)/linux/build); \
	    debian=$$($(guests)/debian/build); \
	    exec Tests/Soak/tsan.sh .build-tsan/release/paravane "$$programs" "$$kernels/unmodified/uImage" \
	    "$$userland/initramfs.cpio.gz" "$$debian"

fuzz: ## Feed random input to everything that a guest or a file controls (minutes)
	@$(guests)/need run
	@swift build -c release --product paravane-fuzz >&2
	@.build/release/paravane-fuzz $(FUZZ)

format: ## Format the Swift sources
	@swift format -i -r -p Sources Tests Package.swift

lint: ## Check the format of the Swift sources and the shell scripts
	@$(guests)/need lint
	@swift format lint --strict -r -p Sources Tests Package.swift
	@shellcheck -x $(scripts)

embedded: ## Compile the portable core in Embedded Swift
	@$(guests)/need embedded
	@.ci/embedded

clean: ## Remove what was built in this directory
	@rm -rf .build .build-release .build-tsan .build-ppc64le

clean-cache: ## Remove built guests and kernels from the cache
	@rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/paravane"
