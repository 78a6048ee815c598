/* SPDX-License-Identifier: Apache-2.0
 *
 * device_program.c - rules on devices as a program for the kernel
 */
#include "device_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSNS_HEAD 4
#define INSNS_RULE 5 /* at most */
#define INSNS_TAIL 2

enum { TYPE = BPF_REG_2, MAJOR = BPF_REG_3, MINOR = BPF_REG_4 };

/* Registers get what the kernel asks: of which type and number is the device? */
static size_t add_head(struct bpf_insn *p)
{
    static const struct {
        unsigned char reg;
        short offset;
    } loads[] = {
        {TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type)},
        {MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major)},
        {MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor)},
    };

    for (size_t i = 0; i < 3; i++)
        p[i] = (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
                                 .dst_reg = loads[i].reg,
                                 .src_reg = BPF_REG_1,
                                 .off = loads[i].offset};
    /* The upper half is the access: read, write, mknod. */
    p[3] = (struct bpf_insn){
        .code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = TYPE, .imm = 0xffff};
    return INSNS_HEAD;
}

static size_t add_answer(struct bpf_insn *p, int answer)
{
    p[0] = (struct bpf_insn){
        .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = answer};
    p[1] = (struct bpf_insn){.code = BPF_JMP | BPF_EXIT};
    return 2;
}

static size_t add_rule(struct bpf_insn *p, const struct berth_cgroup_device *rule)
{
    const struct {
        unsigned char reg;
        int32_t want;
    } tests[] = {
        {TYPE, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR},
        {MAJOR, rule->major},
        {MINOR, rule->minor},
    };
    size_t n = 0, len;

    for (size_t i = 0; i < 3; i++)
        if (tests[i].want >= 0)
            p[n++] = (struct bpf_insn){.code = BPF_JMP | BPF_JNE | BPF_K,
                                       .dst_reg = tests[i].reg,
                                       .imm = tests[i].want};
    len = n + add_answer(p + n, 1);
    /* Each test that fails leads behind this rule. */
    for (size_t i = 0; i < n; i++)
        p[i].off = (short)(len - i - 1);
    return len;
}

struct bpf_insn *device_program(const struct berth_cgroup_device *rules, size_t n,
                                size_t *ret_len)
{
    struct bpf_insn *p = calloc(INSNS_HEAD + n * INSNS_RULE + INSNS_TAIL, sizeof(*p));
    size_t len;

    if (!p)
        abort();
    len = add_head(p);
    for (size_t i = 0; i < n; i++)
        len += add_rule(p + len, &rules[i]);
    len += add_answer(p + len, 0);
    *ret_len = len;
    return p;
}

static int load(const struct berth_cgroup_device *rules, size_t n)
{
    size_t len;
    struct bpf_insn *program = device_program(rules, n, &len);
    union bpf_attr attr;
    long fd;

    memset(&attr, 0, sizeof(attr));
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.insns = (uintptr_t)program;
    attr.insn_cnt = (uint32_t)len;
    attr.license = (uintptr_t) "Apache-2.0";
    fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
    if (fd < 0)
        fd = -errno;
    free(program);
    return (int)fd;
}

int device_program_attach(int dir, const struct berth_cgroup_device *rules, size_t n)
{
    int program = load(rules, n);
    union bpf_attr attr;
    int rc = 0;

    if (program < 0)
        return program;
    memset(&attr, 0, sizeof(attr));
    attr.target_fd = (uint32_t)dir;
    attr.attach_bpf_fd = (uint32_t)program;
    attr.attach_type = BPF_CGROUP_DEVICE;
    /* Those of groups above, systemd's perhaps, go on judging. */
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)))
        rc = -errno;
    (void)close(program); /* the group holds it */
    return rc;
}

int device_program_works(void)
{
    int program = load(NULL, 0);

    if (program < 0)
        return 0;
    (void)close(program);
    return 1;
}
