/* SPDX-License-Identifier: Apache-2.0
 *
 * squashfs.c - the process that a squashfs is read in, and its cage
 */
#include "image/squashfs.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sanitize.h"

#define MEMORY_MAX (UINT64_C(2) << 30)

struct squashfs_tar {
    pid_t pid;
    struct err *words; /* shared with the process */
};

bool squashfs_is_one(const void *bytes, size_t len)
{
    return len >= 4 && memcmp(bytes, "hsqs", 4) == 0;
}

/* What reading one open file and writing to one open socket takes. */
static int allow_little(void)
{
    static const int calls[] = {
        SCMP_SYS(read),         SCMP_SYS(pread64),    SCMP_SYS(write),
        SCMP_SYS(sendto),       SCMP_SYS(mmap),       SCMP_SYS(munmap),
        SCMP_SYS(mremap),       SCMP_SYS(brk),        SCMP_SYS(madvise),
        SCMP_SYS(futex),        SCMP_SYS(lseek),      SCMP_SYS(fstat),
        SCMP_SYS(newfstatat),   SCMP_SYS(getrandom),  SCMP_SYS(clock_gettime),
        SCMP_SYS(rt_sigreturn), SCMP_SYS(exit_group), SCMP_SYS(exit),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int r = filter ? 0 : -ENOMEM;

    for (size_t i = 0; i < ARRAY_SIZE(calls) && r == 0; i++)
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}

/* Sanitizers map terabytes and make calls of their own. */
static int lock_in(void)
{
#if HAS_ADDRESS_SANITIZER || HAS_THREAD_SANITIZER
    return 0;
#else
    const struct rlimit memory = {.rlim_cur = MEMORY_MAX, .rlim_max = MEMORY_MAX};
    const struct rlimit none = {0};

    if (setrlimit(RLIMIT_AS, &memory) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    return allow_little();
#endif
}

__attribute__((noreturn)) static void serve(int fd, uint64_t offset, int out,
                                            struct err *words)
{
    int r;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    r = lock_in();
    if (r < 0)
        (void)err_sys(words, -r, "cannot confine the reader of a squashfs");
    else
        r = squashfs_pack(fd, offset, out, words);
    _exit(r < 0);
}

int squashfs_tar_start(int fd, uint64_t offset, struct squashfs_tar **ret, int *ret_fd,
                       struct err *err)
{
    struct err *words = mmap(NULL, sizeof(*words), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int fds[2];
    pid_t pid;

    if (words == MAP_FAILED)
        return err_sys(err, errno, "cannot share memory");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
        (void)munmap(words, sizeof(*words));
        return err_sys(err, errno, "socketpair");
    }
    pid = fork();
    if (pid == 0) {
        (void)close(fds[0]);
        serve(fd, offset, fds[1], words);
    }
    (void)close(fds[1]);
    if (pid < 0) {
        (void)close(fds[0]);
        (void)munmap(words, sizeof(*words));
        return err_sys(err, errno, "cannot start a process");
    }
    *ret = xcalloc(1, sizeof(**ret));
    **ret = (struct squashfs_tar){.pid = pid, .words = words};
    *ret_fd = fds[0];
    return 0;
}

/* The process may have written anything there. */
static int said(const struct err *words, struct err *err)
{
    int code = words->code;

    if (code <= 0 || code > 4095)
        code = EINVAL;
    return err_set(err, code, "%.*s", (int)strnlen(words->text, ERR_TEXT_MAX - 1),
                   words->text);
}

int squashfs_tar_finish(struct squashfs_tar *tar, struct err *err)
{
    int status = 0, r;

    do
        r = waitpid(tar->pid, &status, 0);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        r = err_sys(err, errno, "the reader of the squashfs is lost");
    else if (WIFSIGNALED(status))
        r = err_set(err, EINVAL,
                    "the squashfs is damaged: its reader ended with signal %d",
                    WTERMSIG(status));
    else
        r = WEXITSTATUS(status) ? said(tar->words, err) : 0;
    (void)munmap(tar->words, sizeof(*tar->words));
    free(tar);
    return r;
}
