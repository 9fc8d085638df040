# SPDX-License-Identifier: GPL-2.0-only
#
# The virtual board

VIRTUAL := lab/boards/uml
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
	@lab/bin/progress --total 735 "Building the kernel of the $* board" \
		$(BUILD)/logs/$*.log $(call UML,$*) -j$(JOBS) linux modules

VIRTUAL_MODULES = $(call modules,$(call UML,$(1)),$(WITH_KUNIT) $(2),$(VIRTUAL)/converter \
	$(VIRTUAL)/expander $(VIRTUAL)/memory $(VIRTUAL)/chips $(VIRTUAL)/rescale $(KUNIT_FOLDERS))
$(addsuffix -modules,$(VIRTUALS)): $(BUILD)/%-modules: $(BUILD)/%/linux always
	$(call VIRTUAL_MODULES,$*)
# They count which lines and branches are run. Inlined, each copy would be counted apart, and
# the checks of UBSAN would count as branches.
$(BUILD)/coverage-modules: $(BUILD)/virtual/linux always
	$(call VIRTUAL_MODULES,virtual,GCOV_PROFILE=y UBSAN_SANITIZE=n KCFLAGS=-fno-inline)

$(BUILD)/virtual-root/init: $(VIRTUAL)/player.c | virtual-packages
	@mkdir -p $(addprefix $(@D)/,dev proc sys run lib)
	@gcc -static -O2 -Wall -Wextra -Werror -o $@ $<

# Arguments: kernel, modules
uml = uml:$(BUILD)/$(1)/linux:$(BUILD)/$(or $(2),$(1))-modules/ko:$(BUILD)/virtual-root
BOARD_uml = $(call uml,virtual)
NEEDS_uml := $(BUILD)/virtual-modules $(BUILD)/virtual-root/init

# Overlays as they are, on models of the chips that they name
dts = cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp -I $(LINUX)/include $(1) | \
	dtc -q -@ -I dts -O dtb -o $(2) -
$(BUILD)/overlaid/%.dtb: Documentation/boards/%.dtso $(VIRTUAL)/models.dts $(LINUX)/.unpacked | virtual-packages
	@mkdir -p $(@D)
	@$(call dts,$(VIRTUAL)/models.dts,$(@D)/base.dtb) && $(call dts,$<,$@o) && \
		fdtoverlay -i $(@D)/base.dtb -o $@ $@o

# Argument: name
overlaid = $(1):$(BUILD)/virtual/linux:$(BUILD)/virtual-modules/ko:$(BUILD)/virtual-root:$(BUILD)/overlaid/$(1).dtb
OVERLAID_NEEDS = $(NEEDS_uml) $(BUILD)/overlaid/$(1).dtb

# The models themselves
$(BUILD)/chips.dtb: $(VIRTUAL)/chips.dts $(VIRTUAL)/models.dts $(LINUX)/.unpacked | virtual-packages
	@$(call dts,$<,$@)
.PHONY: chips
chips: $(NEEDS_uml) $(BUILD)/chips.dtb
	@$(PYTHON) -m boards.uml.chips $(BOARD_uml) $(BUILD)/chips.dtb $(BUILD)/chips
