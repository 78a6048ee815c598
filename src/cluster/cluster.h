/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster.h - a test cluster on this machine: what it consists of
 *
 *     bridge 10.x.y.254 --- veth --- n1 10.x.y.1   berthd, its shepherds
 *         |  berthctld  +-- veth --- n2 10.x.y.2   ...
 *
 * Each node is a network and UTS namespace, held by a process that only waits.
 * Root's bridge stands in the machine's own network; a user's cluster lies in
 * one user and network namespace, held by the head process. 'struct cluster'
 * is what cluster.json in its directory says; it is written before a thing is
 * made, so that 'down' finds all of it whenever 'up' was stopped.
 */
#ifndef BERTH_CLUSTER_CLUSTER_H
#define BERTH_CLUSTER_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/process.h"

#define CLUSTER_NODES_MAX 250
#define CLUSTER_FAKE_MAX 50000
#define CLUSTER_NAME_MAX 32
#define CLUSTER_DEFAULT_NAME "local"
#define CLUSTER_IFNAME_SIZE 16

struct cluster_node {
    char name[24];
    char address[16];
    struct process holder, daemon;
    uint64_t net_ns; /* inode of its network namespace; 0: not made */
};

struct cluster {
    char *name;
    char *dir;         /* sockets, logs, configuration; DIR/cluster.json */
    char *data;        /* states and images; may be 'dir' */
    char *images;      /* the store of images */
    bool own_images;   /* 'down' removes them */
    bool local_images; /* of one that is being made: stores differ between nodes */
    uid_t uid;         /* whose it is; 0: in the machine's own network */
    char bridge[CLUSTER_IFNAME_SIZE];
    char subnet[16];  /* "10.213.7", without the last byte */
    char address[16]; /* the controller's */
    uint16_t port;
    int claim; /* of the port, while it is chosen and not listened at; -1: none */
    struct process head; /* holds the user namespace; none in root's clusters */
    uint64_t user_ns;
    struct process munged, controller;
    struct cluster_node *nodes;
    size_t n_nodes;
    size_t n_fake;      /* nodes that one process only pretends to be */
    char *fake_runtime; /* seconds that their jobs take, NULL: their time limit */
    struct process fake;
};

/* One of nodes n1 to nN, of which nothing is made yet. Runtime files are in 'dir',
 * state and images in 'data'. */
struct cluster *cluster_create(const char *name, const char *dir, const char *data,
                               size_t n_nodes);
void cluster_destroy(struct cluster *cluster);
void cluster_destroyp(struct cluster **cluster);

/* state.c: cluster.json. A directory without one gives -ENOENT. */
int cluster_load(const char *dir, struct cluster **ret, struct err *err);
int cluster_save(const struct cluster *cluster, struct err *err);
/* True when one of its daemons or holders still runs. */
bool cluster_is_alive(const struct cluster *cluster);
/* True when all of its daemons run. */
bool cluster_is_whole(const struct cluster *cluster);

/* files.c: where things are. All paths are the caller's to free. */
int cluster_check_name(const char *name, struct err *err);
char *cluster_default_dir(const char *name);
char *cluster_default_data(const char *name);
/* The directory of the cluster that plain berth commands use, or NULL. */
char *cluster_current_dir(void);
/* True when who names no cluster can mean no other: $BERTH_CONF is its own, or it is
 * in its usual place and nobody's is in another one of these. */
bool cluster_is_meant(const struct cluster *cluster);
char *cluster_path(const struct cluster *cluster, const char *name);
/* Hardware of nodes: 'topology' may be NULL, 'memory' is MiB, 0: what the topology
 * says. */
struct cluster_hardware {
    const char *topology;
    uint64_t memory;
};
/* The directories, the munge key and berth.yaml. */
int cluster_make_files(const struct cluster *cluster,
                       const struct cluster_hardware *real,
                       const struct cluster_hardware *fake, struct err *err);
/* The fake nodes as a host list: "f[001-500]". */
char *cluster_fake_names(const struct cluster *cluster);
int cluster_write_join_file(const struct cluster *cluster, struct err *err);
int cluster_point_here(const struct cluster *cluster, struct err *err);
int cluster_remove_files(const struct cluster *cluster, bool keep_images,
                         struct err *err);

/* net.c: addresses, bridge and links, through ip(8). Choosing the subnet
 * names the bridge and gives the nodes their addresses. */
int cluster_choose_subnet(struct cluster *cluster, const char *given, struct err *err);
/* The port is claimed until 'cluster' is destroyed: of two that choose at the same time
 * each has its own. */
int cluster_choose_port(struct cluster *cluster, uint16_t given, struct err *err);
int cluster_make_bridge(const struct cluster *cluster, struct err *err);
int cluster_link_node(const struct cluster *cluster, size_t node, struct err *err);
/* Root's only: a user's bridge goes with its namespace. Absent is fine. */
int cluster_remove_bridge(const struct cluster *cluster, struct err *err);

/* proc.c: processes of a cluster. */

/* Become the head of a user's cluster: a user and a network namespace. */
int cluster_enter_new(struct err *err);
/* Start a process that only waits. With a node's name it gets a network and UTS
 * namespace of its own, in which lo is up. */
int cluster_hold(const char *node, struct process *ret, struct err *err);
/* The inode of /proc/PID/ns/<kind>, 0 when it cannot be read. */
uint64_t cluster_ns_of(pid_t pid, const char *kind);
/* Enter the network and host name of a node. For a child that will exec. */
int cluster_enter_node(const struct cluster_node *node, struct err *err);
int cluster_start_munged(struct cluster *cluster, struct err *err);
int cluster_start_controller(struct cluster *cluster, struct err *err);
int cluster_start_node(struct cluster *cluster, size_t node, struct err *err);
/* All fake nodes. */
int cluster_start_fake(struct cluster *cluster, struct err *err);
/* The path of one of Berth's programs, or of one in PATH; -ENOENT with words. */
int cluster_find_program(const char *name, const char *package, char **ret_path,
                         struct err *err);
/* The last line that the program with this log wrote, or "". */
char *cluster_last_words(const struct cluster *cluster, const char *log);

/* groups.c: control groups that a killed node daemon left. Kill what is in them,
 * stopped or not; remove them when it is gone. */
void cluster_kill_groups(const struct cluster *cluster);
int cluster_remove_groups(const struct cluster *cluster, struct err *err);

/* down.c: end everything that is left of a cluster. Goes on after a
 * failure and returns the first. */
int cluster_take_down(const struct cluster *cluster, bool keep_images, struct err *err);

#endif
