# SPDX-License-Identifier: GPL-2.0-only
#
# The emulated board

NPCM750 := lab/boards/npcm750
CROSS := arm-linux-gnueabihf-
BOARD_PACKAGES := $(FETCH_PACKAGES) bc bison cpio device-tree-compiler flex gcc \
	gcc-arm-linux-gnueabihf libc6-dev libc6-dev-armhf-cross patch perl \
	python3-matplotlib python3-rich qemu-system-arm
# Kernel tree 1.7 GB, two kernels 0.3 GB each.
BOARD_MB := 3000

$(BUILD)/board/.config: $(NPCM750)/kernel.config
$(BUILD)/board-debug/.config: $(NPCM750)/kernel.config $(NPCM750)/debug.config
$(BUILD)/board-userspace/.config: $(NPCM750)/kernel.config $(NPCM750)/userspace.config
$(BUILD)/board/.config $(BUILD)/board-debug/.config $(BUILD)/board-userspace/.config: \
		$(LINUX)/.unpacked | board-packages
	$(call configure,arm,$(CROSS))

ARM = $(MAKE) -C $(LINUX) O=$(abspath $(BUILD)/$(1)) ARCH=arm CROSS_COMPILE=$(CROSS)

$(BUILD)/%/arch/arm/boot/zImage: $(BUILD)/%/.config
	@lab/bin/progress --total $(ZIMAGE_LINES_$*) "Building the kernel of the $*" \
		$(BUILD)/logs/$*.log $(call ARM,$*) -j$(JOBS) zImage modules
ZIMAGE_LINES_board := 1301
ZIMAGE_LINES_board-debug := 1600
ZIMAGE_LINES_board-userspace := 1500

$(BUILD)/board-modules: $(BUILD)/board/arch/arm/boot/zImage always
	$(call modules,$(call ARM,board))
$(BUILD)/board-userspace-modules: $(BUILD)/board-userspace/arch/arm/boot/zImage always
	$(call modules,$(call ARM,board-userspace))
$(BUILD)/board-debug-modules: $(BUILD)/board-debug/arch/arm/boot/zImage always
	$(call modules,$(call ARM,board-debug),$(WITH_KUNIT),$(VIRTUAL)/converter $(KUNIT_FOLDERS))

$(BUILD)/%.dtb: $(NPCM750)/%.dts $(NPCM750)/board.dtsi $(LINUX)/.unpacked
	@cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp -I $(NPCM750) -I $(LINUX)/include \
		-I $(LINUX)/arch/arm/boot/dts/nuvoton -I $(LINUX)/arch/arm/boot/dts $< | \
		dtc -q -I dts -O dtb -o $@ -

MEMORY_DTBS := $(addprefix $(BUILD)/,measured-memory.dtb signals-memory.dtb)
$(MEMORY_DTBS): $(BUILD)/%-memory.dtb: $(NPCM750)/%.dts $(NPCM750)/memory.dtsi

BUSYBOX := $(PACKAGES)/busybox-armhf/bin/busybox
$(PACKAGES)/busybox-%/bin/busybox: | fetch-packages
	@$(call fetch,busybox for $*,busybox-$*,--arch $* $(PACKAGES)/busybox-$* busybox-static)
	@touch $@

# The board's files with the driver, and with its KUnit tests
INITRAMFS = @$(NPCM750)/mkinitramfs $@ $< $(addprefix $(BUILD)/$(1)-modules/ko/,$(2))
$(BUILD)/%-initramfs.cpio.gz: $(BUSYBOX) $(NPCM750)/init $(NPCM750)/mkinitramfs \
		$(BUILD)/%-modules
	$(call INITRAMFS,$*,smallbms.ko)
$(BUILD)/kunit-initramfs.cpio.gz: $(BUSYBOX) $(NPCM750)/init \
		$(NPCM750)/mkinitramfs $(BUILD)/board-debug-modules
	$(call INITRAMFS,board-debug,smallbms.ko smallbms_kunit.ko smallbms-frontend.ko \
		smallbms-frontend-kunit.ko)
# The driver with a converter that obeys the test, and programs that end a kernel
ENDS := $(BUILD)/hog $(BUILD)/kexec
$(ENDS): $(BUILD)/%: $(NPCM750)/%.c | board-packages
	@$(CROSS)gcc -static -O2 -Wall -Wextra -Werror -o $@ $<
$(BUILD)/faults-initramfs.cpio.gz: $(BUSYBOX) $(NPCM750)/init \
		$(NPCM750)/mkinitramfs $(BUILD)/board-debug-modules $(ENDS)
	$(call INITRAMFS,board-debug,smallbms.ko bms_converter.ko) $(ENDS)

# Arguments: kernel, first files
npcm750 = npcm750:$(BUILD)/$(1)/arch/arm/boot/zImage:$(BUILD)/$(or $(2),$(1)-initramfs.cpio.gz):$(BUILD)
NPCM750_NEEDS = $(BUILD)/$(1)/arch/arm/boot/zImage $(BUILD)/$(1)-initramfs.cpio.gz $(BUILD)/measured.dtb
BOARD_npcm750 = $(call npcm750,board)
NEEDS_npcm750 = $(call NPCM750_NEEDS,board) $(BUILD)/signals.dtb $(MEMORY_DTBS)
# It plays in real time, so the many scenarios that each try one threshold are left out.
SCENARIOS_npcm750 = $(wildcard tests/scenarios/*.scn)
