/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - berthd, the daemon of a node
 */
#include "node/groups.h"
#include "node/hooks.h"
#include "node/exports.h"
#include "node/pod_logs.h"
#include "node/node.h"
#include "node/pod_network.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "image/where.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "Usage: berthd [--config FILE] [--node NAME]\n"
    "Run a node of a Berth cluster.\n\n"
    "  -c, --config FILE   the cluster's configuration (default: found as berth does)\n"
    "  -n, --node NAME     which node this is (default: the host's name)\n"
    "  -h, --help          print this\n"
    "  -V, --version       print the version\n\n"
    "Example: berthd --config /etc/berth/berth.yaml --node n1\n"
    "See berthd(8).\n";

struct options {
    const char *config, *node;
};

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"node", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "c:n:hV", longs, NULL)) != -1) {
        if (c == 'c')
            options->config = optarg;
        else if (c == 'n')
            options->node = optarg;
        else if (c == 'h')
            return fputs(usage, stdout) < 0;
        else if (c == 'V')
            return printf("berthd %s\n", PACKAGE_VERSION) < 0;
        else
            return 2;
    }
    if (optind < argc) {
        (void)fprintf(stderr, "berthd: unexpected argument '%s'\n", argv[optind]);
        return 2;
    }
    return -1;
}

static int find_self(struct node *node, const char *name, struct err *err)
{
    char host[256] = "";

    if (!name) {
        (void)gethostname(host, sizeof(host) - 1);
        host[strcspn(host, ".")] = '\0';
        name = host;
    }
    node->self = config_node_by_name(node->config, name);
    if (!node->self)
        return err_set(err, ENOENT, "%s: nodes: there is no node '%s'; use --node",
                       node->config->path, name);
    return 0;
}

static int make_dirs(struct node *node, struct err *err)
{
    const struct image_where where = {.node = node->self->name};
    cleanup(freep) char *steps = NULL;
    int rc;

    node->state_dir = config_node_dir(node->config->node.state_dir, node->self->name);
    node->run_dir = config_node_dir(node->config->node.run_dir, node->self->name);
    node->socket_path = xasprintf("%s/node.sock", node->run_dir);
    node->image_stores[0] = image_where(node->config->image.store, &where);
    node->image_stores[1] = xstrdup(node->config->image.user_store);
    steps = xasprintf("%s/steps", node->state_dir);
    rc = io_mkdir_p(steps, 0755, err);
    return rc ? rc : io_mkdir_p(node->run_dir, 0755, err);
}

/* Stop without touching jobs: shepherds go on and wait for our return. */
static void on_stop_signal(uv_signal_t *handle, int signo)
{
    struct node *node = handle->data;

    if (node->stopping)
        return;
    log_info("stopping on %s; jobs go on", strsignal(signo));
    node->stopping = true;
    groups_stop(node);
    (void)unlink(node->socket_path);
    uv_stop(node->loop);
}

static void watch_signals(struct node *node)
{
    (void)uv_signal_init(node->loop, &node->on_term);
    (void)uv_signal_init(node->loop, &node->on_int);
    node->on_term.data = node->on_int.data = node;
    (void)uv_signal_start(&node->on_term, on_stop_signal, SIGTERM);
    (void)uv_signal_start(&node->on_int, on_stop_signal, SIGINT);
}

/* Signals first: one that ends us now must not leave control groups that are not
 * written down yet. */
static int start(struct node *node, struct err *err)
{
    int rc;

    watch_signals(node);
    (void)grant_key_load(node);
    node->fanout = node->config->node.fanout;
    rc = node_inventory(node, err);
    if (!rc)
        rc = groups_start(node, err);
    if (!rc)
        rc = hooks_start(node, err);
    if (rc)
        return rc;
    pod_logs_start(node);
    registration_start(node);
    rc = routes_start(node, err);
    if (!rc)
        rc = shepherds_accept(node, err);
    if (rc)
        return rc;
    pod_network_start(node);
    exports_start(node);
    shepherds_start(node);
    log_info("node %s: %s", node->self->name, node->topo->words);
    return 0;
}

/* All that berthd keeps; it lives as long as the process. */
static struct node node;

static const char *shepherd_program(void)
{
    const char *path = getenv("BERTH_SHEPHERD");

    return path ? path : BERTH_LIBEXECDIR "/berth-shepherd";
}

int main(int argc, char **argv)
{
    cleanup(freep) char *path = NULL;
    cleanup(config_freep) struct config *config = NULL;
    struct options options = {NULL, NULL};
    struct err err = {0};
    int rc;

    io_open_std();
    rc = parse_options(argc, argv, &options);
    if (rc >= 0)
        return rc;
    (void)signal(SIGPIPE, SIG_IGN);
    log_init("berthd", LOG_INFO);
    if (sodium_init() < 0 || config_find(options.config, &path, &err) ||
        config_load(path, &config, &err) ||
        (node.config = config, find_self(&node, options.node, &err))) {
        (void)fprintf(stderr, "berthd: %s\n", err.text);
        return 3;
    }
    log_init("berthd", (enum log_level)log_level_parse(config->log_level));
    node.shepherd_path = shepherd_program();
    node.shepherd_program = program_seal(node.shepherd_path);
    node.auth.munge_socket = config->munge.socket;
    node.loop = uv_default_loop();
    if (make_dirs(&node, &err) || start(&node, &err)) {
        (void)fprintf(stderr, "berthd: %s\n", err.text);
        return 1;
    }
    (void)uv_run(node.loop, UV_RUN_DEFAULT);
    return 0;
}
