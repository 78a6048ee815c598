/* SPDX-License-Identifier: Apache-2.0
 *
 * schema.c - the one place where a key's name, type, default and limits stand
 *
 * How values are read and printed is schema_value.c's part; the table is also
 * what berth.yaml(5) and 'berth config show' say about each key.
 */
#include "config/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "config/config.h"

#define DAY 86400

#define KEY(path_, type_, field, preset_, min_, max_, help_)                          \
    {                                                                                 \
        .path = (path_), .type = SCHEMA_##type_,                                      \
        .offset = offsetof(struct config, field), .preset = (preset_), .min = (min_), \
        .max = (max_), .help = (help_)                                                \
    }
#define ITEM(item, path_, type_, field, preset_, min_, max_, required, help_)       \
    {                                                                               \
        .path = (path_), .type = SCHEMA_##type_,                                    \
        .offset = offsetof(struct item, field), .preset = (preset_), .min = (min_), \
        .max = (max_), .is_required = (required), .help = (help_)                   \
    }
#define CHOICE(path_, field, preset_, list, help_)                     \
    {                                                                  \
        .path = (path_), .type = SCHEMA_CHOICE,                        \
        .offset = offsetof(struct config, field), .preset = (preset_), \
        .help = (help_), .words = (list), .n_words = ARRAY_SIZE(list)  \
    }
#define PARTITION_CHOICE(name, field, preset_, list, help_)                      \
    {                                                                            \
        .path = "partitions[]." name, .type = SCHEMA_CHOICE,                     \
        .offset = offsetof(struct config_partition, field), .preset = (preset_), \
        .help = (help_), .words = (list), .n_words = ARRAY_SIZE(list)            \
    }
#define NODE(name, ...) ITEM(node_group, "nodes[]." name, __VA_ARGS__)
#define PARTITION(name, ...) ITEM(config_partition, "partitions[]." name, __VA_ARGS__)
#define LIBRARIES(name, ...) \
    ITEM(config_libraries, "container.host_libraries[]." name, __VA_ARGS__)
#define SUBNET(name, ...) ITEM(config_subnet, "pods.subnets[]." name, __VA_ARGS__)
#define SWITCH(name, ...) ITEM(config_switch, "switches[]." name, __VA_ARGS__)
#define GROUP(name, ...) ITEM(config_switch, "groups[]." name, __VA_ARGS__)
#define BLOCK(name, ...) ITEM(config_switch, "blocks[]." name, __VA_ARGS__)

static const char *const runtimes[] = {"native", "oci"};
static const char *const cdi_hooks[] = {"known", "none"};
static const char *const sharings[] = {"auto", "yes", "no"};
static const char *const policies[] = {"default", "fifo", "easy", "conservative",
                                       "hybrid"};
static const char *const fairshares[] = {"tree", "classic"};
static const char *const preempts[] = {"none", "qos", "partition"};
static const char *const modes[] = {"cluster", "requeue", "suspend", "cancel", "none"};
static const char *const cluster_modes[] = {NULL, "requeue", "suspend", "cancel"};
static const char *const cgroup_plugins[] = {"auto", "v1", "v2", "none"};
static const char *const tunnels[] = {"auto", "always", "never"};
static const char *const oversubscribes[] = {"no", "yes", "exclusive"};

