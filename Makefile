# SPDX-License-Identifier: GPL-2.0-only
#
# The commands that people type; "make help" lists them. Kbuild has its own file.

MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
.DELETE_ON_ERROR:

JOBS := $(shell nproc)

# Python is Debian's, which has the libraries that Debian packages.
PYTHON := /usr/bin/python3
export PYTHONPATH := lab
export PYTHONDONTWRITEBYTECODE := 1
# Where depmod and modinfo are, which only root looks for.
export PATH := $(PATH):/usr/sbin:/sbin

help: ## list the commands
	@echo "smallbms: battery management for LiFePO4 banks, a Linux driver"
	@echo
	@sed -n 's/^\([a-z_-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | \
		while IFS="$$(printf '\t')" read -r name text; do \
			printf '  make %-17s %s\n' "$$name" "$$text"; \
		done
	@echo
	@echo "Each installs the Debian packages that it needs (with sudo when not root) and"
	@echo "keeps everything else under $(OUT)/. What builds a kernel takes KERNEL=6.1, 6.12 or newest."

# --- Kernel -------------------------------------------------------------------

# The newest is the highest that Debian has on the day. What is built for another kernel
# than the usual one stands in a folder of its own.
USUAL_KERNEL := 6.12
KERNEL ?= $(USUAL_KERNEL)
NEWEST := lab/bin/preflight 100 python3 debian-archive-keyring >&2 && \
	$(PYTHON) -m bms.debian newest linux-source-
