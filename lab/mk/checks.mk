# SPDX-License-Identifier: GPL-2.0-only
#
# Checks of the sources and of the packages: lint, documents, builds for many kernels

# Compiled against a kernel, not into one: modules_prepare is enough.
LINT_PACKAGES := $(VIRTUAL_PACKAGES) codespell flake8 git reuse shellcheck sparse
CLANG_PACKAGES := clang clang-tidy coccinelle libelf-dev lld llvm ocaml-nox

.PHONY: lint lint-short lint-packages clang-packages
lint-packages:
	@lab/bin/preflight $(VIRTUAL_MB) $(LINT_PACKAGES)
clang-packages:
	@lab/bin/preflight $(VIRTUAL_MB) $(CLANG_PACKAGES)

$(BUILD)/clang/.config: lab/checks/any-kernel.config $(LINUX)/.unpacked | clang-packages
	$(call configure,x86_64 LLVM=1)
$(BUILD)/clang/Module.symvers: $(BUILD)/clang/.config | clang-packages
	@lab/bin/progress "Preparing a kernel for clang" $(BUILD)/logs/clang.log \
		$(MAKE) -C $(LINUX) O=$(abspath $(@D)) ARCH=x86_64 LLVM=1 -j$(JOBS) modules_prepare
	@touch $@

LINT = @lab/checks/lint $(LINUX) $(BUILD)/virtual $(BUILD)/lint
lint: $(BUILD)/virtual/linux $(BUILD)/clang/Module.symvers | lint-packages
	$(LINT) $(BUILD)/clang
# The same, without clang and coccinelle.
lint-short: $(BUILD)/virtual/linux | lint-packages
	$(LINT)

.PHONY: docs
docs: $(LINUX)/.unpacked
	@lab/bin/preflight $(VIRTUAL_MB) gcc graphviz libc6-dev perl python3-myst-parser \
		python3-sphinx python3-sphinx-rtd-theme
	@lab/docs/build $(LINUX) $(BUILD)/docs

.PHONY: matrix
MATRIX_PACKAGES := $(VIRTUAL_PACKAGES) $(CLANG_PACKAGES) gcc-aarch64-linux-gnu \
	gcc-arm-linux-gnueabihf gcc-powerpc-linux-gnu gcc-riscv64-linux-gnu pahole
# Each kernel, architecture and compiler 50 MB, each tree 1.7 GB, headers 0.5 GB.
matrix: $(LINUX)/.unpacked
	@lab/bin/preflight 10000 $(MATRIX_PACKAGES)
	@newest=$$($(NEWEST)) && for version in 6.1 $$newest; do \
		$(MAKE) tree KERNEL=$$version || exit 1; \
	done && $(PYTHON) -m bms.matrix --only "$(ONLY)" --config lab/checks/any-kernel.config \
		$(BUILD)/matrix $(LINUX) $(OUT)/linux-source-6.1 $(OUT)/linux-source-$$newest

.PHONY: packaging
packaging: $(BUILD)/virtual/linux
	@lab/bin/preflight $(VIRTUAL_MB) kmod rsync
	@lab/checks/packaging $(LINUX) $(BUILD)/virtual $(BUILD)/packaging

# A tree without patches, unpacked anew each time
.PHONY: upstream
upstream: $(TARBALL)
	@lab/bin/preflight 4000 $(LINT_PACKAGES) graphviz python3-sphinx python3-sphinx-rtd-theme
	@rm -rf $(BUILD)/upstream && mkdir -p $(BUILD)/upstream
	@lab/bin/progress "Unpacking Linux $(LINUX_VERSION)" $(BUILD)/logs/upstream.log \
		tar -xf $(TARBALL) -C $(BUILD)/upstream
	@lab/checks/upstream $(BUILD)/upstream/linux-source-$(LINUX_VERSION) $(BUILD)/upstream