/* clang-format off */
const struct schema_key schema_table[] = {
    KEY("cluster", NAME, cluster, "berth", 1, 63,
        "name of the cluster"),

    KEY("controller.host", TEXT, controller.host, "localhost", 1, 253,
        "where nodes and commands find the controller"),
    KEY("controller.port", PORT, controller.port, "7817", 1, 65535,
        "port of the controller"),
    KEY("controller.user", NAME, controller.user, "berth", 1, 63,
        "account it runs as; commands and nodes accept this account and root"),
    KEY("controller.state_dir", PATH, controller.state_dir, "/var/lib/berth/controller", 0, 0,
        "where its database is"),
    KEY("controller.max_jobs", COUNT, controller.max_jobs, "1000000", 1, 100000000,
        "jobs it holds at most; submissions past it are refused"),
    KEY("controller.keep_ended", DURATION, controller.keep_ended, "7d", 0, 3650 * DAY,
        "how long ended jobs stay listed"),

    KEY("node.port", PORT, node.port, "7818", 1, 65535,
        "port of the node daemons"),
    KEY("node.state_dir", PATH, node.state_dir, "/var/lib/berth/node", 0, 0,
        "records of running steps; %n is the node's name"),
    KEY("node.run_dir", PATH, node.run_dir, "/run/berth", 0, 0,
        "sockets and directories of jobs; %n is the node's name"),
    KEY("node.heartbeat", SECONDS, node.heartbeat, "10s", 1, 3600,
        "how often a node says that it is there"),
    KEY("node.lost_after", SECONDS, node.lost_after, "60s", 2, 7 * DAY,
        "a node silent for so long is down, and its jobs have failed"),
    KEY("node.fanout", COUNT, node.fanout, "16", 1, 1024,
        "children of each node in the tree that launches run down"),
    KEY("node.spare_shepherds", COUNT, node.spare_shepherds, "2", 0, 64,
        "shepherds kept started, so that steps begin at once"),
    KEY("node.kill_grace", SECONDS, node.kill_grace, "30s", 0, 3600,
        "time from SIGTERM to SIGKILL when a job ends early"),

    CHOICE("cgroup.plugin", cgroup.plugin, "auto", cgroup_plugins,
        "auto, v2, v1 or none: which control groups hold jobs to their limits"),
    KEY("cgroup.base", PATH, cgroup.base, "", 0, 0,
        "the group that jobs' groups are made in, as in /proc/PID/cgroup; empty: found"),
    KEY("cgroup.constrain_cores", BOOL, cgroup.constrain_cores, "true", 0, 0,
        "jobs run on their cores only"),
    KEY("cgroup.constrain_memory", BOOL, cgroup.constrain_memory, "true", 0, 0,
        "jobs that use more memory than they were given are killed"),
    KEY("cgroup.memory_percent", COUNT, cgroup.memory_percent, "100", 1, 1000,
        "limit of memory, in percent of what the job was given"),
    KEY("cgroup.memory_min", MEMORY, cgroup.memory_min, "32M", 1, 1 << 20,
        "a lower limit of memory is raised to this"),
    KEY("cgroup.swap_percent", COUNT, cgroup.swap_percent, "0", 0, 10000,
        "swap that a job may use beside, in percent of its memory"),
    KEY("cgroup.oom_kill_all", BOOL, cgroup.oom_kill_all, "false", 0, 0,
        "out of memory, the whole step here is killed instead of one process (v2)"),
    KEY("cgroup.pids_max", COUNT, cgroup.pids_max, "16384", 0, 4194304,
        "processes and threads of a job on a node; 0: no limit"),
    KEY("cgroup.constrain_devices", BOOL, cgroup.constrain_devices, "true", 0, 0,
        "jobs use common devices, fabrics and those they were given, no others"),
    KEY("cgroup.devices", TEXT, cgroup.devices, "", 0, 4096,
        "more devices that all jobs may use, below /dev: kvm,dri/renderD128"),

    KEY("hooks.prolog", PATH, hooks.prolog, "", 0, 0,
        "program that root runs on a node before the first work of a job there"),
    KEY("hooks.epilog", PATH, hooks.epilog, "", 0, 0,
        "program that root runs on it when the job has left"),
    KEY("hooks.task_prolog", PATH, hooks.task_prolog, "", 0, 0,
        "program that users run before each task"),
    KEY("hooks.task_epilog", PATH, hooks.task_epilog, "", 0, 0,
        "program that users run after each task"),
    KEY("hooks.timeout", SECONDS, hooks.timeout, "5m", 1, DAY,
        "how long a prolog or epilog of a job may take"),

    KEY("munge.socket", PATH, munge.socket, "", 0, 0,
        "munged's socket; empty: munge's default"),

    KEY("image.store", PATH, image.store, "/var/lib/berth/images", 0, 0,
        "the site's images, written by root; %n is the node"),
    KEY("image.user_store", PATH, image.user_store, "%h/.local/share/berth/images", 0, 0,
        "a user's own images; %h is the home directory, %u the account, %n the node"),
    KEY("image.keep_archives", BOOL, image.keep_archives, "true", 0, 0,
        "keep layers' archives as they came, to push images and pass them on"),
    CHOICE("image.shared", image.shared, "auto", sharings,
        "do all nodes see the same stores? auto, yes or no"),
    KEY("image.registries", WORDS, image.registries, "", 0, 64,
        "registries, HOST[:PORT], that names without a host are looked for in"),
    KEY("image.mirrors", WORDS, image.mirrors, "", 0, 1000,
        "HOST[/PATH]=HOST[/PATH]: asked before the registry on the left"),
    KEY("image.insecure", WORDS, image.insecure, "", 0, 1000,
        "registries with plain HTTP, or certificates that are not checked"),
    KEY("image.ca_file", PATH, image.ca_file, "", 0, 0,
        "certificates of authorities (PEM) for registries; empty: the system's"),
    KEY("image.max_size", MEMORY, image.max_size, "0", 0, INT64_MAX >> 20,
        "what a store may take: the least recently used images go past it; 0: no limit"),
    KEY("image.fallback", TEXT, image.fallback, "", 0, 255,
        "image of jobs that name none; empty: the node's own files"),

    CHOICE("container.runtime", container.runtime, "native", runtimes,
        "who makes the containers of jobs that do not say it: native, oci"),
    KEY("container.oci_program", TEXT, container.oci_program, "crun", 0, 4096,
        "program that the runtime oci executes: crun, runc, or a path"),
    KEY("container.cdi_dirs", PATHS, container.cdi_dirs, "/etc/cdi,/var/run/cdi", 0, 16,
        "where specifications of devices (CDI) are; of the same device the later one counts"),
    KEY("container.cdi_allow", WORDS, container.cdi_allow, "*", 0, 256,
        "devices that --device may name, vendor.com/class=* among them; empty: none"),
    CHOICE("container.cdi_hooks", container.cdi_hooks, "known", cdi_hooks,
        "known: what NVIDIA's hooks ask for is done; none: no device that has hooks"),
    KEY("container.allow_unconfined", BOOL, container.allow_unconfined, "true", 0, 0,
        "users may replace the filter of system calls; if not, they may only add to it"),

    LIBRARIES("name", NAME, name, NULL, 1, 63, true,
              "what --host-mpi calls these libraries of the nodes"),
    LIBRARIES("libraries", PATHS, libraries, NULL, 0, 64, true,
              "they: the first decides what is compatible, others are what it needs"),
    LIBRARIES("env", WORDS, env, "", 0, 64, false,
              "variables that come with them, NAME=VALUE"),

    KEY("mpi.default", NAME, mpi_default, "pmix", 1, 32,
        "how steps with several tasks are wired that do not say it: pmix, pmi2, none"),

    CHOICE("scheduling.policy", scheduling.policy, "default", policies,
        "default, fifo, easy, conservative or hybrid"),
    KEY("scheduling.promises", COUNT, scheduling.promises, "100", 0, 1000000,
        "hybrid: so many waiting jobs are promised a start that later ones keep"),
    KEY("scheduling.backfill_window", DURATION, scheduling.backfill_window, "unlimited", 60, INT64_MAX,
        "how far ahead starts are planned"),
    KEY("scheduling.weight_age", WEIGHT, scheduling.weight_age, "1000", 0, 1000000000,
        "priority of a job that has waited for age_max"),
    KEY("scheduling.weight_size", WEIGHT, scheduling.weight_size, "1000", 0, 1000000000,
        "priority of a job as large as the cluster"),
    KEY("scheduling.age_max", DURATION, scheduling.age_max, "7d", 1, 3650 * DAY,
        "waiting longer adds no priority"),
    KEY("scheduling.weight_fairshare", WEIGHT, scheduling.weight_fairshare, "1000", 0, 1000000000,
        "priority of a job whose user used least for the shares"),
    KEY("scheduling.weight_qos", WEIGHT, scheduling.weight_qos, "1000", 0, 1000000000,
        "priority of a job of the QOS with the highest priority"),
    KEY("scheduling.weight_partition", WEIGHT, scheduling.weight_partition, "1000", 0, 1000000000,
        "priority of a job in the partition with the highest priority"),
    KEY("scheduling.weight_slowdown", WEIGHT, scheduling.weight_slowdown, "1000", 0, 1000000000,
        "priority of what waiting costs, by a job's length and width"),
    CHOICE("scheduling.fairshare", scheduling.fairshare, "tree", fairshares,
        "tree: by rank, level by level; classic: 2^-(usage/shares)"),
    KEY("scheduling.half_life", DURATION, scheduling.half_life, "7d", 0, 3650 * DAY,
        "time in which past usage counts half; 0s: it never fades"),
    KEY("scheduling.usage.cores", WEIGHT, scheduling.usage_cores, "1", 0, 1000000,
        "what a core counts for in usage"),
    KEY("scheduling.usage.memory", WEIGHT, scheduling.usage_memory, "0", 0, 1000000,
        "what a GiB of memory counts for in usage"),
    KEY("scheduling.usage.nodes", WEIGHT, scheduling.usage_nodes, "0", 0, 1000000,
        "what a node counts for in usage"),
    KEY("scheduling.usage.gpus", WEIGHT, scheduling.usage_gpus, "0", 0, 1000000,
        "what a GPU counts for in usage"),
    CHOICE("scheduling.preempt", scheduling.preempt, "none", preempts,
        "none; qos: as QOS say; partition: those of higher priority may"),
    CHOICE("scheduling.preempt_mode", scheduling.preempt_mode, "requeue", cluster_modes,
        "what becomes of a preempted job: requeue, suspend or cancel"),
    KEY("scheduling.placement.switch", WEIGHT, scheduling.w_switch, "100", 0, 1000000000,
        "cost of each switch level that a job spans"),
    KEY("scheduling.placement.fragmentation", WEIGHT, scheduling.w_fragmentation, "10", 0, 1000000000,
        "cost of breaking up a free block of nodes"),
    KEY("scheduling.placement.package", WEIGHT, scheduling.w_package, "4", 0, 1000000000,
        "cost of each further package that a task spans"),
    KEY("scheduling.placement.numa", WEIGHT, scheduling.w_numa, "2", 0, 1000000000,
        "cost of each further NUMA node that a task spans"),
    KEY("scheduling.placement.l3", WEIGHT, scheduling.w_l3, "1", 0, 1000000000,
        "cost of each further L3 cache that a task spans"),
    KEY("scheduling.placement.image", WEIGHT, scheduling.w_image, "2", 0, 1000000000,
        "cost of each node that does not have the job's image yet"),

    KEY("history.enabled", BOOL, history.enabled, "true", 0, 0,
        "keep what has become of jobs, for berth history and berth report"),
    KEY("history.private", BOOL, history.private_data, "false", 0, 0,
        "users see their own jobs' history and changes alone; administrators see all"),
    KEY("history.keep", DURATION, history.keep, "unlimited", 3600, INT64_MAX,
        "how long ended jobs stay in it"),
    KEY("history.archive_dir", PATH, history.archive_dir, "", 0, 0,
        "where they are written to when they leave it; empty: nowhere"),
    KEY("history.steps", COUNT, history.steps, "40000", 0, 100000000,
        "steps of a job that are kept one by one, further ones only as a sum; 0: all"),
    KEY("history.events", COUNT, history.events, "200000", 1000, 1000000000,
        "changes of jobs and nodes that those who watch can still go back to"),
    KEY("history.events_age", DURATION, history.events_age, "7d", 60, 3650 * DAY,
        "older ones go, though they are fewer"),

    KEY("pods.cidr", TEXT, pods.cidr, "", 0, 18,
        "addresses of pods, 10.88.0.0/16; empty: they have no network of the cluster's"),
    KEY("pods.node_prefix", COUNT, pods.node_prefix, "24", 8, 30,
        "length of the part of it that each node gives its pods addresses of"),
    KEY("pods.mtu", COUNT, pods.mtu, "0", 0, 65535,
        "largest packet of pods' devices; 0: what the nodes' own let through"),
    CHOICE("pods.tunnel", pods.tunnel, "auto", tunnels,
        "VXLAN between nodes: auto (where they share no link), always or never"),
    KEY("pods.host_ports", TEXT, pods.host_ports, "30000-32767", 0, 11,
        "ports of their node that pods may take (hostPort), 30000-32767; empty: none"),
    KEY("pods.host_paths", PATHS, pods.host_paths, "", 0, 4096,
        "what hostPath volumes may show, and all below: /data, /scratch/%u:rw; empty: nothing"),
    KEY("pods.nfs_mounts", WORDS, pods.nfs_mounts, "", 0, 4096,
        "where nodes have what nfs volumes name: filer:/home=/nfs/home:rw"),
    KEY("pods.nfs", WORDS, pods.nfs, "", 0, 4096,
        "what berthd mounts for nfs volumes, and all below: filer:/home, filer:/scratch:rw"),
    KEY("pods.nfs_options", WORDS, pods.nfs_options, "", 0, 1000,
        "options of these mounts beside nosuid and nodev: vers=4.2, sec=krb5"),
    KEY("pods.reclaim_paths", PATHS, pods.reclaim_paths, "", 0, 4096,
        "volumes with Delete are emptied when they are below one of these; empty: none are"),
    KEY("pods.log_dir", PATH, pods.log_dir, "", 0, 0,
        "what containers wrote, %n is the node; empty: 'pods' below node.run_dir"),
    KEY("pods.logs_user", MEMORY, pods.logs_user, "1G", 1, 1 << 30,
        "space on a node for what a user's pods wrote; of ended ones the oldest go first"),
    KEY("pods.logs_node", MEMORY, pods.logs_node, "8G", 1, 1 << 30,
        "the same of all users together"),
    KEY("pods.resources", WORDS, pods.resources, "nvidia.com/gpu=gpu,amd.com/gpu=gpu", 0, 1000,
        "what pods call devices, and their name in gres: nvidia.com/gpu=gpu"),
    KEY("pods.memory", MEMORY, pods.memory, "256M", 1, 1 << 20,
        "memory of pods that ask for none"),
    KEY("pods.overcommit", BOOL, pods.overcommit, "false", 0, 0,
        "pods may use more memory than they ask for, up to their limits"),
    KEY("pods.least_cpu", COUNT, pods.least_cpu, "50", 1, 1000,
        "thousandths of a core that pods get which ask for none"),
    KEY("pods.priority_classes", WORDS, pods.priority_classes, "", 0, 1000,
        "QOS of pods' priority classes: high=urgent; one that is not here is a QOS"),
    KEY("pods.grace_max", SECONDS, pods.grace_max, "1h", 0, 30 * DAY,
        "longest terminationGracePeriodSeconds; pods that ask for more get this"),
    KEY("pods.helper_wait", SECONDS, pods.helper_wait, "15m", 1, 30 * DAY,
        "how long a batch job holds its nodes for helper pods that are not ready"),
    KEY("pods.ended_max", COUNT, pods.ended_max, "10000", 0, 10000000,
        "ended pods of a user that stay, the latest; of all users ten times as many"),
    KEY("pods.objects_max", COUNT, pods.objects_max, "20000", 1, 10000000,
        "objects that a user may keep: pods, jobs, config maps, ..."),
    KEY("pods.objects_size", MEMORY, pods.objects_size, "256M", 1, 1 << 20,
        "space that they may take"),
    SUBNET("name", NAME, name, NULL, 1, 63, true,
           "name of a subnet, whose pods reach each other and no others"),
    SUBNET("partitions", NAMES, partitions, "", 0, 1000, false,
           "partitions whose pods are part of it"),
    SUBNET("accounts", NAMES, accounts, "", 0, 1000, false,
           "accounts whose pods are part of it; the first subnet that fits counts"),

    KEY("licences", COUNTS, licences, "", 0, 1000000,
        "licences that jobs may hold, name: count"),

    KEY("log.level", LEVEL, log_level, "info", 0, 0,
        "error, warn, info or debug"),
    KEY("topology_file", TEXT, topology_file, "", 0, 4096,
        "a topology.conf of Slurm's; read when there are no switches, groups or blocks"),
    KEY("block_sizes", NAMES, block_sizes, "", 0, 64,
        "nodes of a block, and of groups of neighbouring blocks: 4,8,32"),
    KEY("join_pid_file", PATH, join_pid_file, "", 0, 0,
        "of a personal cluster, written by 'berth cluster up'"),

    NODE("names", HOSTS, names, NULL, 0, 0, true,
         "names of nodes that are alike, n[1-4]"),
    NODE("address", HOSTS, address, "", 0, 0, false,
         "their addresses, in the same order; empty: the names"),
    NODE("port", PORT, port, NULL, 1, 65535, false,
         "port of their daemons; default: node.port"),
    NODE("topology", TEXT, topology, "", 0, 4096, false,
         "hwloc XML file or synthetic:...; empty: the machine itself"),
    NODE("memory", MEMORY, memory, NULL, 1, 1 << 30, false,
         "memory for jobs; default: what hwloc finds"),
    NODE("features", NAMES, features, "", 0, 64, false,
         "words that --constraint may ask for"),
    NODE("gres", GRES, gres, "", 0, 4096, false,
         "devices that jobs can have, gpu:a100:4[0-15]@nvidia.com/gpu; default: the GPUs that hwloc finds"),
    NODE("labels", WORDS, labels, "", 0, 4096, false,
         "labels that pods may ask for: zone=a, example.com/rack=r1"),
    NODE("taints", WORDS, taints, "", 0, 4096, false,
         "what keeps pods away that do not tolerate it: dedicated=bio:NoSchedule"),

    PARTITION("name", NAME, name, NULL, 1, 63, true,
              "name of the partition"),
    PARTITION("nodes", HOSTS, nodes, "ALL", 0, 0, false,
              "its nodes; ALL: every node"),
    PARTITION("default", BOOL, is_default, "false", 0, 0, false,
              "takes the jobs that name no partition; without any, the first does"),
    PARTITION("up", BOOL, up, "true", 0, 0, false,
              "whether its jobs may start"),
    PARTITION("time_default", DURATION, time_default, NULL, 1, INT64_MAX, false,
              "limit of jobs that ask for none; default: time_max"),
    PARTITION("time_max", DURATION, time_max, "unlimited", 1, INT64_MAX, false,
              "longest limit that a job may ask for"),
    PARTITION("priority", COUNT, priority, "1", 0, 65535, false,
              "a partition of higher priority is served first"),
    PARTITION("min_nodes", COUNT, min_nodes, "1", 1, 1000000, false,
              "fewest nodes of a job"),
    PARTITION("max_nodes", COUNT, max_nodes, "0", 0, 1000000, false,
              "most nodes of a job; 0: no limit"),
    PARTITION("max_cores_per_node", COUNT, max_cores_per_node, "0", 0, 65535, false,
              "most cores of a job on each node; 0: no limit"),
    PARTITION("mem_per_cpu", MEMORY, mem_per_cpu, NULL, 1, 1 << 30, false,
              "memory for each core of jobs that ask for none; default: the node's"),
    PARTITION("qos", TEXT, qos, "", 0, 63, false,
              "QOS whose limits hold for all jobs of the partition"),
    PARTITION("allow_accounts", NAMES, allow_accounts, "", 0, 1000, false,
              "accounts whose jobs may run; empty: all"),
    PARTITION("deny_accounts", NAMES, deny_accounts, "", 0, 1000, false,
              "accounts whose jobs may not run"),
    PARTITION("allow_qos", NAMES, allow_qos, "", 0, 1000, false,
              "QOS whose jobs may run; empty: all"),
    PARTITION("allow_groups", NAMES, allow_groups, "", 0, 1000, false,
              "Unix groups whose members may use it; empty: everybody"),
    PARTITION_CHOICE("oversubscribe", oversubscribe, "no", oversubscribes,
              "no: a core has one job; yes: it may have several; exclusive: so has a node"),
    PARTITION_CHOICE("preempt_mode", preempt_mode, "cluster", modes,
              "what becomes of its preempted jobs; cluster: scheduling.preempt_mode"),

    SWITCH("name", NAME, name, NULL, 1, 63, true,
           "name of the switch"),
    SWITCH("nodes", HOSTS, nodes, "", 0, 0, false,
           "nodes that are connected to it"),
    SWITCH("switches", HOSTS, switches, "", 0, 0, false,
           "switches that are connected to it, from below"),

    GROUP("name", NAME, name, NULL, 1, 63, true,
          "name of the group of a dragonfly, all of which are one step apart"),
    GROUP("nodes", HOSTS, nodes, "", 0, 0, false,
          "nodes that are connected to it"),
    GROUP("switches", HOSTS, switches, "", 0, 0, false,
          "switches that are part of it"),

    BLOCK("name", NAME, name, NULL, 1, 63, true,
          "name of the block of nodes"),
    BLOCK("nodes", HOSTS, nodes, "", 0, 0, false,
          "nodes that are part of it"),
};
/* clang-format on */

