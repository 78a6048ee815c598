/* SPDX-License-Identifier: Apache-2.0
 *
 * container.h - one container for all tasks of a step on a node
 *
 * The caller is a single-threaded process that already runs as the job's user.
 * container_create forks the container's first process (init): it makes user,
 * mount, PID and IPC namespaces, builds the root file system, pivots into it,
 * and then waits for orders on a socket. Tasks are init's children; init reaps
 * whatever else ends up as an orphan, and when it dies the kernel ends the
 * rest.
 *
 *     caller                        init (PID 1)              tasks
 *     container_create  --clone-->  mounts, pivot_root
 *                       <--ready--
 *     container_spawn   --order-->  fork, bind, exec  ----->  rank 0, 1, ...
 *                       <--ended--  waitpid
 *     container_kill    --SIGKILL-> (all of it)
 */
#ifndef BERTH_CONTAINER_CONTAINER_H
#define BERTH_CONTAINER_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "container/seccomp_filter.h"

struct bind_mount {
    const char *source; /* absolute, outside; NULL: a tmpfs of its own */
    const char *target; /* absolute, inside; made when missing, except in a
                         * directory of the node */
    bool readonly;
    bool optional;      /* a missing source is skipped */
    uint64_t attrs;     /* MOUNT_ATTR_* beside that, nosuid among them */
    uint64_t bytes;     /* bounds the tmpfs; 0: half the memory */
    bool never_swapped; /* without source: a ramfs in its place, without bounds */
    /* Not NULL: no part of 'source' may be a link, and this path below it ("": all of
     * it) may have links that stay below it. */
    const char *within;
    const char *origin; /* whose wish it is, for words; NULL: "--mount" */
};

/* A symbolic link to make inside, over whatever the image has at its place. */
struct link_wish {
    const char *path; /* absolute; parents are made when missing */
    const char *target;
    const char *origin;
};

/* A program that makes the container in init's place: it is executed when the root is
 * mounted at work_dir, with init's socket as descriptor 3, and in the end starts
 * external_main's program inside. */
struct container_external {
    char *const *argv;
    const char *log;   /* file that its words go to */
    bool hide_cgroups; /* from the program */
    uid_t uid;         /* of the user, inside */
    gid_t gid;
};

struct sandbox;

/* What to build. All that is pointed to is borrowed for the call. */
struct container_spec {
    /* The root: read-only layer directories, topmost first, over which a
     * writable tmpfs is laid. None: the node's own file system. */
    const char *const *layers;
    size_t n_layers;
    /* With layers. Instead of the tmpfs: */
    bool read_only;      /* nothing; /dev, /tmp and /run stay writable */
    const char *overlay; /* a directory of the caller's on disk, not a link. What is
                          * written is in its "upper" afterwards, in overlayfs'
                          * form with user xattrs; "work" is overlayfs' own. Both
                          * are made when missing. -EBUSY while another container
                          * has it. */
    bool image_etc;      /* leave the image's passwd and group as they are */
    bool image_tmp;      /* /tmp and /run are the image's, and so kept in 'overlay' */
    const struct bind_mount *mounts;
    size_t n_mounts;
    const struct link_wish *links; /* with layers */
    size_t n_links;
    bool no_gpus;      /* /dev without the node's GPUs, but for those among 'mounts' */
    bool as_root;      /* map the caller to uid 0 inside, else to itself */
    const char *hosts; /* with layers, a file to be /etc/hosts; NULL: the node's */
    const char *hostname; /* NULL: the node's (no UTS namespace is made) */
    bool no_network;      /* a network of its own with a loopback device only */
    const char *workdir;  /* of tasks whose own does not exist inside; NULL: "/" */
    /* System calls: what an image runs is under Berth's filter unless
     * 'unconfined'. 'profile' is a further one, also without an image; NULL: none.
     * 'fake_ids': see seccomp_filter_fake_ids; for as_root, when a program insists on
     * ids that are not mapped. */
    bool unconfined;
    bool fake_ids;
    const struct seccomp_filter *profile;
    /* Bounds all that is written outside of mounts (/, /tmp, /run, /dev/shm; with
     * the node's own root /dev/shm only). 0: half the memory. */
    uint64_t shm_bytes;
    /* Descriptors to which the first process writes "0" before all else: so it enters
     * the control groups they lead into. */
    const int *groups;
    size_t n_groups;
    /* Of a pod: made in here (sandbox.h), which is as_root or not as this is;
     * 'hostname' and 'no_network' are the sandbox's. NULL: alone. */
    const struct sandbox *sandbox;
    int oom_score; /* oom_score_adj of all inside, when above 0 */
    bool joinable; /* container_namespaces tells others how to get in */
    const char *user, *home, *shell; /* for the passwd entry inside */
    /* A directory of the caller's own on the node that serves as mount point
     * and scratch while building; must exist. */
    const char *work_dir;
    const struct container_external *external; /* NULL: init makes it itself */
};

