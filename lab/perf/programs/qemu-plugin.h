/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of QEMU's own qemu-plugin.h that is used here; no package of Debian 12 has it. QEMU
 * refuses a plugin whose version it does not know.
 */

#ifndef __QEMU_PLUGIN_H
#define __QEMU_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*qemu_plugin_translated_t)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_executed_t)(unsigned int cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_plugin_translated_t cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_plugin_executed_t cb,
					  enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    qemu_plugin_executed_t cb,
					    enum qemu_plugin_cb_flags flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

#endif /* __QEMU_PLUGIN_H */
