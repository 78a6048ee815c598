/* SPDX-License-Identifier: Apache-2.0
 *
 * config.h - etc/berth.yaml, read through one schema table
 *
 * One file for the whole cluster, the same on every machine. Every key stands
 * once in the table of schema.c: its path, type, default, limits, meaning.
 * Unknown keys, wrong types and impossible values are refused with file, line
 * and the nearest key.
 */
#ifndef BERTH_CONFIG_CONFIG_H
#define BERTH_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define BERTH_DEFAULT_CONTROLLER_PORT 7817
#define BERTH_DEFAULT_NODE_PORT 7818

enum config_sharing {
    CONFIG_SHARED_AUTO,
    CONFIG_SHARED_YES,
    CONFIG_SHARED_NO,
};

enum config_policy {
    CONFIG_POLICY_DEFAULT,
    CONFIG_POLICY_FIFO,
    CONFIG_POLICY_EASY,
    CONFIG_POLICY_CONSERVATIVE,
    CONFIG_POLICY_HYBRID
};
enum config_fairshare { CONFIG_FAIR_TREE, CONFIG_FAIR_CLASSIC };
/* Who makes containers. */
enum config_runtime { CONFIG_RUNTIME_NATIVE, CONFIG_RUNTIME_OCI };
/* What becomes of a device whose specification asks for programs to be run. */
enum config_cdi_hooks { CONFIG_HOOKS_KNOWN, CONFIG_HOOKS_NONE };
/* Which jobs may take the place of which. */
enum config_preempt {
    CONFIG_PREEMPT_OFF,
    CONFIG_PREEMPT_QOS,
    CONFIG_PREEMPT_PARTITION
};
/* What becomes of the job that had it. Of a partition: CLUSTER means as the cluster. */
enum config_preempt_mode {
    CONFIG_MODE_CLUSTER,
    CONFIG_MODE_REQUEUE,
    CONFIG_MODE_SUSPEND,
    CONFIG_MODE_CANCEL,
    CONFIG_MODE_NONE
};
enum config_cgroup_plugin {
    CONFIG_CGROUP_AUTO,
    CONFIG_CGROUP_V1,
    CONFIG_CGROUP_V2,
    CONFIG_CGROUP_NONE
};
/* May jobs share nodes? EXCLUSIVE: each has its nodes to itself; YES: cores, too. */
enum config_oversubscribe {
    CONFIG_OVERSUBSCRIBE_NO,
    CONFIG_OVERSUBSCRIBE_YES,
    CONFIG_OVERSUBSCRIBE_EXCLUSIVE
};

struct config_node { /* one node, host lists expanded */
    char *name;
    char *address; /* default: the name */
    uint16_t port;
    char *topology;    /* NULL: this machine; a .xml path; "synthetic:..." */
    uint64_t memory;   /* MiB; 0: what hwloc says */
    char *features;    /* "a,b"; NULL: none */
    char *gres;        /* as config/gres.h reads it; NULL: what hwloc finds */
    char *labels;      /* "zone=a,quiet"; NULL: none but those that all have */
    char *taints;      /* "dedicated=bio:NoSchedule"; NULL: none */
    unsigned int line; /* where the file says so */
};
struct config_partition {
    char *name;
    char *nodes; /* host list; "ALL" */
    bool is_default, up;
    int64_t time_default, time_max; /* seconds, TIME_UNLIMITED */
    uint32_t priority;              /* tier: a higher one is served first */
    uint32_t min_nodes, max_nodes;  /* of a job; max 0: no limit */
    uint32_t max_cores_per_node;    /* 0: no limit */
    uint64_t mem_per_cpu;           /* MiB, of jobs that ask for none; 0: all */
    char *qos;                      /* whose limits hold here, or NULL */
    /* Comma-separated names, NULL: everybody. */
    char *allow_accounts, *deny_accounts, *allow_qos, *allow_groups;
    enum config_oversubscribe oversubscribe;
    enum config_preempt_mode preempt_mode;
    unsigned int line; /* 0: made up, the file names no partition */
};
/* Libraries of the nodes that containers may have in place of their image's. */
struct config_libraries {
    char *name;
    char *libraries; /* absolute paths, "a,b"; the first decides what is compatible */
    char *env;       /* "A=1,B=2"; NULL: none */
    unsigned int line;
};
/* Pods that reach each other and no others. */
struct config_subnet {
    char *name;
    char *partitions, *accounts; /* "a,b": of either; NULL: none */
    unsigned int line;
};
/* How packets get from one node's pods to another's. */
enum config_tunnel { CONFIG_TUNNEL_AUTO, CONFIG_TUNNEL_ALWAYS, CONFIG_TUNNEL_NEVER };
struct config_switch {
    char *name, *switches, *nodes; /* host lists or NULL */
    unsigned int line;
};