const size_t schema_size = ARRAY_SIZE(schema_table);

enum schema_kind schema_find(const char *path, size_t *ret_index)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < schema_size; i++) {
        const char *rest = schema_table[i].path;

        if (strncmp(rest, path, len) != 0)
            continue;
        rest += len;
        if (!*rest) {
            *ret_index = i;
            return SCHEMA_VALUE;
        }
        if (*rest == '.')
            return SCHEMA_SECTION;
        if (strncmp(rest, "[].", 3) == 0)
            return SCHEMA_LIST;
    }
    return SCHEMA_UNKNOWN;
}

bool schema_in_scope(size_t i, const char *scope)
{
    const char *path = schema_table[i].path;
    size_t len = strlen(scope);

    return strncmp(path, scope, len) == 0 && !strstr(path + len, "[].");
}

/* A key of that very name in another section: most likely bad indentation. */
static const char *elsewhere(const char *word)
{
    for (size_t i = 0; i < schema_size; i++) {
        const char *last = strrchr(schema_table[i].path, '.');

        if (last && !strstr(schema_table[i].path, "[]") && strcmp(last + 1, word) == 0)
            return schema_table[i].path;
    }
    return NULL;
}

const char *schema_suggest(const char *prefix, const char *word)
{
    static char names[ARRAY_SIZE(schema_table)][64];
    const char *list[ARRAY_SIZE(schema_table)];
    size_t len = strlen(prefix), n = 0;
    const char *found;

    for (size_t i = 0; i < schema_size; i++) {
        const char *rest = schema_table[i].path + len;

        if (strncmp(schema_table[i].path, prefix, len) != 0)
            continue;
        (void)snprintf(names[n], sizeof(names[n]), "%.*s", (int)strcspn(rest, ".["),
                       rest);
        list[n] = names[n];
        n++;
    }
    found = nearest_name(word, list, n);
    return found ? found : elsewhere(word);
}
