# SPDX-License-Identifier: GPL-2.0-only
#
# The emulated PC

PC := lab/boards/pc
# The other boards have neither KCSAN nor PREEMPT_RT.
PC_PACKAGES = $(VIRTUAL_PACKAGES) cpio libelf-dev qemu-system-x86
$(BUILD)/pc-race/.config: $(PC)/kernel.config $(PC)/race.config
$(BUILD)/pc-rt/.config: $(PC)/kernel.config $(PC)/rt.config
$(BUILD)/pc-race/.config $(BUILD)/pc-rt/.config: $(LINUX)/.unpacked | pc-packages
	$(call configure,x86_64,)
PC_MAKE = $(MAKE) -C $(LINUX) O=$(abspath $(BUILD)/pc-$(1)) ARCH=x86_64
$(BUILD)/pc-%/arch/x86/boot/bzImage: $(BUILD)/pc-%/.config
	@lab/bin/progress --total 1300 "Building the kernel of the pc, $*" \
		$(BUILD)/logs/pc-$*.log $(call PC_MAKE,$*) -j$(JOBS) bzImage modules
$(BUILD)/pc-race-modules $(BUILD)/pc-rt-modules: $(BUILD)/pc-%-modules: \
		$(BUILD)/pc-%/arch/x86/boot/bzImage always
	$(call modules,$(call PC_MAKE,$*),$(WITH_KUNIT),$(KUNIT_FOLDERS))
$(BUILD)/pc-%-initramfs.cpio.gz: $(PACKAGES)/busybox-amd64/bin/busybox $(NPCM750)/init $(NPCM750)/mkinitramfs \
		$(BUILD)/pc-%-modules
	$(call INITRAMFS,pc-$*,smallbms.ko smallbms_kunit.ko)