struct config {
    char *path;          /* of the file */
    char *cluster;       /* name */
    char *topology_file; /* as written; its switches are in 'switches' */
    char *block_sizes;   /* "4,8,32" */
    char *join_pid_file; /* personal cluster: enter this process's namespaces */
    struct {
        char *host; /* where clients and nodes find it */
        uint16_t port;
        char *user; /* the account it runs as; clients accept it and root */
        char *state_dir;
        uint32_t max_jobs;  /* refused past it */
        int64_t keep_ended; /* seconds that ended jobs stay listed */
    } controller;
    struct {
        uint16_t port;
        char *state_dir, *run_dir;      /* "%n" is the node's name */
        uint32_t heartbeat, lost_after; /* seconds */
        uint32_t fanout;                /* of launches */
        uint32_t spare_shepherds;
        uint32_t kill_grace; /* seconds from TERM to KILL */
    } node;
    struct {
        enum config_cgroup_plugin plugin;
        char *base; /* where groups are made; NULL: found */
        bool constrain_cores, constrain_memory, constrain_devices;
        uint32_t memory_percent; /* of what was granted */
        uint64_t memory_min;     /* MiB; a lower limit is raised to it */
        uint32_t swap_percent;   /* of that, beside it */
        bool oom_kill_all;       /* out of memory: the whole step ends */
        uint32_t pids_max;       /* of a job on a node; 0: no limit */
        char *devices;           /* more that jobs may use: "kvm,dri/renderD128" */
    } cgroup;
    struct {
        char *prolog, *epilog;           /* run as root on each node of a job */
        char *task_prolog, *task_epilog; /* run by the user around each task */
        uint32_t timeout;                /* seconds, of the first two */
    } hooks;
    struct {
        char *socket; /* NULL: munge's default */
    } munge;
    struct {
        char *store;        /* the site's images, written by root; see image_where */
        char *user_store;   /* a user's own; the same */
        bool keep_archives; /* of layers, as they came */
        uint64_t max_size;  /* MiB that a store may take; 0: any */
        enum config_sharing shared; /* between all nodes */
        char *fallback;   /* image of jobs that name none; NULL: the node's files */
        char *registries; /* that short names are looked for in, "a,b" */
        char *mirrors;    /* "HOST[/PATH]=HOST[/PATH],..." */
        char *insecure;   /* hosts whose certificates are not checked */
        char *ca_file;    /* certificates to trust besides */
    } image;
    struct {
        char *cdi_dirs;  /* "/etc/cdi,/var/run/cdi", the later go first */
        char *cdi_allow; /* patterns of what --device may name; NULL: nothing */
        enum config_cdi_hooks cdi_hooks;
        bool allow_unconfined; /* users may replace Berth's own seccomp filter */
        enum config_runtime runtime;
        char *oci_program; /* NULL: crun */
        struct config_libraries *libraries;
        size_t n_libraries;
    } container;
    char *mpi_default; /* "pmix" */
    struct {
        double weight_age, weight_size;
        int64_t age_max;
        enum config_policy policy;
        uint32_t promises;       /* starts promised, of policies that let it be set */
        int64_t backfill_window; /* seconds ahead, TIME_UNLIMITED */
        double weight_fairshare, weight_qos, weight_partition, weight_slowdown;
        enum config_fairshare fairshare;
        int64_t half_life; /* of usage; 0: it never fades */
        double usage_cores, usage_memory, usage_nodes, usage_gpus; /* a GiB */
        enum config_preempt preempt;
        enum config_preempt_mode preempt_mode;
        double w_switch, w_fragmentation, w_package, w_numa, w_l3, w_image;
    } scheduling;
    struct {
        bool enabled;
        bool private_data;  /* users see their own alone */
        int64_t keep;       /* seconds that ended runs stay, TIME_UNLIMITED */
        char *archive_dir;  /* where they go then; NULL: nowhere */
        uint32_t steps;     /* of a job that are kept one by one; 0: all */
        uint32_t events;    /* that stay in the journal for who watches */
        int64_t events_age; /* and for so long */
    } history;
    struct {
        char *cidr;           /* of all pods' addresses; NULL: they have none */
        uint32_t node_prefix; /* length of a node's part of it */
        uint32_t mtu;         /* 0: what nodes' devices let through */
        enum config_tunnel tunnel;
        char *host_ports; /* "30000-32767", that pods may take; NULL: none */
        struct config_subnet *subnets;
        size_t n_subnets;
        char *host_paths;       /* "/data,/scratch/x*:rw": patterns; NULL: nothing */
        char *nfs_mounts;       /* "SERVER:/PATH=/DIR[:rw],..."; NULL: nothing */
        char *nfs;              /* "SERVER:/PATH[:rw],..." that berthd mounts; NULL */
        char *nfs_options;      /* NULL: none of the site's own */
        char *reclaim_paths;    /* below them volumes are emptied; NULL: nowhere */
        char *log_dir;          /* pattern, "%n"; NULL: below run_dir */
        uint64_t logs_user;     /* MiB on a node, of a user's pods */
        uint64_t logs_node;     /* and of all */
        char *resources;        /* "nvidia.com/gpu=gpu,..."; NULL: none */
        uint64_t memory;        /* MiB, of pods that ask for none */
        bool overcommit;        /* of memory */
        uint32_t least_cpu;     /* thousandths of a core, of pods that ask for none */
        char *priority_classes; /* "high=urgent,...": their QOS; NULL: they are one */
        uint32_t grace_max;     /* seconds */
        uint32_t helper_wait;   /* seconds */
        uint32_t ended_max;
        uint32_t objects_max;  /* of a user */
        uint64_t objects_size; /* MiB, of a user */
    } pods;
    char *licences; /* "matlab:10,ansys:5"; NULL: none */
    char *log_level;
    struct config_node *nodes;
    size_t n_nodes;
    struct config_partition *partitions;
    size_t n_partitions;
    struct config_switch *switches;
    size_t n_switches;
    unsigned int *lines;                /* of each key of the schema; 0: its default */
    const struct config_node **by_name; /* 'nodes', sorted */
};

