// SPDX-License-Identifier: GPL-2.0-only
/* Loads another kernel, of one instruction: a jump to itself. "kexec go" starts it. */

#include <linux/kexec.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE	4096
#define PLACE	0x1000000	/* in the memory of the board */

int main(int argc, char **argv)
{
	static uint32_t code[PAGE / sizeof(uint32_t)] = { 0xeafffffe };
	struct kexec_segment segment = {
		.buf = code,
		.bufsz = PAGE,
		.mem = (void *)PLACE,
		.memsz = PAGE,
	};

	if (argc > 1 ? reboot(RB_KEXEC) :
	    syscall(SYS_kexec_load, PLACE, 1, &segment, KEXEC_ARCH_ARM)) {
		perror(argv[0]);
		return 1;
	}
	return 0;
}
