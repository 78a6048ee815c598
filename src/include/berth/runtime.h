/* SPDX-License-Identifier: Apache-2.0
 *
 * berth/runtime.h - what a plugin of kind "runtime" is
 *
 * Berth mounts an image's layers, and hands the root and a description of the container
 * to a program that makes it. The plugin says how that program is called, and writes
 * what it reads. It runs in the shepherd, as the job's user, before there is a
 * container; it starts nothing itself.
 *
 * The program is executed as the first process of new user, mount, PID and IPC
 * namespaces, appears to be root there, and goes on living until the container has
 * ended. The container's first process is Berth's own: it speaks to the shepherd on
 * descriptor 3, becomes the job's user, and starts the tasks.
 */
#ifndef BERTH_RUNTIME_H
#define BERTH_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#define BERTH_RUNTIME_ABI 1
#define BERTH_RUNTIME_SYMBOL "berth_runtime_plugin"

struct berth_runtime_err {
    int code;
    char text[480];
};

struct berth_runtime_mount {
    const char *source, *target; /* absolute; of a file system: its type */
    const char *type;            /* "bind", "tmpfs", "proc", "devpts" */
    const char *const *options;  /* NULL-terminated */
};

struct berth_runtime_limit {
    const char *name; /* "RLIMIT_NOFILE" */
    uint64_t soft, hard;
};

/* The container; all is borrowed for the call. Lists end in NULL but for those with
 * a count. */
struct berth_runtime_container {
    const char *id;      /* a name for the program, unique on the node */
    const char *program; /* of the site's choice: "crun", "/usr/bin/runc" */
    const char *bundle;  /* a directory of its own for what the program reads and
                          * keeps; removed afterwards by the host */
    const char *root;    /* where the root will be mounted when the program starts */
    int read_only;
    const char *const *argv; /* of the first process, inside */
    const char *const *env;
    const struct berth_runtime_mount *mounts; /* in order */
    uint32_t n_mounts;
    const char *const *hidden;   /* paths inside that show nothing, if they are there */
    const char *const *readonly; /* paths inside that cannot be written */
    const struct berth_runtime_limit *limits; /* those that are no infinite ones */
    uint32_t n_limits;
    uint32_t n_kept; /* descriptors from 3 on that the first process gets */
};

struct berth_runtime_ops {
    /* Mandatory. May block. Write the bundle; '*ret_argv' is the command to execute,
     * its vector and strings from malloc, the host's to free. '*ret_hide_cgroups' is 0
     * unless the program must not see /sys/fs/cgroup. 0, or -errno and words. */
    int (*prepare)(const struct berth_runtime_container *container, char ***ret_argv,
                   int *ret_hide_cgroups, struct berth_runtime_err *err);
};

/* The symbol. */
struct berth_runtime_plugin {
    uint32_t abi;
    uint32_t ops_size;
    const char *name;
    const char *summary;
    const struct berth_runtime_ops *ops;
};

#endif
