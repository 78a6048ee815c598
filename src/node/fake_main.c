/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_main.c - berth-fake: one process that is many nodes
 *
 *     nodes that wait --> calling, a few at a time --> registered
 *
 * Each opening costs munged four calls; all at once would time out.
 */
#include "node/fake.h"

#include "base/hostlist.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define CALLING_MAX 64
#define BOOT_ID_BYTES 16
#define OTHER_FILES 64

static const char usage[] =
    "Usage: berth-fake --nodes LIST [--config FILE] [--runtime SECONDS]\n"
    "Be nodes that take jobs and end them without running anything, for tests of\n"
    "scale; 'berth cluster up --fake N' starts it.\n\n"
    "  -c, --config FILE      the cluster's configuration (default: found as berth "
    "does)\n"
    "  -n, --nodes LIST       which nodes it is: f[00001-10000]\n"
    "  -r, --runtime SECONDS  how long jobs take that do not say so themselves in\n"
    "                         " FAKE_RUNTIME_VARIABLE
    " (default: until their time limit)\n"
    "  -h, --help             print this\n"
    "  -V, --version          print the version\n\n"
    "Example: berth-fake --config /etc/berth/berth.yaml --nodes 'f[001-100]'\n";

struct options {
    const char *config, *nodes, *runtime;
};

/* Hardware, read once for each source that nodes name. */
struct hardware {
    const char *source;
    struct node_topo *topo;
    char *xml;
};

struct crowd {
    uv_loop_t *loop;
    struct config *config;
    struct wire_auth auth;
    struct fake_settings settings;
    struct hardware *hardware;
    size_t n_hardware;
    char boot_id[2 * BOOT_ID_BYTES + 1];
    struct fake_node **nodes;
    size_t n_nodes, n_started, n_up;
    uv_signal_t on_term, on_int;
};

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"nodes", required_argument, NULL, 'n'},
        {"runtime", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "c:n:r:hV", longs, NULL)) != -1) {
        if (c == 'c')
            options->config = optarg;
        else if (c == 'n')
            options->nodes = optarg;
        else if (c == 'r')
            options->runtime = optarg;
        else if (c == 'h')
            return fputs(usage, stdout) < 0;
        else if (c == 'V')
            return printf("berth-fake %s\n", PACKAGE_VERSION) < 0;
        else
            return 2;
    }
    if (optind == argc && options->nodes)
        return -1;
    (void)fprintf(stderr, "berth-fake: %s\n",
                  optind < argc ? "too many arguments" : "--nodes is missing");
    return 2;
}

/* ------------------------------------------------------------------ the nodes */

static int load_hardware(struct crowd *crowd, const char *source,
                         const struct hardware **ret, struct err *err)
{
    struct hardware *hw;
    int rc;

    for (size_t i = 0; i < crowd->n_hardware; i++) {
        const char *known = crowd->hardware[i].source;

        if (known == source || (known && source && strcmp(known, source) == 0)) {
            *ret = &crowd->hardware[i];
            return 0;
        }
    }
    crowd->hardware =
        xrealloc(crowd->hardware, crowd->n_hardware + 1, sizeof(*crowd->hardware));
    hw = &crowd->hardware[crowd->n_hardware];
    hw->source = source;
    rc = node_topo_load(source, &hw->topo, &hw->xml, err);
    if (rc)
        return rc;
    crowd->n_hardware++;
    *ret = hw;
    return 0;
}

static int add_node(struct crowd *crowd, const char *name, struct err *err)
{
    struct uplink_self self = {.loop = crowd->loop,
                               .config = crowd->config,
                               .auth = &crowd->auth,
                               .boot_id = crowd->boot_id};
    const struct hardware *hw;
    int rc;

    self.node = config_node_by_name(crowd->config, name);
    if (!self.node)
        return err_set(err, ENOENT, "%s: nodes: there is no node '%s'",
                       crowd->config->path, name);
    rc = load_hardware(crowd, self.node->topology, &hw, err);
    if (rc)
        return err_wrap(err, "topology of node %s", name);
    self.topo = hw->topo;
    self.topo_xml = hw->xml;
    crowd->nodes[crowd->n_nodes++] = fake_node_create(&self, &crowd->settings);
    return 0;
}