ifeq ($(KERNEL),newest)
LINUX_VERSION := $(shell PYTHONPATH=$(PYTHONPATH); export PYTHONPATH; $(NEWEST))
$(if $(LINUX_VERSION),,$(error KERNEL=newest: which one that is cannot be found out))
else
LINUX_VERSION := $(KERNEL)
endif
ifeq ($(shell echo '$(subst ','\'',$(LINUX_VERSION))' | grep -xE '[0-9]+\.[0-9]+'),)
$(error KERNEL=$(KERNEL) is no kernel: say KERNEL=6.1, 6.12 or another one, or newest)
endif

OUT := build
BUILD := $(OUT)$(if $(filter-out $(USUAL_KERNEL),$(LINUX_VERSION)),/linux-$(LINUX_VERSION))
LINUX := $(OUT)/linux-source-$(LINUX_VERSION)
CROSS := arm-linux-gnueabihf-
BOARD := lab/boards/npcm750
VIRTUAL := lab/boards/uml
PATCHES := $(wildcard $(BOARD)/patches/*.patch $(VIRTUAL)/patches/*.patch)

# What this Debian does not have comes from another one: only unpacked, never installed.
PACKAGES := $(OUT)/packages
FETCH_PACKAGES := debian-archive-keyring python3 xz-utils
fetch = lab/bin/step "Fetching $(1)" $(OUT)/logs/fetch-$(2).log \
	$(PYTHON) -m bms.debian unpack $(3)

BOARD_PACKAGES := $(FETCH_PACKAGES) bc bison cpio device-tree-compiler flex gcc \
	gcc-arm-linux-gnueabihf libc6-dev libc6-dev-armhf-cross patch perl \
	python3-matplotlib python3-rich qemu-system-arm
# Kernel tree 1.7 GB, two kernels 0.3 GB each.
BOARD_MB := 3000

.PHONY: board-packages fetch-packages
board-packages:
	@lab/bin/preflight $(BOARD_MB) $(BOARD_PACKAGES)
fetch-packages:
	@lab/bin/preflight $(BOARD_MB) $(FETCH_PACKAGES) patch

# A tree that nothing is put into, packed; and the one that is built, with our patches.
TARBALL := $(PACKAGES)/linux-$(LINUX_VERSION)/usr/src/linux-source-$(LINUX_VERSION).tar.xz
$(TARBALL): | fetch-packages
	@$(call fetch,Linux $(LINUX_VERSION),linux-$(LINUX_VERSION),--alone \
		$(PACKAGES)/linux-$(LINUX_VERSION) linux-source-$(LINUX_VERSION))

$(LINUX)/.unpacked: $(TARBALL) $(PATCHES)
	@rm -rf $(LINUX)
	@lab/bin/step "Unpacking Linux $(LINUX_VERSION)" $(OUT)/logs/unpack-$(LINUX_VERSION).log \
		tar -xf $< -C $(OUT)
	@lab/bin/patch-tree $(LINUX) $(PATCHES) >$(OUT)/logs/patch-$(LINUX_VERSION).log
	@touch $@

.PHONY: tree
tree: $(LINUX)/.unpacked

# A fragment on top of allnoconfig. What Kconfig drops silently is an error here.
define configure
	@mkdir -p $(@D)
	@cat $(filter %.config,$^) >$(@D)/fragment
	@$(MAKE) -s -C $(LINUX) O=$(abspath $(@D)) ARCH=$(1) CROSS_COMPILE=$(2) \
		KCONFIG_ALLCONFIG=fragment allnoconfig >$(@D)/configure.log 2>&1 || \
		{ cat $(@D)/configure.log; exit 1; }
	@lab/bin/check-config $(@D)/fragment $@
endef

$(BUILD)/board/.config: $(BOARD)/kernel.config
$(BUILD)/board-debug/.config: $(BOARD)/kernel.config $(BOARD)/debug.config
$(BUILD)/board-clients/.config: $(BOARD)/kernel.config $(BOARD)/clients.config
$(BUILD)/board/.config $(BUILD)/board-debug/.config $(BUILD)/board-clients/.config: \
		$(LINUX)/.unpacked | board-packages
	$(call configure,arm,$(CROSS))

ARM = $(MAKE) -C $(LINUX) O=$(abspath $(BUILD)/$(1)) ARCH=arm CROSS_COMPILE=$(CROSS)

$(BUILD)/%/arch/arm/boot/zImage: $(BUILD)/%/.config
	@lab/bin/step --total $(ZIMAGE_LINES_$*) "Building the kernel of the $*" \
		$(BUILD)/logs/$*.log $(call ARM,$*) -j$(JOBS) zImage modules
ZIMAGE_LINES_board := 1301
ZIMAGE_LINES_board-debug := 1600
ZIMAGE_LINES_board-clients := 1500

# The driver and its tests are modules, so a kernel is built but once. Kbuild knows best
# what is out of date, so it is always asked. In a folder of links, for it writes beside
# the sources. Arguments: make for a kernel, variables for it, folders beside the driver.
.PHONY: always
define modules
	@mkdir -p $@/ko && cp -rsf $(CURDIR)/drivers $(addprefix $(CURDIR)/,$(3)) $@
	@echo "obj-y += drivers/power/supply/smallbms/ $(addsuffix /,$(notdir $(3)))" >$@/Kbuild
	@lab/bin/step "Building $(@F)" $(BUILD)/logs/$(@F).log \
		$(1) M=$(abspath $@) W=1 KCFLAGS=-Werror CONFIG_BATTERY_SMALLBMS=m $(2) modules
	@find $@ -path $@/ko -prune -o -name '*.ko' -exec cp -u -t $@/ko {} +
endef
# The front end is tested everywhere, on the board for the sake of its 64-bit figures.
WITH_KUNIT := CONFIG_BATTERY_SMALLBMS_KUNIT_TEST=m CONFIG_IIO_RESCALE=
KUNIT_FOLDERS := kunit drivers/iio/frontend

$(BUILD)/board-modules: $(BUILD)/board/arch/arm/boot/zImage always
	$(call modules,$(call ARM,board))
$(BUILD)/board-clients-modules: $(BUILD)/board-clients/arch/arm/boot/zImage always
	$(call modules,$(call ARM,board-clients))
$(BUILD)/board-debug-modules: $(BUILD)/board-debug/arch/arm/boot/zImage always
	$(call modules,$(call ARM,board-debug),$(WITH_KUNIT),$(VIRTUAL)/converter $(KUNIT_FOLDERS))

$(BUILD)/%.dtb: $(BOARD)/%.dts $(BOARD)/board.dtsi $(LINUX)/.unpacked
	@cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp -I $(BOARD) -I $(LINUX)/include \
		-I $(LINUX)/arch/arm/boot/dts/nuvoton -I $(LINUX)/arch/arm/boot/dts $< | \
		dtc -q -I dts -O dtb -o $@ -

BUSYBOX := $(PACKAGES)/busybox-armhf/bin/busybox
$(PACKAGES)/busybox-%/bin/busybox: | fetch-packages
	@$(call fetch,busybox for $*,busybox-$*,--arch $* $(PACKAGES)/busybox-$* busybox-static)
	@touch $@

# The board's files with the driver, and with its KUnit tests
INITRAMFS = @$(BOARD)/mkinitramfs $@ $< $(addprefix $(BUILD)/$(1)-modules/ko/,$(2))
$(BUILD)/%-initramfs.cpio.gz: $(BUSYBOX) $(BOARD)/init $(BOARD)/mkinitramfs \
		$(BUILD)/%-modules
	$(call INITRAMFS,$*,smallbms.ko)
$(BUILD)/kunit-initramfs.cpio.gz: $(BUSYBOX) $(BOARD)/init \
		$(BOARD)/mkinitramfs $(BUILD)/board-debug-modules
	$(call INITRAMFS,board-debug,smallbms.ko smallbms_kunit.ko smallbms-frontend.ko \
		smallbms-frontend-kunit.ko)
# The driver with a converter that does what it is told to, and what ends a kernel
ENDS := $(BUILD)/hog $(BUILD)/kexec
$(ENDS): $(BUILD)/%: $(BOARD)/%.c | board-packages
	@$(CROSS)gcc -static -O2 -Wall -Wextra -Werror -o $@ $<
$(BUILD)/safe-initramfs.cpio.gz: $(BUSYBOX) $(BOARD)/init \
		$(BOARD)/mkinitramfs $(BUILD)/board-debug-modules $(ENDS)
	$(call INITRAMFS,board-debug,smallbms.ko bms_converter.ko) $(ENDS)

# --- Virtual board ------------------------------------------------------------

VIRTUAL_PACKAGES := $(FETCH_PACKAGES) bc bison device-tree-compiler flex gcc libc6-dev patch perl
# Kernel tree 1.7 GB, kernel and modules 0.7 GB.
VIRTUAL_MB := 3000
UML = $(MAKE) -C $(LINUX) O=$(abspath $(BUILD)/$(1)) ARCH=um

.PHONY: virtual-packages
virtual-packages:
	@lab/bin/preflight $(VIRTUAL_MB) $(VIRTUAL_PACKAGES)

VIRTUALS := $(addprefix $(BUILD)/,virtual virtual-lean virtual-remove)
$(addsuffix /.config,$(VIRTUALS)): $(VIRTUAL)/kernel.config $(LINUX)/.unpacked | virtual-packages
	$(call configure,um,)
$(BUILD)/virtual/.config $(BUILD)/virtual-remove/.config: $(VIRTUAL)/debug.config
$(BUILD)/virtual-remove/.config: $(VIRTUAL)/remove.config

$(BUILD)/%/linux: $(BUILD)/%/.config
	@lab/bin/step --total 735 "Building the kernel of the $* board" \
		$(BUILD)/logs/$*.log $(call UML,$*) -j$(JOBS) linux modules

VIRTUAL_MODULES = $(call modules,$(call UML,$(1)),$(WITH_KUNIT) $(2),$(VIRTUAL)/converter \
	$(VIRTUAL)/rescale $(KUNIT_FOLDERS))
$(addsuffix -modules,$(VIRTUALS)): $(BUILD)/%-modules: $(BUILD)/%/linux always
	$(call VIRTUAL_MODULES,$*)
# They count which lines and branches are run; inlined, each copy would be counted apart, and
# what UBSAN asks would count as branches.
$(BUILD)/coverage-modules: $(BUILD)/virtual/linux always
	$(call VIRTUAL_MODULES,virtual,GCOV_PROFILE=y UBSAN_SANITIZE=n KCFLAGS=-fno-inline)

$(BUILD)/virtual-root/init: $(VIRTUAL)/player.c | virtual-packages
	@mkdir -p $(addprefix $(@D)/,dev proc sys run lib)
	@gcc -static -O2 -Wall -Wextra -Werror -o $@ $<

VIRTUAL_FILES := $(BUILD)/virtual-modules $(BUILD)/virtual-root/init
VIRTUAL_PARTS := $(BUILD)/virtual/linux $(BUILD)/virtual-modules/ko $(BUILD)/virtual-root

# --- Demo ---------------------------------------------------------------------

BOARD_FILES = $(BUILD)/$(1)/arch/arm/boot/zImage $(BUILD)/$(1)-initramfs.cpio.gz $(BUILD)/measured.dtb

.PHONY: demo demo-short
demo: $(call BOARD_FILES,board) ## from nothing to a bank protected on the emulated board
	@$(PYTHON) -m bms.demo $(call BOARD_FILES,board) $(BUILD)/demo

# The same, without the full cell, on a kernel that looks hard.
demo-short: $(call BOARD_FILES,board-debug)
	@$(PYTHON) -m bms.demo --short $(call BOARD_FILES,board-debug) $(BUILD)/demo-short

# --- Clients ------------------------------------------------------------------

# People's own programs, on a kernel that has what they need.
CLIENTS_PROGRAMS := dbus gpiod lm-sensors prometheus-node-exporter trace-cmd udev upower
CLIENTS := $(BUILD)/clients
CLIENTS_TOOLS := $(CLIENTS)/smallbms-wait $(CLIENTS)/abuse
RECIPES := $(addprefix Documentation/monitoring/,smallbms-shutdown 90-smallbms.rules)

$(PACKAGES)/clients/.fetched: | fetch-packages
	@$(call fetch,people's programs for the board,clients,--arch armhf $(@D) $(CLIENTS_PROGRAMS))
	@touch $@

$(CLIENTS)/smallbms-wait: Documentation/monitoring/smallbms-wait.c
$(CLIENTS)/abuse: $(BOARD)/abuse.c
$(CLIENTS_TOOLS): | board-packages
	@mkdir -p $(@D)
	@$(CROSS)gcc -static -O2 -Wall -Wextra -Werror -o $@ $<

$(CLIENTS)/files.cpio.gz: $(BOARD)/mkclients $(BOARD)/init.local $(PACKAGES)/clients/.fetched \
		$(LINUX)/.unpacked $(RECIPES) $(CLIENTS_TOOLS)
	@$(BOARD)/mkclients $@ $(PACKAGES)/clients $(LINUX) $(RECIPES) $(CLIENTS_TOOLS)

$(CLIENTS)/initramfs.cpio.gz: $(BUILD)/board-clients-initramfs.cpio.gz $(CLIENTS)/files.cpio.gz
	@cat $^ >$@

$(BUILD)/clients.dtb: $(BOARD)/measured.dts

CLIENTS_FILES := $(BUILD)/board-clients/arch/arm/boot/zImage $(CLIENTS)/initramfs.cpio.gz \
	$(BUILD)/clients.dtb

.PHONY: clients
clients: $(CLIENTS_FILES) ## show a bank to people's own programs, and judge what they say
	@$(PYTHON) -m bms.clients $^ $(BUILD)/clients.md

.PHONY: monitoring-packages
monitoring-packages:
	@lab/bin/preflight 300 $(FETCH_PACKAGES) shellcheck systemd

PROMTOOL := $(PACKAGES)/prometheus/usr/bin/promtool
$(PROMTOOL): | monitoring-packages
	@$(call fetch,promtool,prometheus,--alone $(PACKAGES)/prometheus prometheus)
	@touch $@

.PHONY: monitoring
monitoring: $(PROMTOOL) ## check the recipes in Documentation/monitoring
	@PATH=$(abspath $(<D)):$$PATH lab/checks/monitoring

# --- Tests --------------------------------------------------------------------

.PHONY: test test-packages
test-packages:
	@lab/bin/preflight 100 python3 debian-archive-keyring
test: | test-packages ## all that must hold; ends with "N passed, N failed"
	@$(PYTHON) -m bms.tally --make $(MAKE) \
		lab-test \
		lint-short \
		docs \
		boards \
		stock-kernel \
		kunit \
		newest-kunit \
		newest-binding \
		"kunit ARCH=arm" \
		fuzz-short \
		scenarios \
		random-short \
		coverage \
		soak-short \
		safe \
		demo-short \
		monitoring \
		clients

SUITE ?= trixie
.PHONY: newcomer
newcomer: ## both commands of the README on a fresh Debian, SUITE=trixie or bookworm; as root, 60 minutes
	@lab/bin/newcomer $(SUITE) $(OUT)/newcomer $(TARGETS)

# The same on the newest kernel, if it can be had.
newest-%:
	@version=$$($(NEWEST)); case $$? in \
	0) exec $(MAKE) $* KERNEL=$$version ;; \
	75) echo "skipped: make $* KERNEL=newest, for the mirror cannot be reached"; \
		echo "0 passed, 0 failed, 1 skipped" ;; \
	*) exit 1 ;; \
	esac

.PHONY: lab-test
lab-test: | test-packages ## test the lab itself
	@$(PYTHON) -m tests

# The newest that there is, with the Python that it needs.
DT_SCHEMA := $(PACKAGES)/dt-schema
$(DT_SCHEMA)/.wrapped: lab/bin/foreign | fetch-packages
	@$(call fetch,dt-schema,dt-schema,--release sid $(DT_SCHEMA) dt-schema)
	@lab/bin/foreign $(DT_SCHEMA) dt-doc-validate dt-extract-example dt-mk-schema dt-validate
	@touch $@

.PHONY: binding
binding: $(LINUX)/.unpacked $(DT_SCHEMA)/.wrapped ## validate the devicetree binding and its examples
	@lab/bin/preflight $(BOARD_MB) $(BOARD_PACKAGES) cpp python3-ruamel.yaml yamllint
	@PATH=$(abspath $(DT_SCHEMA))/wrapped:$$PATH lab/checks/binding $(LINUX) $(BUILD)/binding

.PHONY: boards
# Configurations of kernels that people have
CONFIGS := $(addprefix $(PACKAGES)/headers-,bookworm trixie trixie-backports)
$(CONFIGS): $(PACKAGES)/headers-%: | fetch-packages
	@$(call fetch,headers of $*,headers-$*,--alone --arch arm64 --release $* $@ \
		'linux-headers-*[0-9]-arm64')

boards: $(VIRTUAL_FILES) $(DT_SCHEMA)/.wrapped $(CONFIGS) ## try the overlays in Documentation/boards on the virtual board
	@lab/bin/preflight $(VIRTUAL_MB) cpp device-tree-compiler
	@PATH=$(abspath $(DT_SCHEMA))/wrapped:$$PATH $(PYTHON) -m bms.boards $(foreach folder,$(CONFIGS), \
		--kernel-config $(folder:$(PACKAGES)/headers-%=%)=$$(echo $(folder)/usr/src/*/.config)) \
		$(LINUX) $(VIRTUAL_PARTS) $(BUILD)/boards

