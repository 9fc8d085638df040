# SPDX-License-Identifier: GPL-2.0-only
#
# Kernel trees and Debian packages: fetched, patched, configured; and modules built for them

# The kernel's own message would come last, after all has been fetched.
ifneq ($(words $(CURDIR)):$(findstring :,$(CURDIR)),1:)
$(error $(CURDIR): a kernel cannot be built in a folder with a blank or a colon in its path: clone to another one)
endif

# The newest is the highest that Debian has on the day. Builds for another kernel than
# the usual one stand in a folder of their own.
USUAL_KERNEL := 6.12
KERNEL ?= $(USUAL_KERNEL)
NEWEST := lab/bin/preflight 100 python3 debian-archive-keyring >&2 && \
	$(PYTHON) -m bms.debian newest linux-source-
ifeq ($(KERNEL),newest)
LINUX_VERSION := $(shell PYTHONPATH=$(PYTHONPATH); export PYTHONPATH; $(NEWEST))
$(if $(LINUX_VERSION),,$(error KERNEL=newest: its version is not known: say KERNEL=6.12 or another one))
else
LINUX_VERSION := $(KERNEL)
endif
ifeq ($(shell echo '$(subst ','\'',$(LINUX_VERSION))' | grep -xE '[1-9][0-9]*\.(0|[1-9][0-9]*)'),)
$(error KERNEL=$(KERNEL) is no kernel: say KERNEL=6.1, 6.12 or another one, or newest)
endif

BUILD := $(OUT)$(if $(filter-out $(USUAL_KERNEL),$(LINUX_VERSION)),/linux-$(LINUX_VERSION))
LINUX := $(OUT)/linux-source-$(LINUX_VERSION)
PATCHES := $(wildcard lab/boards/*/patches/*.patch)

# Packages that this Debian lacks come from another one: only unpacked, never installed.
PACKAGES := $(OUT)/packages
FETCH_PACKAGES := debian-archive-keyring python3 xz-utils
fetch = lab/bin/progress "Fetching $(1)" $(OUT)/logs/fetch-$(2).log \
	$(PYTHON) -m bms.debian unpack $(3)

.PHONY: board-packages fetch-packages
board-packages:
	@lab/bin/preflight $(BOARD_MB) $(BOARD_PACKAGES)
fetch-packages:
	@lab/bin/preflight $(BOARD_MB) $(FETCH_PACKAGES) patch

# The packed tree stays as Debian has it; the unpacked one is built, with our patches.
TARBALL := $(PACKAGES)/linux-$(LINUX_VERSION)/usr/src/linux-source-$(LINUX_VERSION).tar.xz
$(TARBALL): | fetch-packages
	@$(call fetch,Linux $(LINUX_VERSION),linux-$(LINUX_VERSION),--alone \
		$(PACKAGES)/linux-$(LINUX_VERSION) linux-source-$(LINUX_VERSION))

$(LINUX)/.unpacked: $(TARBALL) $(PATCHES)
	@rm -rf $(LINUX)
	@lab/bin/progress "Unpacking Linux $(LINUX_VERSION)" $(OUT)/logs/unpack-$(LINUX_VERSION).log \
		tar -xf $< -C $(OUT)
	@lab/bin/patch-tree $(LINUX) $(PATCHES) >$(OUT)/logs/patch-$(LINUX_VERSION).log
	@touch $@

.PHONY: tree
tree: $(LINUX)/.unpacked

# A fragment on top of allnoconfig. Kconfig drops some options silently; here that is an error.
define configure
	@mkdir -p $(@D)
	@cat $(filter %.config,$^) >$(@D)/fragment
	@$(MAKE) -s -C $(LINUX) O=$(abspath $(@D)) ARCH=$(1) CROSS_COMPILE=$(2) \
		KCONFIG_ALLCONFIG=fragment allnoconfig >$(@D)/configure.log 2>&1 || \
		{ cat $(@D)/configure.log; exit 1; }
	@lab/bin/check-config $(@D)/fragment $@
endef

# The driver and its tests are modules, so a kernel is built only once. Kbuild knows best
# which files are out of date, so it always runs. It runs in a folder of links, because it
# writes beside the sources. Arguments: make for a kernel, variables for it, folders beside the driver.
.PHONY: always
define modules
	@mkdir -p $@/ko && cp -rsf $(CURDIR)/drivers $(addprefix $(CURDIR)/,$(3)) $@
	@echo "obj-y += drivers/power/supply/smallbms/ $(addsuffix /,$(notdir $(3)))" >$@/Kbuild
	@lab/bin/progress "Building $(@F)" $(BUILD)/logs/$(@F).log \
		$(1) M=$(abspath $@) W=1 KCFLAGS=-Werror CONFIG_BATTERY_SMALLBMS=m $(2) modules
	@find $@ -path $@/ko -prune -o -name '*.ko' -exec cp -u -t $@/ko {} +
endef
# The front end is tested wherever the driver is: on ARM for its 64-bit arithmetic.
WITH_KUNIT := CONFIG_BATTERY_SMALLBMS_KUNIT_TEST=m CONFIG_IIO_RESCALE=
KUNIT_FOLDERS := kunit drivers/iio/frontend