static int add_nodes(struct crowd *crowd, const char *list, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    int rc = hostlist_expand(list, &names, err);

    if (rc)
        return err_wrap(err, "--nodes");
    crowd->nodes = xcalloc(strv_len(names), sizeof(struct fake_node *));
    strv_foreach (name, names) {
        rc = add_node(crowd, *name, err);
        if (rc)
            return rc;
    }
    return 0;
}

static void start_next(struct crowd *crowd)
{
    if (crowd->n_started < crowd->n_nodes)
        fake_node_start(crowd->nodes[crowd->n_started++]);
}

static void on_up(void *ctx)
{
    struct crowd *crowd = ctx;

    if (++crowd->n_up == crowd->n_nodes)
        log_info("all %zu nodes are registered", crowd->n_nodes);
    start_next(crowd);
}

/* ------------------------------------------------------------------ the process */

static int raise_descriptor_limit(size_t n_nodes, struct err *err)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return err_sys(err, errno, "cannot ask how many files may be open");
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < n_nodes + OTHER_FILES)
        return err_set(err, EMFILE,
                       "%zu nodes need as many connections, but only %llu files may "
                       "be open: raise the hard limit (ulimit -Hn)",
                       n_nodes, (unsigned long long)limit.rlim_cur);
    return 0;
}

static void on_stop_signal(uv_signal_t *handle, int signo)
{
    (void)signo;
    uv_stop(handle->loop);
}

static void watch_signals(struct crowd *crowd)
{
    (void)uv_signal_init(crowd->loop, &crowd->on_term);
    (void)uv_signal_init(crowd->loop, &crowd->on_int);
    (void)uv_signal_start(&crowd->on_term, on_stop_signal, SIGTERM);
    (void)uv_signal_start(&crowd->on_int, on_stop_signal, SIGINT);
}

/* Its jobs end with the process: each start of it is another boot. */
static void make_boot_id(struct crowd *crowd)
{
    unsigned char bytes[BOOT_ID_BYTES];

    randombytes_buf(bytes, sizeof(bytes));
    (void)sodium_bin2hex(crowd->boot_id, sizeof(crowd->boot_id), bytes, sizeof(bytes));
}

static int start(struct crowd *crowd, const struct options *options, struct err *err)
{
    int rc = 0;

    crowd->settings =
        (struct fake_settings){.runtime_ms = -1, .on_up = on_up, .ctx = crowd};
    if (options->runtime &&
        fake_runtime_parse(options->runtime, &crowd->settings.runtime_ms, err))
        return err_wrap(err, "--runtime");
    make_boot_id(crowd);
    rc = add_nodes(crowd, options->nodes, err);
    if (rc == 0)
        rc = raise_descriptor_limit(crowd->n_nodes, err);
    for (size_t i = 0; rc == 0 && i < CALLING_MAX; i++)
        start_next(crowd);
    return rc;
}

/* All there is; it lives as long as the process. */
static struct crowd crowd;

int main(int argc, char **argv)
{
    cleanup(freep) char *path = NULL;
    struct options options = {0};
    struct err err = {0};
    int rc;

    io_open_std();
    rc = parse_options(argc, argv, &options);
    if (rc >= 0)
        return rc;
    (void)signal(SIGPIPE, SIG_IGN);
    if (sodium_init() < 0 || config_find(options.config, &path, &err) ||
        config_load(path, &crowd.config, &err)) {
        (void)fprintf(stderr, "berth-fake: %s\n", err.text);
        return 3;
    }
    log_init("berth-fake", (enum log_level)log_level_parse(crowd.config->log_level));
    crowd.loop = uv_default_loop();
    crowd.auth.munge_socket = crowd.config->munge.socket;
    if (start(&crowd, &options, &err)) {
        (void)fprintf(stderr, "berth-fake: %s\n", err.text);
        return 1;
    }
    watch_signals(&crowd);
    (void)uv_run(crowd.loop, UV_RUN_DEFAULT);
    return 0;
}
