# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of the driver: on boards, from outside, and on a fresh Debian

.PHONY: demo demo-short
demo: $(NEEDS_npcm750)
	@$(PYTHON) -m bms.demo $(BOARD_npcm750) $(BUILD)/demo

# The same, without the full cell, on a kernel with many checks.
demo-short: $(call NPCM750_NEEDS,board-debug) $(MEMORY_DTBS)
	@$(PYTHON) -m bms.demo --short $(call npcm750,board-debug) $(BUILD)/demo-short

# --- People's own programs -----------------------------------------------------

# People's own programs, on a kernel with the options that they need
USERSPACE_PROGRAMS := dbus gpiod lm-sensors prometheus-node-exporter trace-cmd udev upower
USERSPACE := $(BUILD)/userspace
USERSPACE_TOOLS := $(USERSPACE)/smallbms-wait $(USERSPACE)/abuse
RECIPES := $(addprefix Documentation/monitoring/,smallbms-shutdown 90-smallbms.rules)

$(PACKAGES)/userspace/.fetched: | fetch-packages
	@$(call fetch,people's programs for the board,userspace,--arch armhf $(@D) $(USERSPACE_PROGRAMS))
	@touch $@

$(USERSPACE)/smallbms-wait: Documentation/monitoring/smallbms-wait.c
$(USERSPACE)/abuse: $(NPCM750)/abuse.c
$(USERSPACE_TOOLS): | board-packages
	@mkdir -p $(@D)
	@$(CROSS)gcc -static -O2 -Wall -Wextra -Werror -o $@ $<

$(USERSPACE)/files.cpio.gz: $(NPCM750)/mkuserspace $(NPCM750)/init.local $(PACKAGES)/userspace/.fetched \
		$(LINUX)/.unpacked $(RECIPES) $(USERSPACE_TOOLS)
	@$(NPCM750)/mkuserspace $@ $(PACKAGES)/userspace $(LINUX) $(RECIPES) $(USERSPACE_TOOLS)

$(USERSPACE)/initramfs.cpio.gz: $(BUILD)/board-userspace-initramfs.cpio.gz $(USERSPACE)/files.cpio.gz
	@cat $^ >$@

$(BUILD)/userspace.dtb: $(NPCM750)/measured.dts

.PHONY: userspace
userspace: $(BUILD)/board-userspace/arch/arm/boot/zImage $(USERSPACE)/initramfs.cpio.gz \
		$(BUILD)/userspace.dtb
	@$(PYTHON) -m bms.userspace $(call npcm750,board-userspace,userspace/initramfs.cpio.gz) \
		$(BUILD)/userspace.md

.PHONY: monitoring-packages
monitoring-packages:
	@lab/bin/preflight 300 $(FETCH_PACKAGES) shellcheck systemd

PROMTOOL := $(PACKAGES)/prometheus/usr/bin/promtool
$(PROMTOOL): | monitoring-packages
	@$(call fetch,promtool,prometheus,--alone $(PACKAGES)/prometheus prometheus)
	@touch $@

.PHONY: monitoring
monitoring: $(PROMTOOL)
	@PATH=$(abspath $(<D)):$$PATH lab/checks/monitoring

# --- Tests --------------------------------------------------------------------

.PHONY: test test-packages
test-packages:
	@lab/bin/preflight 100 python3 debian-archive-keyring
test: | test-packages
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
		chips \
		"scenarios BOARD=raspberry-pi SCENARIOS=tests/scenarios/*.scn" \
		"scenarios BOARD=i2c-expander" \
		"scenarios BOARD=signals-only" \
		random-short \
		powerloss-short \
		coverage \
		soak-short \
		faults \
		demo-short \
		monitoring \
		userspace

SUITE ?= trixie
.PHONY: newcomer
newcomer:
	@lab/bin/newcomer '$(subst ','\'',$(SUITE))' $(OUT)/newcomer $(TARGETS)

# The same on the newest kernel, if it can be had.
newest-%:
	@version=$$($(NEWEST)); case $$? in \
	0) exec $(MAKE) $* KERNEL=$$version ;; \
	75) echo "skipped: make $* KERNEL=newest, because the mirror cannot be reached"; \
		echo "0 passed, 0 failed, 1 skipped" ;; \
	*) exit 1 ;; \
	esac

.PHONY: lab-test
lab-test: | test-packages
	@$(PYTHON) -m tests

