# SPDX-License-Identifier: GPL-2.0-only
#
# The rules alone, in user space: attacked, changed and proved

# The sources are the driver's own; tests/rules/include stands in for the kernel's headers.
DRIVER := drivers/power/supply/smallbms
FRONTEND := drivers/iio/frontend
PROOF := tests/rules
FUZZ := $(BUILD)/fuzz
FUZZ_PACKAGES := clang gcc libc6-dev libclang-rt-dev llvm python3
USER_FLAGS := -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
	-I$(PROOF)/include -I$(DRIVER) -I$(FRONTEND) -Ikunit -Ikunit/frontend
USER_SOURCES := $(addprefix $(DRIVER)/,policy.c settings.c)
RECORD := $(DRIVER)/record.c
USER_HEADERS := $(wildcard $(PROOF)/*.h $(PROOF)/include/*/*.h $(PROOF)/include/*/*/*.h \
	$(DRIVER)/*.h $(FRONTEND)/*.h kunit/*.h kunit/*/*.h)
KUNIT_SOURCES := $(PROOF)/kunit.c $(FRONTEND)/circuit.c \
	$(addprefix kunit/,policy_kunit.c record_kunit.c settings_kunit.c frontend/circuit_kunit.c) \
	$(RECORD)
HISTORY_SOURCES := $(PROOF)/history.c $(PROOF)/oracle.c $(RECORD)

.PHONY: fuzz fuzz-short fuzz-packages
fuzz-packages:
	@lab/bin/preflight 300 $(FUZZ_PACKAGES)

$(FUZZ)/kunit: $(KUNIT_SOURCES) $(USER_SOURCES) $(USER_HEADERS) | fuzz-packages
	@mkdir -p $(@D)
	@gcc $(USER_FLAGS) -o $@ $(filter %.c,$^)
$(FUZZ)/replay: $(PROOF)/replay.c $(HISTORY_SOURCES) $(USER_SOURCES) $(USER_HEADERS) | fuzz-packages
	@mkdir -p $(@D)
	@gcc $(USER_FLAGS) -o $@ $(filter %.c,$^)
# Without sanitizers: with them the oracle, which always looks back, would take most of the time.
$(FUZZ)/oracle.o: $(PROOF)/oracle.c $(USER_HEADERS) | fuzz-packages
	@mkdir -p $(@D)
	@clang $(USER_FLAGS) -c -o $@ $<
# The depth of the stack is no feature, because it differs from run to run.
$(FUZZ)/attack: $(PROOF)/fuzz.c $(PROOF)/history.c $(RECORD) $(FUZZ)/oracle.o $(USER_SOURCES) $(USER_HEADERS)
	@clang $(USER_FLAGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-coverage=stack-depth \
		-o $@ $(filter %.c %.o,$^)

kunit-user: $(FUZZ)/kunit
	@$<

FUZZ_FILES := $(FUZZ)/attack $(FUZZ)/replay
MINUTES ?= 10
fuzz: $(FUZZ_FILES)
	@$(PYTHON) -m bms.fuzz --minutes $(MINUTES) $(FUZZ) $(PROOF)/corpus
fuzz-short: $(FUZZ_FILES)
	@$(PYTHON) -m bms.fuzz $(FUZZ) $(PROOF)/corpus

.PHONY: mutants
mutants: fuzz-short
	@$(PYTHON) -m bms.mutants $(DRIVER) $(PROOF) $(BUILD)/mutants $(FUZZ)/seed-*/new

# The policy as the driver compiles it, with contracts beside it. A prover that does not
# prove a goal in a second hardly ever does so in a minute.
PROVE := $(BUILD)/prove
WP := -wp -wp-model Typed+Caveat -wp-check-memory-model -wp-rte -warn-unsigned-overflow \
	-no-warn-invalid-bool -wp-prover cvc4,z3 -wp-timeout 60 -wp-par 1
# Loops have constant bounds, of six at most; the condition is checked once more.
FRAMA_C := frama-c -c11 -machdep gcc_x86_64 -ulevel 7 -cpp-frama-c-compliant -cpp-command \
	"gcc -E -C -x c -I$(PROOF)/include -I$(DRIVER)"

# Debian 13 has no Frama-C: on any Debian it runs on the files of Debian 12.
FRAMA_ROOT := $(PACKAGES)/frama-c
IN_FRAMA_ROOT := bwrap --bind $(abspath $(FRAMA_ROOT)) / --dev /dev --proc /proc --tmpfs /tmp \
	--bind $(CURDIR) $(CURDIR) --chdir $(CURDIR) --setenv HOME $(abspath $(PROVE))
$(FRAMA_ROOT)/bin/sh: | fetch-packages
	@$(call fetch,Frama-C,frama-c,--release bookworm $(FRAMA_ROOT) frama-c-base why3 cvc4 z3 \
		gcc libc6-dev bash coreutils dash)
	@ln -sf dash $@

# Debian 12 has no CBMC, and only sid has Bitwuzla. Bitwuzla finds in seconds that two products
# of the same values are equal; solvers that see single bits need hours. CBMC compiles with the
# machine's own gcc.
CBMC_ROOT := $(PACKAGES)/cbmc
CBMC_PROGRAMS := bitwuzla cbmc
$(CBMC_ROOT)/wrapped/bitwuzla: lab/bin/foreign | fetch-packages
	@$(call fetch,CBMC,cbmc,--release sid --alone $(CBMC_ROOT) $(CBMC_PROGRAMS) \
		libbitwuzla0 libc6 libgcc-s1 libgmp10 libstdc++6 minisat zlib1g)
	@lab/bin/foreign $(CBMC_ROOT) $(CBMC_PROGRAMS)

# kernel.h has all that the harnesses of pins.c need of the kernel; other headers are empty.
KERNEL_HEADERS := $(filter-out $(patsubst $(PROOF)/include/%,%,$(shell find $(PROOF)/include -name '*.h')), \
	$(shell sed -n 's/^\#include <\(.*\)>/\1/p' $(addprefix $(DRIVER)/,act.c compat.h sense.c smallbms.h)))

.PHONY: prove
prove: $(FRAMA_ROOT)/bin/sh $(CBMC_ROOT)/wrapped/bitwuzla
	@lab/bin/preflight 2500 bubblewrap gcc libc6-dev python3 z3
	@mkdir -p $(PROVE) $(BUILD)/logs $(sort $(dir $(addprefix $(PROVE)/include/,$(KERNEL_HEADERS))))
	@touch $(addprefix $(PROVE)/include/,$(KERNEL_HEADERS))
	@$(IN_FRAMA_ROOT) why3 config detect >$(BUILD)/logs/why3.log 2>&1 || \
		{ tail -n 3 $(BUILD)/logs/why3.log; exit 1; }
	@PATH=$(abspath $(CBMC_ROOT))/wrapped:$$PATH $(PYTHON) -m bms.prove \
		--harnesses $(PROOF)/pins.c --harnesses $(PROOF)/steps.c \
		--flags "-I$(PROOF)/include -I$(PROVE)/include -I$(DRIVER)" \
		$(PROVE) $(IN_FRAMA_ROOT) $(FRAMA_C) $(WP) $(PROOF)/policy.acsl