# KCSAN and PREEMPT_RT are not to be had on the boards.
PC := lab/boards/pc
PC_PACKAGES := $(VIRTUAL_PACKAGES) cpio libelf-dev qemu-system-x86
$(BUILD)/pc-race/.config: $(PC)/kernel.config $(PC)/race.config
$(BUILD)/pc-rt/.config: $(PC)/kernel.config $(PC)/rt.config
$(BUILD)/pc-race/.config $(BUILD)/pc-rt/.config: $(LINUX)/.unpacked | pc-packages
	$(call configure,x86_64,)
PC_MAKE = $(MAKE) -C $(LINUX) O=$(abspath $(BUILD)/pc-$(1)) ARCH=x86_64
$(BUILD)/pc-%/arch/x86/boot/bzImage: $(BUILD)/pc-%/.config
	@lab/bin/step --total 1300 "Building the kernel of the pc, $*" \
		$(BUILD)/logs/pc-$*.log $(call PC_MAKE,$*) -j$(JOBS) bzImage modules
$(BUILD)/pc-race-modules $(BUILD)/pc-rt-modules: $(BUILD)/pc-%-modules: \
		$(BUILD)/pc-%/arch/x86/boot/bzImage always
	$(call modules,$(call PC_MAKE,$*),$(WITH_KUNIT),$(KUNIT_FOLDERS))
