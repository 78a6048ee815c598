/* SPDX-License-Identifier: Apache-2.0
 *
 * seccomp_filter.c - compile, keep and install filters of system calls
 *
 * The default filter lets through what is known and not in its tables. A call
 * that is newer than this file does not exist (ENOSYS), and programs fall back; so
 * the kernel's next mount API is not open because nobody has heard of it yet.
 * What MPI and its tools need is known: process_vm_*, ptrace, kcmp, shm*, memfd,
 * mbind, move_pages, mlock, perf_event_open, sched_setaffinity.
 */
#include "container/seccomp_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

/* The last call that was looked at (file_setattr). All architectures number new
 * calls alike. */
#define LAST_KNOWN_CALL 469
#define X32_CALL 0x40000000u

static const char *const forbidden[] = {
    /* Mounts: the root is finished before a task starts. */
    "mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "setns",
    /* Files by handle reach past the root; quotas and accounts are the node's. */
    "open_by_handle_at", "quotactl", "quotactl_fd", "acct", "swapon", "swapoff",
    /* Keys are not divided by namespaces. */
    "add_key", "keyctl", "request_key",
    /* The kernel itself. */
    "bpf", "create_module", "delete_module", "finit_module", "get_kernel_syms",
    "init_module", "kexec_file_load", "kexec_load", "lookup_dcookie", "nfsservctl",
    "query_module", "reboot", "syslog", "uselib", "userfaultfd", "vhangup",
    /* The machine. */
    "clock_settime", "clock_settime64", "ioperm", "iopl", "settimeofday", "stime",
    "vm86", "vm86old", NULL};

/* Programs have another way, and take it when a call does not exist. clone3's
 * flags are in memory, where a filter cannot look; work given to io_uring would
 * pass by every filter. */
static const char *const absent[] = {"_sysctl",
                                     "clone3",
                                     "io_uring_enter",
                                     "io_uring_register",
                                     "io_uring_setup",
                                     "modify_ldt",
                                     "sysfs",
                                     "ustat",
                                     NULL};

/* By number where libseccomp may not know the name: open_tree_attr. */
static const int forbidden_numbers[] = {467};

static const uint32_t namespaces[] = {CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                      CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
                                      CLONE_NEWCGROUP};
/* And CLONE_NEWTIME, a bit that in clone's flags belongs to the signal sent at the
 * end. */
static const uint32_t all_namespaces[] = {0x80 | CLONE_NEWUSER | CLONE_NEWNS |
                                          CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                                          CLONE_NEWNET | CLONE_NEWCGROUP};

/* Local, IPv4 and 6, netlink, and what fabrics speak. Other protocols had many of
 * the kernel's holes. */
static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK,
                                    AF_RDS,  AF_IB,   AF_SMC,   AF_UNSPEC};

/* They put characters into a terminal's input, for its owner's shell to read. */
static const uint32_t terminal_tricks[] = {TIOCSTI, TIOCLINUX};

#if defined(__s390__)
#define CLONE_FLAGS_ARG 1
#else
#define CLONE_FLAGS_ARG 0
#endif

/* Calls that are judged by an argument. The kernel looks at the lower half of these
 * only, and so do we. */
static const struct argument_rule {
    int nr;
    unsigned int arg;
    enum { REFUSE_BITS, REFUSE_VALUES, REFUSE_OTHERS } how;
    const uint32_t *values;
    unsigned int n;
    int code;
} argument_rules[] = {
    {SCMP_SYS(clone), CLONE_FLAGS_ARG, REFUSE_BITS, namespaces, 1, EPERM},
    {SCMP_SYS(unshare), 0, REFUSE_BITS, all_namespaces, 1, EPERM},
    {SCMP_SYS(socket), 0, REFUSE_OTHERS, families, ARRAY_SIZE(families), EAFNOSUPPORT},
    {SCMP_SYS(ioctl), 1, REFUSE_VALUES, terminal_tricks, ARRAY_SIZE(terminal_tricks),
     EPERM},
};

static void release_context(scmp_filter_ctx *ctx)
{
    seccomp_release(*ctx);
}

