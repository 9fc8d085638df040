# SPDX-License-Identifier: GPL-2.0-only
################################################################################
#
# smallbms
#
################################################################################

# The folder that this one stands in, without its build results.
SMALLBMS_SITE = $(BR2_EXTERNAL_SMALLBMS_PATH)/../..
SMALLBMS_SITE_METHOD = local
SMALLBMS_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /build --exclude /kunit
SMALLBMS_LICENSE = GPL-2.0
SMALLBMS_LICENSE_FILES = LICENSES/GPL-2.0-only.txt
SMALLBMS_MODULE_MAKE_OPTS = CONFIG_BATTERY_SMALLBMS=m

define SMALLBMS_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_GPIOLIB)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IIO)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IIO_RESCALE)
	$(call KCONFIG_ENABLE_OPT,CONFIG_POWER_SUPPLY)
endef

$(eval $(kernel-module))
$(eval $(generic-package))