$(BUILD)/pc-%-initramfs.cpio.gz: $(PACKAGES)/busybox-amd64/bin/busybox $(BOARD)/init $(BOARD)/mkinitramfs \
		$(BUILD)/pc-%-modules
	$(call INITRAMFS,pc-$*,smallbms.ko smallbms_kunit.ko)

.PHONY: hard kunit-race kunit-rt kunit-remove pc-packages
pc-packages:
	@lab/bin/preflight $(VIRTUAL_MB) $(PC_PACKAGES)
kunit-race kunit-rt: kunit-%: $(BUILD)/pc-%/arch/x86/boot/bzImage $(BUILD)/pc-%-initramfs.cpio.gz
	@$(KUNIT) pc $^
kunit-remove: $(BUILD)/virtual-remove-modules $(BUILD)/virtual-root/init
	@$(KUNIT) virtual $(BUILD)/virtual-remove/linux $(<)/ko $(BUILD)/virtual-root
hard: kunit-race kunit-rt kunit-remove ## run the KUnit tests with KCSAN, with PREEMPT_RT, with each driver bound twice

ARCH ?= um

.PHONY: kunit kunit-um kunit-arm kunit-user
kunit: kunit-$(ARCH) ## run the KUnit tests on the virtual board; ARCH=arm under QEMU, ARCH=user without a kernel
# Asked first, by its declaration. Order-only, because it is no file of the tests.
.PHONY: kunit-can-run
kunit-can-run: $(LINUX)/.unpacked
	@grep -qsw kunit_device_register $(LINUX)/include/kunit/device.h || { \
		echo "Linux $(LINUX_VERSION) is too old for the KUnit tests, which need 6.12 or newer." >&2; \
		echo "make scenarios plays on it." >&2; exit 1; }