void seccomp_filter_free(struct seccomp_filter *filter)
{
    if (filter)
        free(filter->code);
    free(filter);
}

void seccomp_filter_freep(struct seccomp_filter **filter)
{
    seccomp_filter_free(*filter);
}

/* ------------------------------------------------------------------- tables */

/* A call that this architecture does not have needs no rule. */
static int refuse_all(scmp_filter_ctx ctx, int code, const char *const *names)
{
    for (; *names; names++) {
        int nr = seccomp_syscall_resolve_name(*names);
        int rc = nr < 0 ? 0 : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(code), nr, 0);

        if (rc)
            return rc;
    }
    return 0;
}

/* The kernel looks at the lower half of these arguments only, and so do we. */
static int refuse_low_half(scmp_filter_ctx ctx, int code, int nr, unsigned int arg,
                           uint32_t mask, uint32_t value)
{
    return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(code), nr, 1,
                            SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, value));
}

static int add_default_rules(scmp_filter_ctx ctx)
{
    int rc;

    /* Another architecture's calls (32 bit on a 64 bit kernel) have other
     * numbers: none of the tables would hold. */
    if ((rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) ||
        (rc = refuse_all(ctx, EPERM, forbidden)) ||
        (rc = refuse_all(ctx, ENOSYS, absent)))
        return rc;
    for (size_t i = 0; i < ARRAY_SIZE(forbidden_numbers) && !rc; i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), forbidden_numbers[i], 0);
    return rc;
}

static int add_fake_rules(scmp_filter_ctx ctx)
{
    static const char *const owners[] = {
        "chown",      "chown32",     "fchown",     "fchown32",    "fchownat",
        "lchown",     "lchown32",    "setuid",     "setuid32",    "setgid",
        "setgid32",   "setreuid",    "setreuid32", "setregid",    "setregid32",
        "setresuid",  "setresuid32", "setresgid",  "setresgid32", "setfsuid",
        "setfsuid32", "setfsgid",    "setfsgid32", "setgroups",   "setgroups32",
        "capset",     NULL};
    static const unsigned int devices[] = {S_IFCHR, S_IFBLK};
    int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);

    if (!rc)
        rc = refuse_all(ctx, 0, owners);
    for (size_t i = 0; i < ARRAY_SIZE(devices) && !rc; i++) {
        rc = refuse_low_half(ctx, 0, SCMP_SYS(mknodat), 2, S_IFMT, devices[i]);
        if (!rc && SCMP_SYS(mknod) > 0)
            rc = refuse_low_half(ctx, 0, SCMP_SYS(mknod), 1, S_IFMT, devices[i]);
    }
    return rc;
}

/* ---------------------------------------------------------------- compiling */

static int read_code(int fd, struct seccomp_filter **ret, struct err *err)
{
    cleanup(freep) char *bytes = NULL;
    size_t len, n;
    int rc;

    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "read a filter");
    rc = io_read_fd(fd, BPF_MAXINSNS * sizeof(struct sock_filter), &bytes, &len, NULL);
    n = rc ? 0 : len / sizeof(struct sock_filter);
    if (rc == -EFBIG)
        return err_set(err, E2BIG, "more rules than the kernel takes in one filter");
    if (rc || !n)
        return err_sys(err, rc ? -rc : EIO, "read a filter");
    *ret = xmalloc(sizeof(**ret));
    (*ret)->n = (unsigned short)n;
    (*ret)->code = xmemdup(bytes, n * sizeof(struct sock_filter));
    return 0;
}

int seccomp_filter_export(scmp_filter_ctx ctx, struct seccomp_filter **ret,
                          struct err *err)
{
    cleanup(closep) int fd = memfd_create("seccomp", MFD_CLOEXEC);
    int rc = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);

    if (rc)
        return err_sys(err, -rc, "compile a filter of system calls");
    return read_code(fd, ret, err);
}

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_HALF 4
#else
#define LOW_HALF 0
#endif

struct code {
    struct sock_filter *v;
    unsigned short n;
};

