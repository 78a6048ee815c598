/* SPDX-License-Identifier: Apache-2.0
 *
 * device_program.h - rules on devices as a program for the kernel
 *
 * Version 2 has no list of devices: a BPF program is asked at each open and mknod.
 */
#ifndef BERTH_CGROUP_V2_DEVICE_PROGRAM_H
#define BERTH_CGROUP_V2_DEVICE_PROGRAM_H

#include <berth/cgroup.h>
#include <linux/bpf.h>

/* The program that says yes to what one of the rules names, and no to all else: a
 * heap array, the caller's (pure). */
struct bpf_insn *device_program(const struct berth_cgroup_device *rules, size_t n,
                                size_t *ret_len);
/* Load it and let it judge for the group that 'dir' is open on. 0 or -Exxx. */
int device_program_attach(int dir, const struct berth_cgroup_device *rules, size_t n);
/* Whether this kernel has such programs, and lets us load them. */
int device_program_works(void);

#endif
