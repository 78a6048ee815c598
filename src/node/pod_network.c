/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_network.c - the network of the pods here: what berthd does with src/podnet
 *
 *     unknown --told--> set, none or failed
 *
 * While it is unknown the wishes of leads wait; all else goes on.
 */
#include "node/pod_network.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/shepherd_priv.h"
#include "podnet/podnet.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#define NETWORK_BYTES_MAX (16u << 20)
/* How long a pod waits for the ports of one whose end the controller has heard of. */
#define PORT_WAIT_MS 10000

enum task_kind { TASK_SET, TASK_WIRE, TASK_UNWIRE, TASK_SWEEP };

struct job_key {
    uint32_t job, epoch;
};

struct task {
    uv_work_t work;
    struct pod_network *pods;
    enum task_kind kind;
    Berth__PodNetwork *network; /* to set */
    struct job_key who;         /* to wire or unwire */
    struct job_key *alive;      /* in a sweep */
    size_t n_alive;
    /* To wire: */
    int netns;
    uid_t uid;
    uint64_t id; /* of the request */
    /* A port is another pod's, who may be about to go: not before there were so many
     * ends, or loop time (ms) is over. */
    uint64_t ends_wanted, until;
    size_t subnet;
    struct podnet_port *ports;
    size_t n_ports;
    /* What came of it. */
    uint32_t address, gateway;
    char *skipped;
    struct err err;
    int rc;
    struct task *prev, *next;
};

enum pods_state { PODS_UNKNOWN, PODS_SET, PODS_NONE, PODS_FAILED };

struct pod_network {
    struct node *node;
    struct podnet *net; /* the worker's while one runs */
    const char **subnets;
    char *path; /* of what was told last */
    struct task *waiting, *running;
    uv_timer_t late;
    uint64_t ends; /* of pods, or sweeps */
    enum pods_state state;
    struct err why; /* it is not there */
};

static void begin_next(struct pod_network *pods);

static void task_free(struct task *task)
{
    closep(&task->netns);
    free_message(task->network);
    free(task->alive);
    free(task->ports);
    free(task->skipped);
    free(task);
}

static struct task *new_task(struct pod_network *pods, enum task_kind kind)
{
    struct task *task = xcalloc(1, sizeof(*task));

    task->pods = pods;
    task->kind = kind;
    task->netns = -1;
    task->work.data = task;
    return task;
}

static void queue(struct task *task)
{
    struct pod_network *pods = task->pods;

    DL_APPEND(pods->waiting, task);
    begin_next(pods);
}

/* ------------------------------------------------------------- in the worker */

static int read_peers(const Berth__PodNetwork *network, struct podnet_peer **ret,
                      struct err *err)
{
    cleanup(freep) struct podnet_peer *peers =
        xcalloc(network->n_routes + 1, sizeof(*peers));

    for (size_t i = 0; i < network->n_routes; i++) {
        int rc = ipv4_range_parse(network->routes[i]->slice, &peers[i].slice, err);

        if (rc)
            return rc;
        peers[i].address = network->routes[i]->address;
    }
    *ret = take(peers);
    return 0;
}

static int do_set(struct task *task, struct err *err)
{
    const Berth__PodNetwork *network = task->network;
    cleanup(freep) struct podnet_peer *peers = NULL;
    struct ipv4_range cidr, slice;
    int rc;

    if (!network->cidr[0])
        return podnet_clear(task->pods->net, err);
    rc = ipv4_range_parse(network->cidr, &cidr, err);
    if (!rc)
        rc = ipv4_range_parse(network->slice, &slice, err);
    if (!rc)
        rc = read_peers(network, &peers, err);
    return rc ? rc
              : podnet_set(task->pods->net, cidr, slice, peers, network->n_routes,
                           &task->skipped, err);
}

/* A network namespace that the job's user has made, and not the node's own. */
static int check_namespace(int netns, uid_t uid, struct err *err)
{
    cleanup(closep) int users = -1;
    struct stat given, own;
    uid_t owner;

    if (ioctl(netns, NS_GET_NSTYPE) != CLONE_NEWNET)
        return err_set(err, EINVAL, "a pod's network is to be made in no namespace");
    users = ioctl(netns, NS_GET_USERNS);
    if (users < 0 || ioctl(users, NS_GET_OWNER_UID, &owner) || fstat(netns, &given) ||
        stat("/proc/self/ns/net", &own))
        return err_sys(err, errno, "look at the pod's namespace");
    if (owner != uid || (given.st_ino == own.st_ino && given.st_dev == own.st_dev))
        return err_set(err, EACCES, "the namespace is not the pod's own");
    return 0;
}

