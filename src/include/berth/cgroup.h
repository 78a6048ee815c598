/* SPDX-License-Identifier: Apache-2.0
 *
 * berth/cgroup.h - what a plugin of kind "cgroup" is
 *
 * It gives groups of processes limits, counts what they use, stops and ends them,
 * with whatever this kernel has for that. berthd makes and removes groups; a
 * shepherd joins, enters its own as long as it is root, and reads. One thread.
 * Nothing blocks longer than a system call.
 *
 * A group is named by a path below the host's own root: "job_17.1/work/step_0". A
 * process that is in a group is held by the limits of all groups above it.
 */
#ifndef BERTH_CGROUP_H
#define BERTH_CGROUP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BERTH_CGROUP_ABI 4
#define BERTH_CGROUP_DOORS 16
#define BERTH_CGROUP_SYMBOL "berth_cgroup_plugin"

struct berth_cgroup_err {
    int code;
    char text[480];
};

/* What works here. */
enum berth_cgroup_can {
    BERTH_CGROUP_CPUSET = 1 << 0,
    BERTH_CGROUP_MEMORY = 1 << 1,
    BERTH_CGROUP_SWAP = 1 << 2, /* it can be limited */
    BERTH_CGROUP_PIDS = 1 << 3,
    BERTH_CGROUP_DEVICES = 1 << 4,
    BERTH_CGROUP_FREEZE = 1 << 5,
    BERTH_CGROUP_CPU = 1 << 6, /* time is counted, and shared by weight */
    BERTH_CGROUP_IO = 1 << 7,
    BERTH_CGROUP_PRESSURE = 1 << 8,
};

struct berth_cgroup_settings {
    /* Before all paths of the machine; "" but in tests. */
    const char *machine;
    /* Where the root shall be made, "/system.slice/x" as in /proc/self/cgroup; NULL:
     * the plugin finds a place. */
    const char *base;
    /* The root, made there: "berth/CLUSTER.NODE". */
    const char *name;
    /* Instead of all that: the handle of a root that exists. */
    const char *handle;
    /* With a handle: directories of it that are gone are left out, as long as one is
     * there. For who clears up. */
    int may_lack;
};

struct berth_cgroup_info {
    uint32_t can;       /* enum berth_cgroup_can */
    const char *handle; /* for others to join: the root's directories, a line each */
    const char *words;  /* "cgroup v2 below /berth/c.n1" */
};

/* A rule of which devices may be used; numbers below 0 stand for all. */
struct berth_cgroup_device {
    char type; /* 'c' or 'b' */
    int32_t major, minor;
};

/* Limits of a group. 0 or NULL means: none. */
struct berth_cgroup_limits {
    const char *cpus; /* processors, "0-3,8" */
    const char *mems; /* NUMA nodes, likewise */
    uint64_t memory;  /* bytes */
    uint64_t swap;    /* bytes beside 'memory'; counts with it; UINT64_MAX: no limit */
    uint32_t pids;
    uint32_t cpu_weight; /* 1..10000, 100 is everybody's; 0: leave */
    uint32_t cpu_max;    /* of processor time: thousandths of one processor */
    int kill_all;        /* out of memory: all of the group end, where that is known. Of
                          * a group that has none below, and no other limits. */
    int has_devices;     /* 'devices' is the whole list, no others may be used */
    const struct berth_cgroup_device *devices;
    size_t n_devices;
    int is_leaf; /* processes will be in it, and no groups below */
};

/* What a group and all below it use. What is not known is 0; sums are since the
 * group was made. Bytes, microseconds; pressures are percent of the last 10 s in
 * which some process waited. */
struct berth_cgroup_usage {
    uint64_t user_usec, system_usec;
    uint64_t memory, memory_peak, memory_limit, swap;
    uint64_t anon, shmem, file, kernel; /* what 'memory' is: shmem is not in file */
    uint64_t read_bytes, write_bytes;
    uint64_t oom_kills; /* of processes in this very group or below */
    uint32_t pids, pids_peak, pids_refused; /* refused: forks beyond the limit */
    float cpu_pressure, memory_pressure, io_pressure;
};

struct berth_cgroup_ops {
    /* Find or make the root, or join it. Mandatory. -ENOTSUP: this machine has no
     * such hierarchy; -EACCES: it does not let us. 'info' is valid until close. */
    int (*open)(const struct berth_cgroup_settings *settings, void **ret_self,
                struct berth_cgroup_info *ret_info, struct berth_cgroup_err *err);
    /* Forget; the groups stay. NULL is fine. Mandatory. */
    void (*close)(void *self);
    /* Make a group whose parent is there; one that is there already is fine, and
     * gets the limits. Without limits (NULL) it is there to count, to stop and to
     * end what is in it. Limits that this machine cannot set are passed over: see
     * 'can'. Mandatory. */
    int (*make)(void *self, const char *path, const struct berth_cgroup_limits *limits,
                struct berth_cgroup_err *err);
    /* Put a process into a group, with all its threads; 0: ourselves, who have one
     * thread. Mandatory. */
    int (*enter)(void *self, const char *path, pid_t pid, struct berth_cgroup_err *err);
    /* Open the ways into a group, for a process that has no right to do so: it enters
     * by writing "0" to each, while it has one thread. At most BERTH_CGROUP_DOORS
     * descriptors, close-on-exec, the caller's; how many, or -Exxx. They let in whoever
     * has them, and any process that he names. Mandatory. */
    int (*doors)(void *self, const char *path, int fds[BERTH_CGROUP_DOORS],
                 struct berth_cgroup_err *err);
    /* Mandatory. -ENOENT: there is no such group. */
    int (*usage)(void *self, const char *path, struct berth_cgroup_usage *ret);
    /* The processes in a group and below: a heap array, the caller's. Mandatory. */
    int (*processes)(void *self, const char *path, pid_t **ret, size_t *ret_n);
    /* Stop all processes, or let them go on. It takes effect a little later. May be
     * repeated. Mandatory; -ENOTSUP where that is not known. */
    int (*freeze)(void *self, const char *path, int frozen,
                  struct berth_cgroup_err *err);
    /* Send SIGKILL to all, stopped ones too. They are gone a little later; those
     * that forked meanwhile may be left: repeat until remove succeeds. Mandatory. */
    int (*kill)(void *self, const char *path, struct berth_cgroup_err *err);
    /* Remove a group with all below it; ""  is the root. -EBUSY: there are
     * processes in it. One that is not there is fine. Mandatory. */
    int (*remove)(void *self, const char *path, struct berth_cgroup_err *err);
    /* Names of the groups right below: a NULL-terminated heap vector of heap
     * strings, the caller's; NULL: none. Mandatory. */
    char **(*children)(void *self, const char *path);
};

/* The only symbol of the plugin, of type 'const struct berth_cgroup_plugin'. */
struct berth_cgroup_plugin {
    uint32_t abi;
    uint32_t ops_size;
    const char *name; /* "v2" */
    const char *summary;
    const struct berth_cgroup_ops *ops;
};

#endif
