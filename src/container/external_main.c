/* SPDX-License-Identifier: Apache-2.0
 *
 * external_main.c - berth-init, the first process of a container that another
 * program made
 *
 *     berth-init UID GID -[r][u][f] WORKDIR [FILTER]
 *
 * It appears to be root of the program's user namespace. Without 'r' it makes one in
 * it, where it is the job's user. 'u': without Berth's own filter of system calls;
 * 'f': with the one that fakes ids; FILTER: a compiled one. Then it lives as the
 * first process of any container does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "container/container.h"
#include "container/init.h"
#include "container/isolate.h"

static int write_map(const char *file, const char *inside, struct err *err)
{
    cleanup(freep) char *text = xasprintf("%s 0 1", inside);
    cleanup(closep) int fd = open(file, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return err_sys(err, errno, "write \"%s\" to %s", text, file);
    return 0;
}

static int become(const char *uid, const char *gid, struct err *err)
{
    cleanup(closep) int fd = -1;
    int rc;

    if (unshare(CLONE_NEWUSER))
        return err_sys(err, errno, "make a user namespace");
    fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "deny", 4) < 0)
        return err_sys(err, errno, "write to /proc/self/setgroups");
    rc = write_map("/proc/self/uid_map", uid, err);
    return rc ? rc : write_map("/proc/self/gid_map", gid, err);
}

static int read_filter(const char *path, struct seccomp_filter *ret, struct err *err)
{
    char *bytes;
    size_t len;
    int rc = io_read_file(path, BPF_MAXINSNS * sizeof(struct sock_filter), &bytes, &len,
                          err);

    if (rc)
        return rc;
    ret->code = (struct sock_filter *)(void *)bytes;
    ret->n = (unsigned short)(len / sizeof(struct sock_filter));
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const layer[] = {"/"};
    struct container_spec spec = {.layers = layer, .n_layers = 1};
    struct seccomp_filter filter;
    struct err err = {0};
    sigset_t all;

    if (argc < 5 || fcntl(INIT_SOCK, F_GETFD) < 0) {
        (void)fprintf(stderr, "berth-init is started by Berth alone\n");
        return 2;
    }
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    spec.as_root = strchr(argv[3], 'r') != NULL;
    spec.unconfined = strchr(argv[3], 'u') != NULL;
    spec.fake_ids = strchr(argv[3], 'f') != NULL;
    spec.workdir = argv[4];
    spec.profile = argc > 5 ? &filter : NULL;
    if (isolate_detach(INIT_SOCK, &err) ||
        (argc > 5 && read_filter(argv[5], &filter, &err)) ||
        (!spec.as_root && become(argv[1], argv[2], &err)))
        init_fail(INIT_SOCK, &err);
    /* Who started us may be a thread that ends; the outer namespace holds us. */
    (void)prctl(PR_SET_PDEATHSIG, 0);
    (void)fcntl(INIT_SOCK, F_SETFD, FD_CLOEXEC);
    init_serve(&spec);
}