kunit-um kunit-arm: | kunit-can-run
KUNIT = $(PYTHON) -m bms.kunit $(LINUX)/tools/testing/kunit/kunit.py $(BUILD)/logs/$@.log
kunit-um: $(VIRTUAL_FILES)
	@$(KUNIT) virtual $(VIRTUAL_PARTS)
kunit-arm: $(BUILD)/board-debug/arch/arm/boot/zImage $(BUILD)/kunit-initramfs.cpio.gz \
		$(BUILD)/measured.dtb
	@$(KUNIT) emulated $^

# --- The policy in user space ------------------------------------------------------

# The very sources of the driver; tests/rules/include has what they ask of the kernel.
DRIVER := drivers/power/supply/smallbms
FRONTEND := drivers/iio/frontend
PROOF := tests/rules
FUZZ := $(BUILD)/fuzz
FUZZ_PACKAGES := clang gcc libc6-dev libclang-rt-dev llvm python3
USER_FLAGS := -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
	-I$(PROOF)/include -I$(DRIVER) -I$(FRONTEND) -Ikunit -Ikunit/frontend
USER_SOURCES := $(addprefix $(DRIVER)/,policy.c settings.c)
USER_HEADERS := $(wildcard $(PROOF)/*.h $(PROOF)/include/*/*.h $(PROOF)/include/*/*/*.h \
	$(DRIVER)/*.h $(FRONTEND)/*.h kunit/*.h kunit/*/*.h)
KUNIT_SOURCES := $(PROOF)/kunit.c $(FRONTEND)/circuit.c \
	$(addprefix kunit/,policy_kunit.c settings_kunit.c frontend/circuit_kunit.c)
HISTORY_SOURCES := $(PROOF)/history.c $(PROOF)/oracle.c

.PHONY: fuzz fuzz-short fuzz-packages
fuzz-packages:
	@lab/bin/preflight 300 $(FUZZ_PACKAGES)

$(FUZZ)/kunit: $(KUNIT_SOURCES) $(USER_SOURCES) $(USER_HEADERS) | fuzz-packages
	@mkdir -p $(@D)
	@gcc $(USER_FLAGS) -o $@ $(filter %.c,$^)
$(FUZZ)/replay: $(PROOF)/replay.c $(HISTORY_SOURCES) $(USER_SOURCES) $(USER_HEADERS) | fuzz-packages
	@mkdir -p $(@D)
	@gcc $(USER_FLAGS) -o $@ $(filter %.c,$^)
# The oracle looks back all the time: watched as closely as the rest it takes most of it.
$(FUZZ)/oracle.o: $(PROOF)/oracle.c $(USER_HEADERS) | fuzz-packages
	@mkdir -p $(@D)
	@clang $(USER_FLAGS) -c -o $@ $<
