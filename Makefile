# SPDX-License-Identifier: GPL-2.0-only
#
# The commands that people type; "make help" lists them. How each works is in lab/mk, by
# theme, and for each board in lab/boards. Kbuild has a file of its own.

MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
.DELETE_ON_ERROR:

# All that is built
OUT := build
JOBS := $(shell nproc)

# Python is Debian's, which has the libraries that Debian packages.
PYTHON := /usr/bin/python3
export PYTHONPATH := lab
export PYTHONDONTWRITEBYTECODE := 1
# Where depmod and modinfo are, which only root looks for.
export PATH := $(PATH):/usr/sbin:/sbin

help: ## list the commands
	@echo "smallbms: battery management for LiFePO4 banks, a Linux driver"
	@awk -F ':.*## ' '/^## / { print "\n" substr($$0, 4) } \
		/^[a-z_-]*:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Commands install the Debian packages that they need (with sudo when not root), and keep all"
	@echo "else under $(OUT)/. Those that build a kernel take KERNEL=6.1, newest or another; KUnit"
	@echo "needs 6.12."

## See it work

demo: ## build all, then show a bank protected on the emulated board
test: ## run all checks; ends with "N passed, N failed"
newcomer: ## both commands of the README on a fresh Debian, SUITE=trixie or bookworm; as root, 60 minutes

## Test the driver

kunit: ## run the KUnit tests on the virtual board; ARCH=arm under QEMU, ARCH=user without a kernel
kunit-sanitizers: ## run the KUnit tests with KCSAN, with PREEMPT_RT, with each driver bound twice
scenarios: ## play SCENARIOS="files or folders" on BOARD=uml, npcm750 or an overlay, raspberry-pi; logs to LOG=
chips: ## try the models of chips that overlays run on
random: ## play HOURS=1000 of made-up scenarios with SEED=1
powerloss: ## cut the power of made-up banks LOSSES=1000 times, with SEED=1
soak: ## 30 days at rest, a year of cycles
faults: ## let everything go wrong, ROUNDS=1 times, and judge the pins
coverage: ## lines and branches that KUnit and scenarios run
mutants-driver: ## change COUNT=24 lines of the driver, drawn with SEED=1; a test must notice
boards: ## try the overlays in Documentation/boards on the virtual board
stock-kernel: ## protect a bank with Debian's own kernel for arm64
userspace: ## show a bank to UPower, sensors, Prometheus and more, and judge their output
monitoring: ## check the recipes in Documentation/monitoring
lab-test: ## test the lab itself

## Test and prove the rules alone

fuzz: ## attack the rules with made-up histories, for MINUTES=10
mutants: ## change the rules in all simple ways; a test must notice each change
prove: ## prove the rules of the policy, for every state, input and time

## Look at the sources

lint: ## run the checks of kernel reviewers
docs: ## build the documentation, HTML, in build/docs/html
binding: ## validate the devicetree binding and its examples
matrix: ## build the driver for 6.1, 6.12 and the newest; ONLY="arm64 gcc" for some of it
packaging: ## check the Buildroot and Yocto packages without these
upstream: ## try the patches and the export on a clean tree: build, tests, checkpatch

## Measure

perf: ## measure how fast, small and quiet the driver is, beside others; ONLY="size quiet" for some of it

## Build it into something

modules: ## build the modules for the kernel in KDIR
modules_install: ## install the modules for the kernel in KDIR
dkms: ## build the Debian package smallbms-dkms
dkms-try: ## install that package, check its modules for Debian's kernels, remove it
export: ## put the driver, its tests and its documents into the kernel tree TREE
patches: ## write a series of patches for the kernel tree TREE

## Clean up

clean: ## remove build/

.PHONY: help clean
clean:
	rm -rf $(OUT)

include lab/mk/kernel.mk $(wildcard lab/boards/*/board.mk)
include $(addprefix lab/mk/,$(addsuffix .mk,tests rules checks ship perf))
