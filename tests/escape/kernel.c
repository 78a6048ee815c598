/* SPDX-License-Identifier: Apache-2.0
 *
 * kernel.c - what the kernel does for root alone, and keys, and terminals
 *
 * Calls are made so that they change nothing where they are allowed: with a value
 * that was read, or with arguments that are looked at after the permission.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

/* A refusal with 'past' comes after the permission was given. */
static struct finding judge_past(long rc, int past, const char *what)
{
    return rc < 0 && errno != past ? refused(what) : escaped("%s", what);
}

static struct finding module(const char *argument)
{
    char nothing[64] = "";

    (void)argument;
    return judge_past(syscall(SYS_init_module, nothing, sizeof(nothing), ""), ENOEXEC,
                      "load a module");
}

static struct finding bpf(const char *argument)
{
    struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
                              {.code = BPF_JMP | BPF_EXIT}};
    union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                           .insn_cnt = 2,
                           .insns = (unsigned long)code,
                           .license = (unsigned long)"GPL"};

    (void)argument;
    return judge(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)),
                 "load a bpf program");
}

static struct finding fault(const char *argument)
{
    (void)argument;
    return judge(syscall(SYS_userfaultfd, O_CLOEXEC),
                 "handle the kernel's page faults");
}

/* All that runs on a processor, whosever it is. */
static struct finding perf(const char *argument)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
                                   .size = sizeof(attr),
                                   .config = PERF_COUNT_SW_CPU_CLOCK};

    (void)argument;
    return judge(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0),
                 "watch a processor");
}

static struct finding kernel_log(const char *argument)
{
    char text[4096];

    (void)argument;
    return judge(klogctl(3, text, sizeof(text)), "read the kernel's log");
}

/* The magic numbers, wrong ones, are looked at after the permission. */
static struct finding reboot_host(const char *argument)
{
    (void)argument;
    return judge_past(syscall(SYS_reboot, 0, 0, 0, NULL), EINVAL, "reboot");
}

static struct finding set_clock(const char *argument)
{
    struct timex now = {.modes = 0};

    (void)argument;
    if (adjtimex(&now) < 0)
        return refused("adjtimex");
    now.modes = ADJ_TICK;
    return judge(adjtimex(&now), "set the clock");
}

static struct finding swap(const char *argument)
{
    (void)argument;
    return judge_past(swapoff("/nonexistent"), ENOENT, "swapoff");
}

static struct finding accounting(const char *argument)
{
    (void)argument;
    return judge_past(acct("/nonexistent"), ENOENT, "acct");
}

static struct finding raw_socket(const char *argument)
{
    (void)argument;
    return judge(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1), "open a raw socket");
}

static struct finding packet_socket(const char *argument)
{
    (void)argument;
    return judge(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open a packet socket");
}

#if defined(__x86_64__)
static struct finding ports(const char *argument)
{
    (void)argument;
    return judge(syscall(SYS_iopl, 3), "use I/O ports");
}
#endif

/* A key that whoever started the node has in his session, by its name. */
static struct finding key(const char *name)
{
    return judge(
        syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", name, 0),
        "find a key of the host");
}

int run_with_key(const char *name, char **argv)
{
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "probe") < 0 ||
        syscall(SYS_add_key, "user", name, "secret", 6, KEY_SPEC_SESSION_KEYRING) < 0) {
        perror("probe: add a key");
        return 1;
    }
    (void)execvp(argv[0], argv);
    perror(argv[0]);
    return 127;
}

/* Type into a terminal that others read: stdin's, or the controlling one. */
static struct finding type_ahead(const char *argument)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    char c = '\n';

    (void)argument;
    if (fd < 0)
        return held("no terminal: %s", strerror(errno));
    return judge(ioctl(fd, TIOCSTI, &c), "type into the terminal");
}

const struct probe kernel_probes[] = {
    {"module", module},
    {"bpf", bpf},
    {"fault", fault},
    {"perf", perf},
    {"kernel-log", kernel_log},
    {"reboot", reboot_host},
    {"clock", set_clock},
    {"swap", swap},
    {"accounting", accounting},
    {"raw-socket", raw_socket},
    {"packet-socket", packet_socket},
#if defined(__x86_64__)
    {"ports", ports},
#endif
    {"key", key},
    {"type-ahead", type_ahead},
    {NULL, NULL},
};