# How deep the stack is depends on where it begins, which differs from run to run.
$(FUZZ)/attack: $(PROOF)/fuzz.c $(PROOF)/history.c $(FUZZ)/oracle.o $(USER_SOURCES) $(USER_HEADERS)
	@clang $(USER_FLAGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-coverage=stack-depth \
		-o $@ $(filter %.c %.o,$^)

kunit-user: $(FUZZ)/kunit
	@$<

FUZZ_FILES := $(FUZZ)/attack $(FUZZ)/replay
fuzz: $(FUZZ_FILES) ## attack the rules with made-up histories; MINUTES=60 for long
	@$(PYTHON) -m bms.fuzz $(addprefix --minutes ,$(MINUTES)) $(FUZZ) $(PROOF)/corpus
fuzz-short: $(FUZZ_FILES)
	@$(PYTHON) -m bms.fuzz $(FUZZ) $(PROOF)/corpus

.PHONY: mutants
mutants: fuzz-short ## change the rules in all simple ways: does a test notice each?
	@$(PYTHON) -m bms.mutants $(DRIVER) $(PROOF) $(BUILD)/mutants $(FUZZ)/seed-*/new

# The policy as the driver compiles it, with contracts beside it. A prover that needs more
# than a second does not get there in a minute either.
PROVE := $(BUILD)/prove
WP := -wp -wp-model Typed+Caveat -wp-check-memory-model -wp-rte -warn-unsigned-overflow \
	-no-warn-invalid-bool -wp-prover cvc4,z3 -wp-timeout 60 -wp-par 1
# Loops have constant bounds, of six at most; what ends them is looked at once more.
FRAMA_C := frama-c -c11 -machdep gcc_x86_64 -ulevel 7 -cpp-frama-c-compliant -cpp-command \
	"gcc -E -C -x c -Itools/proof/include -Idrivers/power/supply/smallbms"

# Debian 13 has no Frama-C: on any Debian it runs on the files of Debian 12.
FRAMA_ROOT := $(PACKAGES)/frama-c
IN_FRAMA_ROOT := bwrap --bind $(abspath $(FRAMA_ROOT)) / --dev /dev --proc /proc --tmpfs /tmp \
	--bind $(CURDIR) $(CURDIR) --chdir $(CURDIR) --setenv HOME $(abspath $(PROVE))
$(FRAMA_ROOT)/bin/sh: | fetch-packages
	@$(call fetch,Frama-C,frama-c,--release bookworm $(FRAMA_ROOT) frama-c-base why3 cvc4 z3 \
		gcc libc6-dev bash coreutils dash)
	@ln -sf dash $@

.PHONY: prove
prove: $(FRAMA_ROOT)/bin/sh ## prove the rules of the policy, for every state, input and time
	@lab/bin/preflight 2500 bubblewrap clang cvc5 gcc libc6-dev llvm python3 z3
	@mkdir -p $(PROVE) $(BUILD)/logs
	@$(IN_FRAMA_ROOT) why3 config detect >$(BUILD)/logs/why3.log 2>&1 || \
		{ tail -n 3 $(BUILD)/logs/why3.log; exit 1; }
	@$(PYTHON) -m bms.prove --harnesses $(PROOF)/steps.c \
		--flags "-I$(PROOF)/include -I$(DRIVER)" \
		$(PROVE) $(IN_FRAMA_ROOT) $(FRAMA_C) $(WP) $(PROOF)/policy.acsl

# Compiled against a kernel, not into one: modules_prepare is enough.
LINT_PACKAGES := $(VIRTUAL_PACKAGES) codespell flake8 git reuse shellcheck sparse
CLANG_PACKAGES := clang clang-tidy coccinelle libelf-dev lld llvm ocaml-nox

.PHONY: lint lint-short lint-packages clang-packages
lint-packages:
	@lab/bin/preflight $(VIRTUAL_MB) $(LINT_PACKAGES)
clang-packages:
	@lab/bin/preflight $(VIRTUAL_MB) $(CLANG_PACKAGES)

$(BUILD)/clang/.config: lab/checks/any-kernel.config $(LINUX)/.unpacked | clang-packages
	$(call configure,x86_64 LLVM=1)
$(BUILD)/clang/Module.symvers: $(BUILD)/clang/.config | clang-packages
	@lab/bin/step "Preparing a kernel for clang" $(BUILD)/logs/clang.log \
		$(MAKE) -C $(LINUX) O=$(abspath $(@D)) ARCH=x86_64 LLVM=1 -j$(JOBS) modules_prepare
	@touch $@

LINT = @lab/checks/lint $(LINUX) $(BUILD)/virtual $(BUILD)/lint
lint: $(BUILD)/virtual/linux $(BUILD)/clang/Module.symvers | lint-packages ## look for what reviewers would find
	$(LINT) $(BUILD)/clang
# The same, without clang and coccinelle.
lint-short: $(BUILD)/virtual/linux | lint-packages
	$(LINT)

.PHONY: docs
docs: $(LINUX)/.unpacked ## build the documentation, HTML, in build/docs/html
	@lab/bin/preflight $(VIRTUAL_MB) gcc graphviz libc6-dev perl python3-myst-parser \
		python3-sphinx python3-sphinx-rtd-theme
	@lab/docs/build $(LINUX) $(BUILD)/docs

SCENARIOS ?= tests/scenarios
LOG ?= $(BUILD)/$@

.PHONY: scenarios
scenarios: $(VIRTUAL_FILES) ## play SCENARIOS="files or folders" in virtual time, logs to LOG=
	@$(PYTHON) -m bms.play --log $(LOG) virtual $(VIRTUAL_PARTS) $(SCENARIOS)

LIMIT ?= 300

# In real time, so without the many that end on a threshold, unless they are asked for.
.PHONY: hil
hil: SCENARIOS = $(wildcard tests/scenarios/*.scn)
hil: $(call BOARD_FILES,board) $(BUILD)/signals.dtb ## play SCENARIOS= at the pins of the emulated board, in real time
	@$(PYTHON) -m bms.play --log $(LOG) --limit $(LIMIT) emulated $^ $(SCENARIOS)

# Long times need a lean kernel; the short form looks hard, and for leaks.
.PHONY: soak soak-short
soak: $(BUILD)/virtual-lean-modules $(BUILD)/virtual-root/init ## 30 days at rest, a year of cycles
	@$(PYTHON) -m bms.play --log $(LOG) virtual $(BUILD)/virtual-lean/linux $(<)/ko \
		$(BUILD)/virtual-root tests/soak/long
soak-short: $(VIRTUAL_FILES)
	@$(PYTHON) -m bms.play --log $(LOG) virtual --leaks $(VIRTUAL_PARTS) tests/soak/short

$(BUILD)/push-pull.dtb: $(BOARD)/measured.dts

ROUNDS ?= 1
SAFE_FILES := $(BUILD)/board-debug/arch/arm/boot/zImage $(BUILD)/safe-initramfs.cpio.gz \
	$(BUILD)/measured.dtb $(BUILD)/push-pull.dtb

.PHONY: safe
safe: $(SAFE_FILES) $(VIRTUAL_FILES) ## let everything go wrong, ROUNDS=1 times, and judge the pins
	@$(PYTHON) -m bms.safe --rounds $(ROUNDS) --only "$(ONLY)" $(SAFE_FILES) $(VIRTUAL_PARTS) \
		$(BUILD)/safe

# What nobody thought of. The same seed makes the same scenarios.
HOURS ?= 1000
SEED ?= 1
RANDOM_SCENARIOS = $(PYTHON) -m bms.random_scenarios --seed $(SEED)

.PHONY: random random-short
random: $(BUILD)/virtual-lean-modules $(BUILD)/virtual-root/init ## play HOURS=1000 of made-up scenarios with SEED=1
	@$(RANDOM_SCENARIOS) --hours $(HOURS) $(BUILD)/virtual-lean/linux $(<)/ko \
		$(BUILD)/virtual-root $(BUILD)/$@
random-short: $(VIRTUAL_FILES)
	@$(RANDOM_SCENARIOS) --hours 20 $(VIRTUAL_PARTS) $(BUILD)/$@

.PHONY: coverage
coverage: $(BUILD)/coverage-modules $(BUILD)/virtual-root/init ## lines and branches that KUnit and scenarios run
	@lab/bin/preflight $(VIRTUAL_MB) gcovr
	@$(PYTHON) -m bms.coverage $(BUILD)/virtual/linux $(BUILD)/coverage-modules/ko \
		$(BUILD)/virtual-root $(VIRTUAL)/uncovered $(BUILD)/coverage tests/scenarios

# --- Modules --------------------------------------------------------------------

KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: modules modules_install
modules modules_install:
	@packaging/tools/modules '$(KDIR)' $(BUILD)/module $@
modules: ## build the modules for the kernel in KDIR
modules_install: ## install the modules for the kernel in KDIR

.PHONY: matrix
MATRIX_PACKAGES := $(VIRTUAL_PACKAGES) $(CLANG_PACKAGES) gcc-aarch64-linux-gnu \
	gcc-arm-linux-gnueabihf gcc-powerpc-linux-gnu gcc-riscv64-linux-gnu pahole
# Each kernel, architecture and compiler 50 MB, each tree 1.7 GB, headers 0.5 GB.
matrix: $(LINUX)/.unpacked ## build the driver for 6.1, 6.12 and the newest; ONLY="arm64 gcc" for some of it
	@lab/bin/preflight 10000 $(MATRIX_PACKAGES)
	@newest=$$($(NEWEST)) && for version in 6.1 $$newest; do \
		$(MAKE) tree KERNEL=$$version || exit 1; \
	done && $(PYTHON) -m bms.matrix --only "$(ONLY)" --config lab/checks/any-kernel.config \
		$(BUILD)/matrix $(LINUX) $(OUT)/linux-source-6.1 $(OUT)/linux-source-$$newest

.PHONY: dkms dkms-try
dkms: ## build the Debian package smallbms-dkms
	@lab/bin/preflight 100 build-essential debhelper dh-dkms dpkg-dev lintian
	@packaging/dkms/build $(BUILD)/dkms
dkms-try: dkms ## install that, see it built for Debian's kernels, remove it
	@lab/bin/preflight 100 dkms kmod linux-headers-$(shell dpkg --print-architecture)
	@packaging/dkms/try $(BUILD)/dkms

# The image and headers of this Debian, which has the gcc that they were built with.
STOCK := $(BUILD)/stock-kernel
STOCK_RELEASE := $(or $(filter bookworm trixie,$(shell . /etc/os-release; echo $$VERSION_CODENAME)),trixie)
STOCK_DEBIAN := $(PACKAGES)/kernel-$(STOCK_RELEASE)
STOCK_PACKAGES := $(FETCH_PACKAGES) cpio cpp device-tree-compiler gcc-aarch64-linux-gnu kmod pahole \
	libc6-dev-arm64-cross qemu-system-arm
.PHONY: stock-kernel stock-packages
stock-packages:
	@lab/bin/preflight $(VIRTUAL_MB) $(STOCK_PACKAGES)
$(STOCK_DEBIAN)/.whole: | fetch-packages
	@$(call fetch,what modules are built with,kbuild,--alone --release $(STOCK_RELEASE) \
		$(@D)-kbuild 'linux-kbuild-*')
	@$(call fetch,Debian's kernel,kernel,--alone --arch arm64 --release $(STOCK_RELEASE) $(@D) \
		'linux-image-*[0-9]-arm64' 'linux-headers-*[0-9]-arm64' 'linux-headers-*[0-9]-common')
	@cp -r $(@D)-kbuild/usr/lib/linux-kbuild-* $(@D)/usr/lib
	@touch $@
$(STOCK)/player: $(VIRTUAL)/player.c | stock-packages
	@mkdir -p $(@D)
	@aarch64-linux-gnu-gcc -static -O2 -Wall -Wextra -Werror -o $@ $<
stock-kernel: $(LINUX)/.unpacked $(STOCK_DEBIAN)/.whole dkms $(STOCK)/player ## protect a bank with Debian's own kernel for arm64
	@$(PYTHON) -m bms.stock $(LINUX) $(STOCK_DEBIAN) $(BUILD)/dkms/smallbms-dkms_*_all.deb \
		$(STOCK)/player $(STOCK)

.PHONY: packaging
packaging: $(BUILD)/virtual/linux ## check the Buildroot and Yocto packages without these
	@lab/bin/preflight $(VIRTUAL_MB) kmod rsync
	@lab/checks/packaging $(LINUX) $(BUILD)/virtual $(BUILD)/packaging

# --- Upstream -----------------------------------------------------------------

.PHONY: export patches
patches export:
	@test -n "$(TREE)" || { echo "Which tree? make $@ TREE=/path/to/linux" >&2; exit 1; }
	@$(UPSTREAM)
export: UPSTREAM = packaging/upstream/export $(TREE)
export: ## put the driver, its tests and its documents into the kernel tree TREE
patches: UPSTREAM = packaging/upstream/patches $(TREE) $(BUILD)/patches
patches: ## write a series of patches for the kernel tree TREE

# A tree that nothing has been put into or patched: unpacked anew each time.
.PHONY: upstream
upstream: $(TARBALL) ## try the patches and the export on a clean tree: build, tests, checkpatch
	@lab/bin/preflight 4000 $(LINT_PACKAGES) graphviz python3-sphinx python3-sphinx-rtd-theme
	@rm -rf $(BUILD)/upstream && mkdir -p $(BUILD)/upstream
	@lab/bin/step "Unpacking Linux $(LINUX_VERSION)" $(BUILD)/logs/upstream.log \
		tar -xf $(TARBALL) -C $(BUILD)/upstream
	@lab/checks/upstream $(BUILD)/upstream/linux-source-$(LINUX_VERSION) $(BUILD)/upstream

# --- Bench ------------------------------------------------------------------------

BENCH := size quiet steps cost lines reads
BENCH_PACKAGES := $(BOARD_PACKAGES) dwarves gcc-aarch64-linux-gnu valgrind
BENCH_quiet := $(BUILD)/virtual-lean-modules $(BUILD)/virtual-root/init
BENCH_steps := $(BENCH_quiet) $(call BOARD_FILES,board) $(BUILD)/signals.dtb
BENCH_BOARD := $(BUILD)/board-clients/arch/arm/boot/zImage $(BUILD)/bench-initramfs.cpio.gz
BENCH_cost := $(BENCH_BOARD) $(BUILD)/bench/step $(BUILD)/bench/count.so
BENCH_lines := $(BENCH_BOARD) $(BUILD)/bench.dtb
BENCH_reads := $(BENCH_BOARD) $(BENCH_quiet) $(BUILD)/measured.dtb

# On the kernel that people's programs need, with what the driver is measured against.
$(BUILD)/bench-modules: $(BUILD)/board-clients/arch/arm/boot/zImage always
	$(call modules,$(call ARM,board-clients),,$(VIRTUAL)/converter $(BOARD)/bench)
$(BUILD)/bench/copy-line $(BUILD)/bench/time-reads: $(BUILD)/bench/%: $(BOARD)/bench/%.c \
		| board-packages
	@mkdir -p $(@D)
	@$(CROSS)gcc -static -O2 -Wall -Wextra -Werror -o $@ $<
$(BUILD)/bench/count.so: $(BOARD)/bench/count.c $(BOARD)/bench/marks.h \
		$(BOARD)/bench/qemu-plugin.h | board-packages
	@mkdir -p $(@D)
	@gcc -shared -fPIC -O2 -Wall -Wextra -Wno-unused-parameter -Werror -o $@ $<
$(BUILD)/bench/step: tests/rules/step.c $(addprefix drivers/power/supply/smallbms/,policy.c \
		policy.h settings.c settings.h) | board-packages
	@mkdir -p $(@D)
	@gcc -Os -g -Wall -Wextra -Werror -Itools/proof/include \
		-Idrivers/power/supply/smallbms -o $@ $(filter %.c,$^)
# A load, with the libraries that it needs.
HACKBENCH := $(PACKAGES)/rt-tests
$(HACKBENCH)/usr/bin/hackbench: | fetch-packages
	@$(call fetch,hackbench for the board,rt-tests,--arch armhf $(HACKBENCH) rt-tests)
	@touch $@
$(BUILD)/bench-initramfs.cpio.gz: $(BUSYBOX) \
		$(addprefix $(BUILD)/bench/,copy-line time-reads) $(HACKBENCH)/usr/bin/hackbench \
		$(BOARD)/init $(BOARD)/mkinitramfs $(BUILD)/bench-modules
	@$(BOARD)/mkinitramfs $@ $< $(addprefix $(BUILD)/bench/,copy-line time-reads) \
		$(HACKBENCH)/usr/bin/hackbench $(addprefix $(HACKBENCH)/lib/arm-linux-gnueabihf/, \
		ld-linux-armhf.so.3 libc.so.6 libpthread.so.0) $(BUILD)/bench-modules/ko/*.ko

.PHONY: bench
bench: $(LINUX)/.unpacked $(foreach item,$(or $(ONLY),$(BENCH)),$(BENCH_$(item))) ## how fast, small and quiet, beside others; ONLY="size quiet" for some of it
	@lab/bin/preflight $(BOARD_MB) $(BENCH_PACKAGES)
	@$(PYTHON) -m bms.bench --only "$(ONLY)" $(if $(TRIALS),--trials $(TRIALS)) $(LINUX) \
		lab/checks/any-kernel.config $(BUILD) $(BUILD)/bench

# --- Cleaning -------------------------------------------------------------------

.PHONY: clean
clean: ## remove build/
	rm -rf $(OUT)
