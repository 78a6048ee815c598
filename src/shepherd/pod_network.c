/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_network.c - the network of a pod's sandbox, and its names
 *
 *     hostNetwork: true                      the node's own network
 *     the node has a network for pods        a device and an address, made by berthd
 *     it has none; slirp4netns is installed  out to the world, as the user; no way in
 *     else                                   loopback only
 *
 * berthd is asked with the descriptor of the sandbox's namespace. What it made goes
 * with the job.
 */
#include "shepherd/pod_network.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "pod/names.h"
#include "shepherd/pod_slirp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ETC_FILE_MAX (1u << 20)
#define NODE_RESOLVER "/etc/resolv.conf"
/* Whom systemd-resolved asks, where the node asks that. */
#define RESOLVED_SERVERS "/run/systemd/resolve/resolv.conf"

typedef void network_fn(struct pod_lead *pl, const struct err *why);

struct pod_network {
    struct pod_lead *pl; /* NULL: the pod has ended, an answer is still awaited */
    char hostname[HOST_NAME_MAX + 1];
    char address[16];
    char *hosts, *resolver;      /* files for all containers */
    struct bind_mount mounts[2]; /* of these */
    struct pod_gang gang;
    struct pod_slirp *slirp;
    network_fn *fn;   /* NULL: has been called */
    bool is_asking;   /* berthd, right now */
    bool is_to_ask;   /* when it is back */
    struct err words; /* why berthd makes no network */
};

static struct pod_network *network_of(const struct pod_lead *pl)
{
    struct pod_network *network = pl->network;
    cleanup(freep) char *name = NULL;

    if (network)
        return network;
    network = xcalloc(1, sizeof(*network));
    network->pl = (struct pod_lead *)(uintptr_t)pl;
    if (pod_network_is_own(pl))
        name = pod_hostname(pl->spec);
    if (name)
        (void)snprintf(network->hostname, sizeof(network->hostname), "%s", name);
    else
        (void)gethostname(network->hostname, sizeof(network->hostname) - 1);
    network->pl->network = network;
    return network;
}

bool pod_network_is_own(const struct pod_lead *pl)
{
    return !pl->spec->spec->has_host_network;
}

const char *pod_network_hostname(const struct pod_lead *pl)
{
    return network_of(pl)->hostname;
}

const char *pod_network_host_address(const struct pod_lead *pl)
{
    return pl->sh->grant->placement->shares[0]->address;
}

const char *pod_network_address(const struct pod_lead *pl)
{
    return pod_network_is_own(pl) ? network_of(pl)->address
                                  : pod_network_host_address(pl);
}

/* -------------------------------------------------------------------- files */

static char *read_etc(const char *path)
{
    char *text = NULL;

    return io_read_file(path, ETC_FILE_MAX, &text, NULL, NULL) ? xstrdup("") : text;
}

static char *hosts_text(const struct pod_network *network)
{
    const struct mf_pod *pod = network->pl->spec;
    cleanup(freep) char *node = NULL;
    struct pod_hosts hosts = {.address = network->address,
                              .name_space = pod->meta->name_space,
                              .neighbours = network->gang.v,
                              .n_neighbours = network->gang.n};

    if (!pod_network_is_own(network->pl))
        hosts.node_hosts = node = read_etc("/etc/hosts");
    return pod_hosts_text(pod, &hosts);
}

static char *resolver_text(const struct pod_network *network)
{
    bool is_own = pod_network_is_own(network->pl);
    cleanup(freep) char *node = read_etc(NODE_RESOLVER);

    if (is_own && pod_resolver_is_local(node) && access(RESOLVED_SERVERS, R_OK) == 0) {
        free(node);
        node = read_etc(RESOLVED_SERVERS);
    }
    return pod_resolver_text(network->pl->spec, node,
                             network->slirp ? POD_SLIRP_SERVER : NULL);
}

static int write_file(struct pod_network *network, const char *name, const char *text,
                      char **ret, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/%s", network->pl->dir, name);
    cleanup(closep) int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    int rc = fd < 0 ? -errno : io_write_full(fd, text, strlen(text));

    if (rc)
        return err_sys(err, -rc, "%s", path);
    *ret = take(path);
    return 0;
}

static int write_files(struct pod_network *network, struct err *err)
{
    cleanup(freep) char *hosts = hosts_text(network);
    cleanup(freep) char *resolver = resolver_text(network);
    int rc = write_file(network, "hosts", hosts, &network->hosts, err);

    if (!rc)
        rc = write_file(network, "resolv.conf", resolver, &network->resolver, err);
    network->mounts[0] = (struct bind_mount){.source = network->resolver,
                                             .target = NODE_RESOLVER,
                                             .readonly = true,
                                             .origin = "dnsPolicy"};
    /* One file for all containers, as members of a gang come and go. */
    network->mounts[1] = (struct bind_mount){
        .source = network->hosts, .target = "/etc/hosts", .origin = "hostAliases"};
    return rc;
}

/* ------------------------------------------------------------------- answer */

static void tell(struct pod_network *network, const struct err *why)
{
    network_fn *fn = take(network->fn);
    struct err err;

    if (!fn)
        return;
    if (!why && write_files(network, &err))
        why = &err;
    fn(network->pl, why);
}

