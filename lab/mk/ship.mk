# SPDX-License-Identifier: GPL-2.0-only
#
# Recipes for people who build or ship smallbms

KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: modules modules_install
modules modules_install:
	@packaging/tools/modules '$(KDIR)' $(BUILD)/module $@

.PHONY: dkms dkms-try
dkms:
	@lab/bin/preflight 100 build-essential debhelper dh-dkms dpkg-dev lintian
	@packaging/dkms/build $(BUILD)/dkms
dkms-try: dkms
	@lab/bin/preflight 100 dkms kmod linux-headers-$(shell dpkg --print-architecture)
	@packaging/dkms/try $(BUILD)/dkms

.PHONY: export patches
patches export:
	@test -n "$(TREE)" || { echo "No TREE= is given: make $@ TREE=/path/to/linux" >&2; exit 1; }
	@$(UPSTREAM)
export: UPSTREAM = packaging/upstream/export $(TREE)
patches: UPSTREAM = packaging/upstream/patches $(TREE) $(BUILD)/patches
