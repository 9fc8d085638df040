# SPDX-License-Identifier: GPL-2.0-only
#
# How fast, small and quiet

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
	@gcc -Os -g -Wall -Wextra -Werror -I$(PROOF)/include \
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
bench: $(LINUX)/.unpacked $(foreach item,$(or $(ONLY),$(BENCH)),$(BENCH_$(item)))
	@lab/bin/preflight $(BOARD_MB) $(BENCH_PACKAGES)
	@$(PYTHON) -m bms.bench --only "$(ONLY)" $(if $(TRIALS),--trials $(TRIALS)) $(LINUX) \
		lab/checks/any-kernel.config $(BUILD) $(BUILD)/bench