static size_t count_ports(const struct pod_lead *pl)
{
    size_t n = 0;

    for (size_t i = 0; i < pl->n; i++)
        for (size_t k = 0; k < pl->members[i].spec->ports.n; k++)
            n += pl->members[i].spec->ports.items[k].host_port > 0;
    return n;
}

static void warn(struct pod_network *network, const char *words)
{
    struct pod_lead *pl = network->pl;
    cleanup(freep) char *all =
        xasprintf("%s%s", words, count_ports(pl) ? "; its hostPorts lead nowhere" : "");

    pod_add_note(pl->pod, true, "NetworkLimited", all);
}

static void use_loopback(struct pod_network *network, const char *why)
{
    cleanup(freep) char *words = xasprintf(
        "the pod reaches nothing but itself: %s, and %s", network->words.text, why);

    warn(network, words);
    tell(network, NULL);
}

static void on_slirp(void *ctx, bool works)
{
    struct pod_network *network = ctx;

    if (!works) {
        pod_slirp_stop(take(network->slirp));
        use_loopback(network, "slirp4netns does not work on it");
        return;
    }
    (void)snprintf(network->address, sizeof(network->address), POD_SLIRP_ADDRESS);
    warn(network, "the pod reaches others, and nobody reaches it: its network is of "
                  "user mode");
    tell(network, NULL);
}

static void use_user_mode(struct pod_network *network, const struct err *why)
{
    const struct sandbox *sandbox = network->pl->sandbox;
    struct err err;

    network->words = *why;
    network->slirp =
        pod_slirp_start(network->pl->sh->loop, sandbox_namespaces(sandbox)[0],
                        sandbox_network(sandbox), on_slirp, network, &err);
    if (!network->slirp)
        use_loopback(network, err.text);
}

/* ------------------------------------------------------------------- berthd */

static void on_wired(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct pod_network *network = ctx;

    network->is_asking = false;
    if (!network->pl) {
        free(network);
    } else if (err && err->code == EPIPE) {
        network->is_to_ask = true;
    } else if (err && err->code == ENONET) {
        use_user_mode(network, err);
    } else if (err || reply->body_case != BERTH__ENVELOPE__BODY_POD_WIRED) {
        tell(network, err ? err : &(struct err){EPROTO, "the node's answer is none"});
    } else {
        (void)snprintf(network->address, sizeof(network->address), "%.15s",
                       reply->pod_wired->address);
        tell(network, NULL);
    }
}

/* While berthd is away there is nobody to ask. */
static void ask(struct pod_network *network)
{
    struct shepherd *sh = network->pl->sh;
    int netns = fcntl(sandbox_network(network->pl->sandbox), F_DUPFD_CLOEXEC, 0);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__PodWire wire = BERTH__POD_WIRE__INIT;

    network->is_to_ask = !sh->node || netns < 0;
    if (network->is_to_ask) {
        closep(&netns);
        return;
    }
    wire.job_id = sh->job;
    wire.epoch = sh->epoch;
    env.body_case = BERTH__ENVELOPE__BODY_POD_WIRE;
    env.pod_wire = &wire;
    network->is_asking = true;
    rpc_call_fd(sh->node_rpc, sh->node, &env, netns, on_wired, network);
}

/* ----------------------------------------------------------------- its life */

void pod_network_start(struct pod_lead *pl,
                       void (*fn)(struct pod_lead *pl, const struct err *why))
{
    struct pod_network *network = network_of(pl);

    network->fn = fn;
    if (pod_network_is_own(pl))
        ask(network);
    else
        tell(network, NULL);
}

void pod_network_node_is_back(struct pod_lead *pl)
{
    if (pl->network && pl->network->is_to_ask)
        ask(pl->network);
}

const char *pod_network_hosts(const struct pod_lead *pl)
{
    return network_of(pl)->hosts;
}

const struct bind_mount *pod_network_mounts(const struct pod_lead *pl, size_t *ret_n)
{
    const struct pod_network *network = network_of(pl);

    *ret_n = network->resolver && network->hosts ? ARRAY_SIZE(network->mounts) : 0;
    return network->mounts;
}

/* The same file, which containers have mounted: what is read meanwhile is the old text
 * or the new one's beginning, and lines of members are at its end. */
static int rewrite_hosts(const struct pod_network *network)
{
    cleanup(freep) char *text = hosts_text(network);
    cleanup(closep) int fd = open(network->hosts, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    int rc = fd < 0 ? -errno : io_write_full(fd, text, strlen(text));

    return !rc && ftruncate(fd, (off_t)strlen(text)) ? -errno : rc;
}

void pod_network_gang(struct pod_lead *pl, const char *text, size_t len)
{
    struct pod_network *network = network_of(pl);
    int rc;

    pod_gang_fini(&network->gang);
    pod_gang_read(text, len, pl->spec, &network->gang);
    rc = network->hosts ? rewrite_hosts(network) : 0;
    if (rc)
        log_warn("%s: %s", network->hosts, strerror(-rc));
}

void pod_network_end(struct pod_lead *pl)
{
    struct pod_network *network = take(pl->network);

    if (!network)
        return;
    pod_slirp_stop(network->slirp);
    pod_gang_fini(&network->gang);
    free(network->hosts);
    free(network->resolver);
    network->pl = NULL;
    if (!network->is_asking)
        free(network);
}