static int do_wire(struct task *task, struct err *err)
{
    struct podnet *net = task->pods->net;
    int rc = check_namespace(task->netns, task->uid, err);

    if (!rc)
        rc = podnet_wire(net, task->who.job, task->who.epoch, task->subnet, task->ports,
                         task->n_ports, task->netns, &task->address, err);
    task->gateway = podnet_node_address(net);
    return rc;
}

static bool is_alive(uint32_t job, uint32_t epoch, void *ctx)
{
    const struct task *task = ctx;

    for (size_t i = 0; i < task->n_alive; i++)
        if (task->alive[i].job == job && task->alive[i].epoch == epoch)
            return true;
    return false;
}

static int do_task(struct task *task, struct err *err)
{
    struct podnet *net = task->pods->net;

    switch (task->kind) {
    case TASK_SET:
        return do_set(task, err);
    case TASK_WIRE:
        return do_wire(task, err);
    case TASK_UNWIRE:
        return podnet_unwire(net, task->who.job, task->who.epoch, err);
    case TASK_SWEEP:
        return podnet_sweep(net, is_alive, task, err);
    }
    return 0;
}

static void work(uv_work_t *req)
{
    struct task *task = req->data;

    task->rc = do_task(task, &task->err);
}

/* --------------------------------------------------------------- on the loop */

static void no_network(struct pod_network *pods, enum pods_state state,
                       const char *words)
{
    pods->state = state;
    (void)err_set(&pods->why, ENONET, "this node has no network for pods%s%s",
                  words ? ": " : "", words ? words : "");
}

static void after_set(struct pod_network *pods, const struct task *task)
{
    bool is_wanted = task->network->cidr[0];

    if (task->rc)
        log_warn("network of pods: %s", task->err.text);
    if (task->skipped)
        log_warn("network of pods: some nodes are out of reach: %s", task->skipped);
    if (!is_wanted) {
        if (!task->rc)
            (void)unlink(pods->path);
        no_network(pods, PODS_NONE, NULL);
    } else if (task->rc) {
        no_network(pods, PODS_FAILED, task->err.text);
    } else {
        pods->state = PODS_SET;
        log_info("network of pods: %s of %s", task->network->slice,
                 task->network->cidr);
    }
}

static struct shepherd *lead_of(struct node *node, struct job_key who)
{
    struct shepherd *lead = shepherd_find(node, who.job, STEP_LEAD);

    return lead && lead->epoch == who.epoch && lead->ch ? lead : NULL;
}

static void answer(struct pod_network *pods, const struct task *task, int code,
                   const char *words)
{
    const struct shepherd *lead = lead_of(pods->node, task->who);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__PodWired wired = BERTH__POD_WIRED__INIT;
    char address[IPV4_TEXT_MAX], gateway[IPV4_TEXT_MAX];

    if (!lead)
        return;
    env.id = task->id;
    if (code) {
        channel_reply_status(lead->ch, &env, code, words);
        return;
    }
    wired.address = (char *)(uintptr_t)ipv4_text(task->address, address);
    wired.gateway = (char *)(uintptr_t)ipv4_text(task->gateway, gateway);
    wired.prefix = 32;
    env.reply = true;
    env.body_case = BERTH__ENVELOPE__BODY_POD_WIRED;
    env.pod_wired = &wired;
    channel_send(lead->ch, &env);
}

static void set_late(struct pod_network *pods);

static void on_late(uv_timer_t *timer)
{
    struct pod_network *pods = timer->data;

    begin_next(pods);
    set_late(pods);
}

/* For the first of those that wait for a port that will do so no longer. */
static void set_late(struct pod_network *pods)
{
    uint64_t now = uv_now(pods->node->loop), first = UINT64_MAX;
    const struct task *task;

    DL_FOREACH(pods->waiting, task)
    if (task->until > now && task->until < first)
        first = task->until;
    if (first == UINT64_MAX)
        (void)uv_timer_stop(&pods->late);
    else
        (void)uv_timer_start(&pods->late, on_late, first - now, 0);
}

static bool waits_for_port(struct pod_network *pods, struct task *task)
{
    uint64_t now = uv_now(pods->node->loop);

    /* Its pod may have gone meanwhile, and that end been dealt with before it would
     * be tried again. */
    if (task->rc != -EADDRINUSE || (task->until && now >= task->until) ||
        !lead_of(pods->node, task->who))
        return false;
    if (!task->until)
        task->until = now + PORT_WAIT_MS;
    task->ends_wanted = pods->ends + 1;
    DL_APPEND(pods->waiting, task);
    set_late(pods);
    begin_next(pods);
    return true;
}