static void emit(struct code *code, struct sock_filter one)
{
    code->v[code->n++] = one;
}

/* Decide a call by its argument; any other call goes on behind this:
 *
 *     is it the call? no: skip all
 *     load the argument; n tests, each jumps to "then"
 *     else: pass or refuse
 *     then: refuse or pass
 */
static void emit_rule(struct code *code, const struct argument_rule *rule)
{
    uint32_t refuse = SECCOMP_RET_ERRNO | (uint32_t)rule->code;
    bool is_list_of_good = rule->how == REFUSE_OTHERS;
    unsigned int test = rule->how == REFUSE_BITS ? BPF_JSET : BPF_JEQ;
    size_t at = offsetof(struct seccomp_data, args) + rule->arg * 8 + LOW_HALF;

    emit(code,
         (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->nr, 0,
                                      (uint8_t)(rule->n + 3)));
    emit(code, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)at));
    for (unsigned int i = 0; i < rule->n; i++)
        emit(code, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, rule->values[i],
                                                (uint8_t)(rule->n - i), 0));
    emit(code, (struct sock_filter)BPF_STMT(
                   BPF_RET | BPF_K, is_list_of_good ? refuse : SECCOMP_RET_ALLOW));
    emit(code, (struct sock_filter)BPF_STMT(
                   BPF_RET | BPF_K, is_list_of_good ? SECCOMP_RET_ALLOW : refuse));
}

/* Put before the filter: of this architecture's own calls, those past the last
 * known one do not exist, and some are judged by an argument. Other
 * architectures' calls, and x32's, kill. By hand, because libseccomp compares whole
 * arguments, and makes several times as much of it; the kernel translates the
 * filter anew for each container. */
static void put_head(struct seccomp_filter *filter)
{
    const struct sock_filter calls[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_CALL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_KNOWN_CALL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };
    const struct sock_filter arch[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct code code = {.v = xcalloc(filter->n + 128u, sizeof(*code.v))};

    for (size_t i = 0; i < ARRAY_SIZE(arch); i++)
        emit(&code, arch[i]);
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
        emit(&code, calls[i]);
    for (size_t i = 0; i < ARRAY_SIZE(argument_rules); i++)
        if (argument_rules[i].nr >= 0)
            emit_rule(&code, &argument_rules[i]);
    memcpy(code.v + code.n, filter->code, filter->n * sizeof(*code.v));
    free(filter->code);
    filter->code = code.v;
    filter->n = (unsigned short)(filter->n + code.n);
}

static int compile(int add_rules(scmp_filter_ctx ctx), struct seccomp_filter **ret,
                   struct err *err)
{
    cleanup(release_context) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int rc = ctx ? 0 : -ENOMEM;

    /* A binary tree over the numbers: the kernel asks it about each of them when
     * it is installed. */
    if (!rc)
        rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!rc)
        rc = add_rules(ctx);
    if (rc)
        return err_sys(err, -rc, "compile a filter of system calls");
    return seccomp_filter_export(ctx, ret, err);
}

int seccomp_filter_default(const struct seccomp_filter **ret, struct err *err)
{
    static struct seccomp_filter *kept;
    cleanup(seccomp_filter_freep) struct seccomp_filter *filter = NULL;

    if (!kept) {
        int rc = compile(add_default_rules, &filter, err);

        if (rc)
            return rc;
        put_head(filter);
        kept = take(filter);
    }
    *ret = kept;
    return 0;
}

int seccomp_filter_fake_ids(const struct seccomp_filter **ret, struct err *err)
{
    static struct seccomp_filter *kept;
    int rc = kept ? 0 : compile(add_fake_rules, &kept, err);

    if (!rc)
        *ret = kept;
    return rc;
}

int seccomp_filter_install(const struct seccomp_filter *filter, struct err *err)
{
    struct sock_fprog prog = {.len = filter->n, .filter = filter->code};

    /* SPEC_ALLOW: a filter alone is no reason to slow down loads for fear of
     * what they might speculate on. */
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                &prog))
        return err_sys(err, errno, "install the filter of system calls");
    return 0;
}
