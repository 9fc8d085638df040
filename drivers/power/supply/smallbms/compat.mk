# SPDX-License-Identifier: GPL-2.0-only
#
# Features of newer kernels, found by their declarations: see compat.h.

smallbms-has = $(shell grep -qsw '$(1)' $(srctree)/include/$(2) && echo -D$(3))
subdir-ccflags-y += $(call smallbms-has,charge_behaviours,linux/power_supply.h,SMALLBMS_HAS_CHARGE_BEHAVIOURS)
subdir-ccflags-y += $(call smallbms-has,devm_mutex_init,linux/mutex.h,SMALLBMS_HAS_DEVM_MUTEX_INIT)
subdir-ccflags-y += $(call smallbms-has,gpio_device_to_device,linux/gpio/driver.h,SMALLBMS_HAS_GPIO_DEVICE)
subdir-ccflags-y += $(call smallbms-has,int gpiod_set_value_cansleep,linux/gpio/consumer.h,SMALLBMS_HAS_GPIO_SET_ERROR)
subdir-ccflags-y += $(call smallbms-has,int[[:space:]]*(.set),linux/gpio/driver.h,SMALLBMS_HAS_GPIO_CHIP_SET_ERROR)
subdir-ccflags-y += $(call smallbms-has,hrtimer_setup,linux/hrtimer.h,SMALLBMS_HAS_HRTIMER_SETUP)
subdir-ccflags-y += $(call smallbms-has,hwmon_in_fault,linux/hwmon.h,SMALLBMS_HAS_HWMON_IN_FAULT)
subdir-ccflags-y += $(call smallbms-has,MODULE_INFO.import_ns. ns,linux/module.h,SMALLBMS_HAS_STRING_NS)
subdir-ccflags-y += $(call smallbms-has,POWER_SUPPLY_HEALTH_UNDERVOLTAGE,linux/power_supply.h,SMALLBMS_HAS_HEALTH_UNDERVOLTAGE)
subdir-ccflags-y += $(call smallbms-has,define __assign_str.dst.[[:space:]]*\\,trace/stages/stage6_event_callback.h,SMALLBMS_HAS_ASSIGN_STR)

subdir-ccflags-y += $(call smallbms-has,no_wakeup_source,linux/power_supply.h,SMALLBMS_HAS_NO_WAKEUP_SOURCE)

# Before 6.4, hwmon did not say that it leaves a table of channels as it is.
ifeq ($(shell grep -s 'hwmon_channel_info . const .info' $(srctree)/include/linux/hwmon.h),)
CFLAGS_hwmon.o := $(call cc-disable-warning,discarded-qualifiers) \
	$(call cc-disable-warning,incompatible-pointer-types-discards-qualifiers)
endif