struct container;

/* Start building. Returns at once; container_wait_ready tells how it went, so
 * the caller can prepare other things meanwhile. */
int container_create(const struct container_spec *spec, struct container **ret,
                     struct err *err);
/* Wait until the root is built: 0, or the words of what failed inside. */
int container_wait_ready(struct container *c, struct err *err);

/* One program to start inside. All borrowed. */
struct task_spec {
    uint32_t id;       /* comes back in container_event */
    char *const *argv; /* argv[0] is looked up in the env's PATH, inside */
    char *const *env;
    const char *cwd; /* fallback: the container's workdir, or "/" */
    int fds[4];      /* become 0, 1, 2 and, with has_wire, 3; stay the caller's */
    bool has_wire;
    /* A terminal instead: the container's own, whose master end comes back over
     * fds[0], one end of a socket pair, before STARTED does (terminal_receive). */
    bool has_terminal;
    uint16_t rows, columns; /* of the terminal */
    bool needs_cwd;   /* no fallback: without 'cwd' it does not start, status 126 */
    bool makes_cwd;   /* 'cwd' is made when it is not there */
    const char *cpus; /* OS processor numbers, "0-3"; NULL: unbound */
    uint32_t memory_policy; /* MPOL_* of set_mempolicy(2) ... */
    const char *memory;     /* ... for these NUMA nodes, "0-1"; NULL: none is set */
    const char *notice;     /* written to its stderr first; a '@' in it is its pid */
    unsigned int umask;
    bool new_session; /* setsid, so signals reach the task's group */
};

/* Order init to start a task, also before the root is ready. The outcome comes as
 * an event: a task that could not be executed has no STARTED and ends with status
 * 127 (not found) or 126, and words. */
int container_spawn(struct container *c, const struct task_spec *task, struct err *err);

/* Ids above this one are those of programs that came later than the container's own
 * tasks, and are none of them. */
#define TASK_GUEST 0x80000000u

/* Order init to signal a task's process group; all tasks, not guests: TASK_GUEST;
 * everybody: UINT32_MAX. */
int container_signal(struct container *c, uint32_t task, int signo, struct err *err);
/* The same, but only the one process that was started, none that it has started. */
int container_signal_process(struct container *c, uint32_t task, int signo,
                             struct err *err);

struct container_event {
    enum { CONTAINER_TASK_STARTED, CONTAINER_TASK_ENDED, CONTAINER_GONE } kind;
    uint32_t task;
    pid_t pid;  /* as the caller sees it */
    int status; /* wait(2) status */
    uint64_t user_usec, system_usec, max_rss_kib;
    char words[256]; /* why exec failed, else "" */
};

/* Descriptor that turns readable when an event waits. */
int container_fd(const struct container *c);
/* Next event: 1 and *ret, 0 when none waits, or -Exxx. CONTAINER_GONE is the
 * last one: init ended. Never blocks. */
int container_next_event(struct container *c, struct container_event *ret);

/* Of a joinable container that is ready: its user, mount, PID, IPC, UTS and network
 * namespace. The descriptors stay the container's; whoever is sent them and runs as
 * the same user outside may join. */
#define CONTAINER_NAMESPACES 6
const int *container_namespaces(const struct container *c);

/* A second first process, so to say, in a container that stands: what it starts lives
 * in there, beside the rest, but is the caller's child, in the caller's cgroup. What
 * 'spec' says of ids and system calls is as it was when the container was made; the
 * rest of it is not looked at. It is ready at once. */
int container_join(const struct container_spec *spec,
                   const int namespaces[CONTAINER_NAMESPACES], struct container **ret,
                   struct err *err);

/* Order to kill all that was started through 'c', with what it left behind, and not
 * the container: the tasks' ends are told as ever. */
int container_sweep(struct container *c, struct err *err);

/* Kill everything inside at once; of one that was joined, what was started through
 * 'c'. container_destroy also waits for the end. */
void container_kill(struct container *c);
void container_destroy(struct container *c);

/* Of the container's first process, in the caller's PID namespace. */
pid_t container_init_pid(const struct container *c);

/* Open a file to read as those inside see it; its links cannot lead out. A descriptor,
 * or -Exxx. It may be a pipe or worse: opening never waits, reading may. */
int container_open(const struct container *c, const char *path);

#endif
