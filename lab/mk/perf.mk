# SPDX-License-Identifier: GPL-2.0-only
#
# How fast, small and quiet

PERF := size quiet latency cost lines reads
PERF_PROGRAMS := lab/perf/programs
PERF_PACKAGES := $(BOARD_PACKAGES) dwarves gcc-aarch64-linux-gnu valgrind
PERF_quiet := $(BUILD)/virtual-lean-modules $(BUILD)/virtual-root/init
PERF_latency := $(PERF_quiet) $(NEEDS_npcm750)
PERF_BOARD := $(BUILD)/board-userspace/arch/arm/boot/zImage $(BUILD)/perf-initramfs.cpio.gz
PERF_cost := $(PERF_BOARD) $(BUILD)/perf/step $(BUILD)/perf/count.so
PERF_lines := $(PERF_BOARD) $(BUILD)/perf.dtb
PERF_reads := $(PERF_BOARD) $(PERF_quiet) $(BUILD)/measured.dtb

# On the kernel that people's programs need, with the alternatives to the driver.
$(BUILD)/perf-modules: $(BUILD)/board-userspace/arch/arm/boot/zImage always
	$(call modules,$(call ARM,board-userspace),,$(VIRTUAL)/converter $(PERF_PROGRAMS))
$(BUILD)/perf/copy-line $(BUILD)/perf/time-reads: $(BUILD)/perf/%: $(PERF_PROGRAMS)/%.c \
		| board-packages
	@mkdir -p $(@D)
	@$(CROSS)gcc -static -O2 -Wall -Wextra -Werror -o $@ $<
$(BUILD)/perf/count.so: $(PERF_PROGRAMS)/count.c $(PERF_PROGRAMS)/marks.h \
		$(PERF_PROGRAMS)/qemu-plugin.h | board-packages
	@mkdir -p $(@D)
	@gcc -shared -fPIC -O2 -Wall -Wextra -Wno-unused-parameter -Werror -o $@ $<
$(BUILD)/perf/step: tests/rules/step.c $(addprefix drivers/power/supply/smallbms/,policy.c \
		policy.h settings.c settings.h) | board-packages
	@mkdir -p $(@D)
	@gcc -Os -g -Wall -Wextra -Werror -I$(PROOF)/include \
		-Idrivers/power/supply/smallbms -o $@ $(filter %.c,$^)
# A load, with the libraries that it needs.
HACKBENCH := $(PACKAGES)/rt-tests
$(HACKBENCH)/usr/bin/hackbench: | fetch-packages
	@$(call fetch,hackbench for the board,rt-tests,--arch armhf $(HACKBENCH) rt-tests)
	@touch $@
$(BUILD)/perf-initramfs.cpio.gz: $(BUSYBOX) \
		$(addprefix $(BUILD)/perf/,copy-line time-reads) $(HACKBENCH)/usr/bin/hackbench \
		$(NPCM750)/init $(NPCM750)/mkinitramfs $(BUILD)/perf-modules
	@$(NPCM750)/mkinitramfs $@ $< $(addprefix $(BUILD)/perf/,copy-line time-reads) \
		$(HACKBENCH)/usr/bin/hackbench $(addprefix $(HACKBENCH)/lib/arm-linux-gnueabihf/, \
		ld-linux-armhf.so.3 libc.so.6 libpthread.so.0) $(BUILD)/perf-modules/ko/*.ko

.PHONY: perf
perf: $(LINUX)/.unpacked $(foreach item,$(or $(ONLY),$(PERF)),$(PERF_$(item)))
	@lab/bin/preflight $(BOARD_MB) $(PERF_PACKAGES)
	@$(PYTHON) -m perf --only "$(ONLY)" $(if $(TRIALS),--trials $(TRIALS)) $(LINUX) \
		lab/checks/any-kernel.config $(call uml,virtual-lean) $(BOARD_npcm750) \
		$(call npcm750,board-userspace,perf-initramfs.cpio.gz) $(BUILD)/perf