static void after_work(uv_work_t *req, int status)
{
    struct task *task = req->data;
    struct pod_network *pods = task->pods;

    (void)status;
    pods->running = NULL;
    switch (task->kind) {
    case TASK_SET:
        after_set(pods, task);
        break;
    case TASK_WIRE:
        if (waits_for_port(pods, task))
            return;
        answer(pods, task, -task->rc, task->err.text);
        break;
    case TASK_UNWIRE:
    case TASK_SWEEP:
        pods->ends++;
        if (task->rc)
            log_warn("network of pods: %s", task->err.text);
        break;
    }
    task_free(task);
    begin_next(pods);
}

static bool may_begin(const struct pod_network *pods, const struct task *task)
{
    if (task->kind != TASK_WIRE)
        return true;
    return pods->state != PODS_UNKNOWN &&
           (pods->ends >= task->ends_wanted || uv_now(pods->node->loop) >= task->until);
}

static void begin_next(struct pod_network *pods)
{
    struct task *task;

    if (pods->running)
        return;
    DL_FOREACH(pods->waiting, task)
    if (may_begin(pods, task))
        break;
    if (!task)
        return;
    DL_DELETE(pods->waiting, task);
    if (task->kind == TASK_WIRE && pods->state != PODS_SET) {
        answer(pods, task, pods->why.code, pods->why.text);
        task_free(task);
        begin_next(pods);
        return;
    }
    pods->running = task;
    (void)uv_queue_work(pods->node->loop, &task->work, work, after_work);
}

/* --------------------------------------------------------------------- wishes */

static int read_port(const struct config *config, const Berth__PodPort *msg,
                     struct podnet_port *ret, struct err *err)
{
    bool is_udp = strcmp(msg->protocol, "UDP") == 0;

    if ((!is_udp && strcmp(msg->protocol, "TCP") != 0) || msg->host_port == 0 ||
        msg->host_port > UINT16_MAX || msg->container_port == 0 ||
        msg->container_port > UINT16_MAX)
        return err_set(err, EINVAL,
                       "hostPort %u: only ports of TCP and UDP lead to pods",
                       msg->host_port);
    if (!config_pod_host_port(config, msg->host_port))
        return err_set(err, EACCES,
                       "hostPort %u: pods may not take it here "
                       "(pods.host_ports)",
                       msg->host_port);
    ret->is_udp = is_udp;
    ret->host_port = (uint16_t)msg->host_port;
    ret->pod_port = (uint16_t)msg->container_port;
    return msg->host_ip[0] ? ipv4_parse(msg->host_ip, &ret->host_ip, err) : 0;
}

/* The lead is a process of the user's: it is asked for nothing but the namespace. */
static int read_wish(struct task *task, const struct shepherd *lead, struct err *err)
{
    const struct config *config = task->pods->node->config;
    const Berth__PodGrant *granted = lead->granted;
    int rc = 0;

    if (!granted)
        return err_set(err, EACCES, "job %u was granted no network of pods", lead->job);
    if (granted->n_ports > RECORD_PORTS_MAX)
        return err_set(err, E2BIG, "a pod may have %d ports of its node",
                       RECORD_PORTS_MAX);
    task->who = (struct job_key){lead->job, lead->epoch};
    task->subnet = config_pod_subnet(config, granted->partition, granted->account);
    task->ports = xcalloc(granted->n_ports + 1, sizeof(*task->ports));
    for (size_t i = 0; i < granted->n_ports && !rc; i++)
        rc = read_port(config, granted->ports[i], &task->ports[task->n_ports++], err);
    return rc;
}

/* Its shepherd waits for them no longer. */
static void drop_waiting(struct pod_network *pods, struct job_key who)
{
    struct task *task, *next;

    DL_FOREACH_SAFE(pods->waiting, task, next)
    {
        if (task->kind != TASK_WIRE || task->who.job != who.job ||
            task->who.epoch != who.epoch)
            continue;
        DL_DELETE(pods->waiting, task);
        task_free(task);
    }
}

void pod_network_wire(struct shepherd *shepherd, const Berth__Envelope *env, int netns)
{
    struct pod_network *pods = shepherd->node->pods;
    struct task *task = new_task(pods, TASK_WIRE);
    struct err err;

    task->netns = netns;
    task->uid = shepherd->uid;
    task->id = env->id;
    if (read_wish(task, shepherd, &err)) {
        channel_reply_status(shepherd->ch, env, err.code, err.text);
        task_free(task);
        return;
    }
    drop_waiting(pods, task->who);
    queue(task);
}

void pod_network_lead_gone(struct node *node, uint32_t job, uint32_t epoch)
{
    struct task *task;

    if (!node->pods || !node->pods->net)
        return;
    task = new_task(node->pods, TASK_UNWIRE);
    task->who = (struct job_key){job, epoch};
    drop_waiting(node->pods, task->who);
    queue(task);
}

/* ---------------------------------------------------------------- what is told */