/* Limits of one cluster and its file. */
#define CONFIG_NODES_MAX 100000
#define CONFIG_GROUPS_MAX 10000 /* partitions, switches */
#define CONFIG_BYTES_MAX (16U << 20)

/* Read and check 'path'. Words are "berth.yaml:12: nodes.adress: no such key,
 * did you mean 'address'?". */
int config_load(const char *path, struct config **ret, struct err *err);
/* The same for commands, which need no nodes: none are expanded (n_nodes is 0), nor is
 * what the file says of nodes, partitions and switches held against each other. Ten
 * thousand nodes would cost each command twenty milliseconds. */
int config_load_settings(const char *path, struct config **ret, struct err *err);
/* As config_load, for text that is already here; 'path' is what words call it. */
int config_parse(const char *path, const char *text, size_t len, struct config **ret,
                 struct err *err);
/* What holds where there is no file at all: every default, no nodes. */
struct config *config_defaults(void);
void config_free(struct config *config);
void config_freep(struct config **config);

/* Which file: 'given' if not NULL, else $BERTH_CONF, else the personal cluster
 * of 'berth cluster up' when one is up, else the site's. The caller frees it.
 * -ENOENT when there is none, with words that say what to do. */
int config_find(const char *given, char **ret_path, struct err *err);

/* All keys with values in force and where each comes from, as YAML. */
void config_show(const struct config *config, FILE *out);

/* NULL when there is no such node. */
const struct config_node *config_node_by_name(const struct config *config,
                                              const char *name);
/* The subnet of pods of a partition and account: 0 is none, else one more than its
 * place in pods.subnets. */
size_t config_pod_subnet(const struct config *config, const char *partition,
                         const char *account);
/* Whether pods may take this port of their node (pods.host_ports). */
bool config_pod_host_port(const struct config *config, int64_t port);
/* "%n" in node.state_dir and run_dir replaced; the caller frees it. */
char *config_node_dir(const char *pattern, const char *node);

#endif