# The newest dt-schema that there is, with the Python that it needs.
DT_SCHEMA := $(PACKAGES)/dt-schema
$(DT_SCHEMA)/.wrapped: lab/bin/foreign | fetch-packages
	@$(call fetch,dt-schema,dt-schema,--release sid $(DT_SCHEMA) dt-schema)
	@lab/bin/foreign $(DT_SCHEMA) dt-doc-validate dt-extract-example dt-mk-schema dt-validate
	@touch $@

.PHONY: binding
binding: $(LINUX)/.unpacked $(DT_SCHEMA)/.wrapped
	@lab/bin/preflight $(BOARD_MB) $(BOARD_PACKAGES) cpp python3-ruamel.yaml yamllint
	@PATH=$(abspath $(DT_SCHEMA))/wrapped:$$PATH lab/checks/binding $(LINUX) $(BUILD)/binding

.PHONY: boards
# Configurations of kernels that people have
CONFIGS := $(addprefix $(PACKAGES)/headers-,bookworm trixie trixie-backports)
$(CONFIGS): $(PACKAGES)/headers-%: | fetch-packages
	@$(call fetch,headers of $*,headers-$*,--alone --arch arm64 --release $* $@ \
		'linux-headers-*[0-9]-arm64')

boards: $(NEEDS_uml) $(DT_SCHEMA)/.wrapped $(CONFIGS)
	@lab/bin/preflight $(VIRTUAL_MB) cpp device-tree-compiler
	@PATH=$(abspath $(DT_SCHEMA))/wrapped:$$PATH $(PYTHON) -m bms.overlays $(foreach folder,$(CONFIGS), \
		--kernel-config $(folder:$(PACKAGES)/headers-%=%)=$$(echo $(folder)/usr/src/*/.config)) \
		$(LINUX) $(BOARD_uml) $(BUILD)/boards

.PHONY: kunit-sanitizers kunit-race kunit-rt kunit-remove pc-packages
pc-packages:
	@lab/bin/preflight $(VIRTUAL_MB) $(PC_PACKAGES)
kunit-race kunit-rt: kunit-%: $(BUILD)/pc-%/arch/x86/boot/bzImage $(BUILD)/pc-%-initramfs.cpio.gz
	@$(KUNIT) pc:$(<):$(word 2,$^)
kunit-remove: $(BUILD)/virtual-remove-modules $(BUILD)/virtual-root/init
	@$(KUNIT) $(call uml,virtual-remove)
kunit-sanitizers: kunit-race kunit-rt kunit-remove

ARCH ?= um

.PHONY: kunit kunit-um kunit-arm kunit-user
kunit: kunit-$(ARCH)
# Is the kernel new enough? Its declarations tell. Order-only, because this makes no file.
.PHONY: kunit-can-run
kunit-can-run: $(LINUX)/.unpacked
	@grep -qsw kunit_device_register $(LINUX)/include/kunit/device.h && \
	grep -qsw 'int gpiod_set_value_cansleep' $(LINUX)/include/linux/gpio/consumer.h || { \
		echo "Linux $(LINUX_VERSION) is too old for the KUnit tests, which need 6.12 or newer." >&2; \
		echo "make scenarios plays on it." >&2; exit 1; }
kunit-um kunit-arm: | kunit-can-run
KUNIT = $(PYTHON) -m bms.kunit $(LINUX)/tools/testing/kunit/kunit.py $(BUILD)/logs/$@.log
kunit-um: $(NEEDS_uml)
	@$(KUNIT) $(BOARD_uml)
kunit-arm: $(BUILD)/board-debug/arch/arm/boot/zImage $(BUILD)/kunit-initramfs.cpio.gz
	@$(KUNIT) $(call npcm750,board-debug,kunit-initramfs.cpio.gz)

# The virtual board plays in virtual time, the emulated one in real time.
BOARD ?= uml
SCENARIOS ?= $(or $(SCENARIOS_$(BOARD)),tests/scenarios)
LIMIT ?= 300
LOG ?= $(BUILD)/$@
.PHONY: scenarios
scenarios: LOG = $(BUILD)/$@-$(BOARD)
ifdef NEEDS_$(BOARD)
scenarios: $(NEEDS_$(BOARD))
	@$(PYTHON) -m bms.play --log $(LOG) --limit $(LIMIT) $(BOARD_$(BOARD)) $(SCENARIOS)
else
scenarios:
	@echo "BOARD=$(BOARD): no board of that name plays scenarios; say one of:" \
		$(patsubst NEEDS_%,%,$(filter NEEDS_%,$(.VARIABLES))) >&2
	@exit 1
endif

# Mutants of the driver around the rules; those of the rules alone are "make mutants".
COUNT ?= 24
SEED ?= 1
.PHONY: mutants-driver
mutants-driver: $(NEEDS_uml)
	@$(PYTHON) -m bms.driver_mutants --count $(COUNT) --seed $(SEED) --only "$(ONLY)" \
		--scenarios $(SCENARIOS) -- $(BOARD_uml) \
		tests/rules/equivalent-driver $(BUILD)/mutants-driver \
		$(call UML,virtual) M=$(abspath $<) W=1 KCFLAGS=-Werror CONFIG_BATTERY_SMALLBMS=m \
		$(WITH_KUNIT) modules

# Long times need a lean kernel; the short form has one with many checks, and looks for leaks.
.PHONY: soak soak-short
soak: $(BUILD)/virtual-lean-modules $(BUILD)/virtual-root/init
	@$(PYTHON) -m bms.play --log $(LOG) $(call uml,virtual-lean) tests/soak/long
soak-short: $(NEEDS_uml)
	@$(PYTHON) -m bms.play --log $(LOG) --leaks $(BOARD_uml) tests/soak/short

$(addprefix $(BUILD)/,push-pull.dtb sleeps.dtb no-heartbeat.dtb): $(NPCM750)/measured.dts

ROUNDS ?= 1
FAULTS_FILES := $(BUILD)/board-debug/arch/arm/boot/zImage $(BUILD)/faults-initramfs.cpio.gz \
	$(addprefix $(BUILD)/,measured.dtb push-pull.dtb sleeps.dtb no-heartbeat.dtb)

.PHONY: faults
faults: $(FAULTS_FILES) $(NEEDS_uml)
	@$(PYTHON) -m bms.faults --rounds $(ROUNDS) --only "$(ONLY)" $(BOARD_uml) \
		$(call npcm750,board-debug,faults-initramfs.cpio.gz) $(BUILD)/faults

# Made-up scenarios. The same seed makes the same ones.
HOURS ?= 1000
RANDOM_SCENARIOS = $(PYTHON) -m bms.random_scenarios --seed $(SEED)

.PHONY: random random-short
random: $(BUILD)/virtual-lean-modules $(BUILD)/virtual-root/init
	@$(RANDOM_SCENARIOS) --hours $(HOURS) $(call uml,virtual-lean) $(BUILD)/$@
random-short: $(NEEDS_uml)
	@$(RANDOM_SCENARIOS) --hours 20 $(BOARD_uml) $(BUILD)/$@

LOSSES ?= 1000
POWER_LOSSES = $(PYTHON) -m bms.power_losses --seed $(SEED)

.PHONY: powerloss powerloss-short
powerloss: $(BUILD)/virtual-lean-modules $(BUILD)/virtual-root/init
	@$(POWER_LOSSES) --losses $(LOSSES) $(call uml,virtual-lean) $(BUILD)/$@
powerloss-short: $(NEEDS_uml)
	@$(POWER_LOSSES) --losses 50 $(BOARD_uml) $(BUILD)/$@

.PHONY: coverage
coverage: $(BUILD)/coverage-modules $(BUILD)/virtual-root/init
	@lab/bin/preflight $(VIRTUAL_MB) gcovr
	@$(PYTHON) -m bms.coverage $(call uml,virtual,coverage) $(VIRTUAL)/uncovered \
		$(BUILD)/coverage tests/scenarios

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
	@$(call fetch,programs that build modules,kbuild,--alone --release $(STOCK_RELEASE) \
		$(@D)-kbuild 'linux-kbuild-*')
	@$(call fetch,Debian's kernel,kernel,--alone --arch arm64 --release $(STOCK_RELEASE) $(@D) \
		'linux-image-*[0-9]-arm64' 'linux-headers-*[0-9]-arm64' 'linux-headers-*[0-9]-common')
	@cp -r $(@D)-kbuild/usr/lib/linux-kbuild-* $(@D)/usr/lib
	@touch $@
$(STOCK)/player: $(VIRTUAL)/player.c | stock-packages
	@mkdir -p $(@D)
	@aarch64-linux-gnu-gcc -static -O2 -Wall -Wextra -Werror -o $@ $<
stock-kernel: $(LINUX)/.unpacked $(STOCK_DEBIAN)/.whole dkms $(STOCK)/player
	@$(PYTHON) -m bms.stock $(LINUX) $(STOCK_DEBIAN) $(BUILD)/dkms/smallbms-dkms_*_all.deb \
		$(STOCK)/player $(STOCK)