static void save(const struct pod_network *pods, const Berth__PodNetwork *network)
{
    size_t len;
    cleanup(freep) uint8_t *bytes = pack_message(&network->base, &len);
    struct err err;

    if (!network->cidr[0])
        (void)unlink(pods->path);
    else if (io_write_file_atomic(pods->path, bytes, len, 0600, &err))
        log_warn("network of pods: %s", err.text);
}

static void set(struct pod_network *pods, const Berth__PodNetwork *network)
{
    struct task *task = new_task(pods, TASK_SET);

    task->network = copy_message(&network->base);
    queue(task);
}

static Berth__PodNetwork *load(const struct pod_network *pods)
{
    cleanup(freep) char *bytes = NULL;
    size_t len;

    if (io_read_file(pods->path, NETWORK_BYTES_MAX, &bytes, &len, NULL))
        return NULL;
    return unpack_message(&berth__pod_network__descriptor, (const uint8_t *)bytes, len);
}

static bool is_same(const Berth__PodNetwork *a, const Berth__PodNetwork *b)
{
    uint8_t left[32], right[32];

    digest_message(&a->base, left);
    digest_message(&b->base, right);
    return memcmp(left, right, sizeof(left)) == 0;
}

void pod_network_told(struct node *node, const Berth__PodNetwork *told)
{
    static const Berth__PodNetwork none = BERTH__POD_NETWORK__INIT;
    struct pod_network *pods = node->pods;
    cleanup(free_messagep) Berth__PodNetwork *before = load(pods);
    const Berth__PodNetwork *now = told ? told : &none;
    bool is_new = !before || !is_same(before, now);

    if (!pods->net || (pods->state == PODS_NONE && !now->cidr[0]))
        return;
    if (is_new)
        save(pods, now);
    /* What is being set, or has been, need not be again. */
    if (is_new || pods->state != PODS_SET)
        set(pods, now);
}

/* ----------------------------------------------------------------------- start */

static int create(struct pod_network *pods, struct err *err)
{
    const struct config *config = pods->node->config;
    cleanup(freep) char *dir = xasprintf("%s/podnet", pods->node->state_dir);
    struct podnet_settings settings = {.cluster = config->cluster,
                                       .node = pods->node->self->name,
                                       .address = pods->node->self->address,
                                       .dir = dir,
                                       .subnets = pods->subnets,
                                       .n_subnets = config->pods.n_subnets,
                                       .mtu = config->pods.mtu};

    switch (config->pods.tunnel) {
    case CONFIG_TUNNEL_AUTO:
        settings.tunnel = PODNET_TUNNEL_AUTO;
        break;
    case CONFIG_TUNNEL_ALWAYS:
        settings.tunnel = PODNET_TUNNEL_ALWAYS;
        break;
    case CONFIG_TUNNEL_NEVER:
        settings.tunnel = PODNET_TUNNEL_NEVER;
        break;
    }
    return podnet_create(&settings, &pods->net, err);
}

static void sweep(struct pod_network *pods)
{
    struct task *task = new_task(pods, TASK_SWEEP);
    struct shepherd *shepherd, *next;

    task->alive = xcalloc(HASH_COUNT(pods->node->shepherds) + 1, sizeof(*task->alive));
    HASH_ITER(hh, pods->node->shepherds, shepherd, next)
    if (shepherd->step == STEP_LEAD)
        task->alive[task->n_alive++] = (struct job_key){shepherd->job, shepherd->epoch};
    queue(task);
}

/* What was told last holds until we hear more; unless the site has given it up. */
static void take_up(struct pod_network *pods, const Berth__PodNetwork *before)
{
    Berth__PodNetwork none = BERTH__POD_NETWORK__INIT;

    if (!pods->node->config->pods.cidr)
        set(pods, &none);
    else if (before)
        set(pods, before);
    sweep(pods);
}

void pod_network_start(struct node *node)
{
    const struct config *config = node->config;
    struct pod_network *pods = xcalloc(1, sizeof(*pods));
    cleanup(free_messagep) Berth__PodNetwork *before = NULL;
    struct err err;

    node->pods = pods;
    pods->node = node;
    (void)uv_timer_init(node->loop, &pods->late);
    pods->late.data = pods;
    pods->path = xasprintf("%s/pod_network", node->state_dir);
    before = load(pods);
    if (!config->pods.cidr && !before) {
        no_network(pods, PODS_NONE, NULL);
        return;
    }
    pods->subnets = xcalloc(config->pods.n_subnets + 1, sizeof(*pods->subnets));
    for (size_t i = 0; i < config->pods.n_subnets; i++)
        pods->subnets[i] = config->pods.subnets[i].name;
    if (create(pods, &err)) {
        log_warn("network of pods: %s", err.text);
        no_network(pods, PODS_FAILED, err.text);
        return;
    }
    take_up(pods, before);
}
