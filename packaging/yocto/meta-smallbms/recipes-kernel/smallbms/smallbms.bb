# SPDX-License-Identifier: GPL-2.0-only
SUMMARY = "Battery management for LiFePO4 banks (smallBMS with pre-alarm)"
DESCRIPTION = "A kernel module that protects a bank of LiFePO4 batteries through a load \
disconnect, a charge disconnect and a pre-alarm output. The kernel needs CONFIG_GPIOLIB, \
CONFIG_IIO and CONFIG_POWER_SUPPLY. One without CONFIG_IIO_RESCALE gets a driver of \
dividers, shunts and temperature sensors too."
LICENSE = "GPL-2.0-only"
LIC_FILES_CHKSUM = "file://LICENSES/GPL-2.0-only.txt;md5=e6a75371ba4d16749254a51215d13f97"

inherit module

# The folder that the layer stands in.
FILESEXTRAPATHS:prepend := "${THISDIR}/../../../../..:"
SRC_URI = " \
    file://Kbuild;subdir=smallbms \
    file://drivers;subdir=smallbms \
    file://LICENSES/GPL-2.0-only.txt;subdir=smallbms \
"
# Sources are unpacked elsewhere from Yocto 5.1 on.
S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}/smallbms"

# There is a Kbuild, which the kernel's own Makefile takes.
EXTRA_OEMAKE += "-C ${STAGING_KERNEL_DIR} M=${S} CONFIG_BATTERY_SMALLBMS=m"
MAKE_TARGETS = "modules"

RPROVIDES:${PN} += "kernel-module-smallbms"
KERNEL_MODULE_AUTOLOAD += "smallbms"
