/* SPDX-License-Identifier: Apache-2.0
 *
 * up.c - berth cluster up: the steps, each recorded before it is taken
 */
#include "cluster/up.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/units.h"
#include "client/berth.h"

/* What a fake node is, unless it is told. */
#define FAKE_TOPOLOGY "synthetic:pack:2 core:32 pu:1"
#define FAKE_MEMORY (256ull << 10) /* MiB */

#define POLL_NS 100000000
#define POLLS_A_SECOND 10
#define SHOWN_STEPS 20 /* of many nodes, not each is worth a line */

static volatile sig_atomic_t stopped;

static void __attribute__((format(printf, 2, 3)))
tell(const struct cluster_wishes *w, const char *fmt, ...)
{
    char line[ERR_TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (w->progress)
        w->progress(line);
}

static void on_signal(int signo)
{
    stopped = signo;
}

static void listen_for_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

static int check_stopped(struct err *err)
{
    return stopped ? err_set(err, EINTR, "stopped by %s", signal_name((int)stopped))
                   : 0;
}

static bool is_xml(const char *topology)
{
    size_t len = topology ? strlen(topology) : 0;

    return len >= 4 && strcmp(topology + len - 4, ".xml") == 0;
}

/* An absolute path of an XML file; anything else stays. */
static int resolve_source(const char *source, char **ret, struct err *err)
{
    if (!is_xml(source)) {
        if (strncmp(source, "synthetic:", 10) != 0)
            return err_set(err, EINVAL,
                           "topology '%.200s' is neither a file ending in .xml nor "
                           "synthetic:...",
                           source);
        *ret = xstrdup(source);
        return 0;
    }
    *ret = realpath(source, NULL);
    return *ret ? 0 : err_sys(err, errno, "topology %.200s", source);
}

static int resolve_topology(const struct cluster_wishes *w, char **ret, struct err *err)
{
    if (w->cores) {
        *ret = xasprintf("synthetic:pack:1 core:%u pu:1", w->cores);
        return 0;
    }
    return w->topology ? resolve_source(w->topology, ret, err) : 0;
}

/* The nodes share this machine's memory, unless they play another machine. */
static uint64_t memory_of_node(const struct cluster_wishes *w, const char *topology)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t memory;

    if (is_xml(topology) || w->nodes == 0)
        return 0;
    memory = (uint64_t)pages * (uint64_t)page / w->nodes >> 20;
    return memory ? memory : 1;
}

static int check_programs(struct err *err)
{
    static const struct {
        const char *name, *package;
    } needed[] = {
        {"ip", "iproute2"}, {"munged", "munge"}, {"berthctld", NULL}, {"berthd", NULL}};

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        cleanup(freep) char *path = NULL;
        int rc = cluster_find_program(needed[i].name, needed[i].package, &path, err);

        if (rc < 0)
            return rc;
    }
    return 0;
}

/* A cluster that died (a reboot, say) makes room; one that lives does not. */
static int clear_the_way(const struct cluster_wishes *w, const char *dir,
                         struct err *err)
{
    cleanup(cluster_destroyp) struct cluster *old = NULL;
    int rc = cluster_load(dir, &old, err);

    if (rc == -ENOENT)
        return 0;
    if (rc < 0)
        return rc;
    if (cluster_is_alive(old))
        return err_set(err, EEXIST,
                       "cluster %s is already up in %s: 'berth cluster down' ends it",
                       old->name, dir);
    tell(w, "removing what is left of cluster %s", w->name);
    return cluster_take_down(old, true, err);
}

/* True when 'dir' holds nothing but the images of an earlier cluster. */
static bool is_vacant(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    bool vacant = d != NULL;

    while (vacant && (entry = readdir(d)))
        vacant = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                 strcmp(entry->d_name, "images") == 0;
    if (d)
        (void)closedir(d);
    return vacant;
}

/* 'down' removes it, so it must hold nothing of anybody else's. */
static int make_own_dir(const char *dir, struct err *err)
{
    int rc = io_mkdir_p(dir, 0755, err);

    if (rc < 0)
        return rc;
    if (!is_vacant(dir))
        return err_set(err, ENOTEMPTY,
                       "%s is in use: name another directory with --dir", dir);
    return 0;
}

static int start_head(struct cluster *c, struct err *err)
{
    int rc;

    if (c->uid == 0)
        return 0;
    rc = cluster_enter_new(err);
    if (rc == 0)
        rc = cluster_hold(NULL, &c->head, err);
    if (rc < 0)
        return rc;
    c->user_ns = cluster_ns_of(c->head.pid, "user");
    rc = cluster_save(c, err);
    return rc < 0 ? rc : cluster_write_join_file(c, err);
}

static int start_node(struct cluster *c, size_t i, struct err *err)
{
    struct cluster_node *n = &c->nodes[i];
    int rc = cluster_hold(n->name, &n->holder, err);

    if (rc < 0)
        return rc;
    n->net_ns = cluster_ns_of(n->holder.pid, "net");
    rc = cluster_save(c, err);
    if (rc == 0)
        rc = cluster_link_node(c, i, err);
    if (rc == 0)
        rc = cluster_start_node(c, i, err);
    if (rc == 0)
        rc = cluster_save(c, err);
    return rc < 0 ? rc : check_stopped(err);
}

static int start_fake(struct cluster *c, struct err *err)
{
    int rc = cluster_start_fake(c, err);

    return rc < 0 ? rc : cluster_save(c, err);
}

static int start_services(struct cluster *c, struct err *err)
{
    int rc = cluster_make_bridge(c, err);

    if (rc == 0)
        rc = cluster_start_munged(c, err);
    if (rc == 0)
        rc = cluster_save(c, err);
    if (rc == 0)
        rc = cluster_start_controller(c, err);
    if (rc == 0)
        rc = cluster_save(c, err);
    return rc < 0 ? rc : check_stopped(err);
}

static int daemon_ended(const struct cluster *c, const char *what, const char *log,
                        struct err *err)
{
    cleanup(freep) char *words = cluster_last_words(c, log);

    return err_set(err, ECHILD, "%s ended: %s", what,
                   words[0] ? words : "it left no message");
}

static int check_daemons(const struct cluster *c, struct err *err)
{
    if (!process_is_alive(&c->controller))
        return daemon_ended(c, "berthctld", "berthctld.log", err);
    if (c->n_fake && !process_is_alive(&c->fake))
        return daemon_ended(c, "berth-fake", "berth-fake.log", err);
    for (size_t i = 0; i < c->n_nodes; i++) {
        cleanup(freep) char *log = xasprintf("%s.log", c->nodes[i].name);
        cleanup(freep) char *what = xasprintf("berthd on %s", c->nodes[i].name);

        if (!process_is_alive(&c->nodes[i].daemon))
            return daemon_ended(c, what, log, err);
    }
    return 0;
}

/* How many nodes the controller says are up; 0 while it does not answer. */
static unsigned nodes_up(struct berth *berth, char *words, size_t size)
{
    struct berth_err err = {.code = 0};
    Berth__Pong *pong = NULL;
    unsigned up = 0;

    if (berth_ping(berth, &pong, &err) < 0) {
        (void)snprintf(words, size, "%s", err.text);
        return 0;
    }
    up = pong->nodes_up;
    (void)snprintf(words, size, "%u of %u nodes are up", up, pong->nodes_total);
    berth_free(pong);
    return up;
}

static int poll_nodes(const struct cluster *c, const struct cluster_wishes *w,
                      struct berth *berth, struct err *err)
{
    const struct timespec interval = {.tv_nsec = POLL_NS};
    char words[ERR_TEXT_MAX] = "";
    size_t all = c->n_nodes + c->n_fake;
    unsigned shown = 0;

    for (unsigned i = 0; i < w->wait_seconds * POLLS_A_SECOND; i++) {
        unsigned up = nodes_up(berth, words, sizeof(words));
        int rc = check_daemons(c, err);

        if (rc == 0)
            rc = check_stopped(err);
        if (rc < 0)
            return rc;
        if (up != shown && (up >= all || up >= shown + all / SHOWN_STEPS)) {
            tell(w, "%u of %zu node%s up", up, all, all == 1 ? " is" : "s are");
            shown = up;
        }
        if (up >= all)
            return 0;
        (void)nanosleep(&interval, NULL);
    }
    return err_set(err, ETIMEDOUT, "the cluster is not ready after %u s: %.300s",
                   w->wait_seconds, words);
}

/* Until the controller answers and says that all nodes are up. -ECHILD when a daemon
 * ends meanwhile. */
static int wait_for_nodes(const struct cluster *c, const struct cluster_wishes *w,
                          struct err *err)
{
    cleanup(freep) char *config = cluster_path(c, "berth.yaml");
    struct berth_err failure = {.code = 0};
    struct berth *berth = NULL;
    int rc = berth_open(config, &berth, &failure);

    if (rc < 0)
        return err_set(err, -rc, "%s", failure.text);
    rc = poll_nodes(c, w, berth, err);
    berth_close(berth);
    return rc;
}

static int start_all(struct cluster *c, const struct cluster_wishes *w, struct err *err)
{
    int rc = start_head(c, err);

    if (rc == 0)
        rc = start_services(c, err);
    for (size_t i = 0; rc == 0 && i < c->n_nodes; i++)
        rc = start_node(c, i, err);
    if (rc == 0 && c->n_fake)
        rc = start_fake(c, err);
    if (rc == 0)
        tell(w, "controller and %zu node%s are started", c->n_nodes + c->n_fake,
             c->n_nodes + c->n_fake == 1 ? "" : "s");
    if (rc == 0)
        rc = wait_for_nodes(c, w, err);
    return rc < 0 ? rc : cluster_point_here(c, err);
}

static struct cluster *planned(const struct cluster_wishes *w)
{
    cleanup(freep) char *dir = w->dir ? xstrdup(w->dir) : cluster_default_dir(w->name);
    cleanup(freep) char *data =
        w->dir ? xstrdup(w->dir) : cluster_default_data(w->name);
    struct cluster *c = cluster_create(w->name, dir, data, w->nodes);

    c->uid = geteuid();
    c->own_images = !w->image_store;
    c->local_images = w->local_images;
    c->n_fake = w->fake;
    c->fake_runtime = w->fake_runtime ? xstrdup(w->fake_runtime) : NULL;
    c->images =
        w->image_store ? xstrdup(w->image_store) : xasprintf("%s/images", c->data);
    return c;
}

static int prepare(struct cluster *c, const struct cluster_wishes *w, struct err *err)
{
    int rc = check_programs(err);

    if (rc == 0)
        rc = clear_the_way(w, c->dir, err);
    if (rc == 0)
        rc = cluster_choose_subnet(c, w->subnet, err);
    if (rc == 0)
        rc = cluster_choose_port(c, w->port, err);
    return rc;
}

/* From the directory on; what fails here is taken down by the caller. */
static int make(struct cluster *c, const struct cluster_wishes *w, const char *topology,
                const char *fake_topology, struct err *err)
{
    struct cluster_hardware real = {topology, memory_of_node(w, topology)};
    struct cluster_hardware fake = {fake_topology,
                                    is_xml(fake_topology) ? 0 : FAKE_MEMORY};
    int rc = cluster_save(c, err);

    if (rc == 0)
        rc = cluster_make_files(c, &real, &fake, err);
    return rc < 0 ? rc : start_all(c, w, err);
}

int cluster_up(const struct cluster_wishes *w, struct cluster **ret, struct err *err)
{
    cleanup(cluster_destroyp) struct cluster *c = planned(w);
    cleanup(freep) char *topology = NULL, *fake_topology = NULL;
    struct err later;
    int rc = resolve_topology(w, &topology, err);

    if (rc == 0)
        rc = resolve_source(w->fake_topology ? w->fake_topology : FAKE_TOPOLOGY,
                            &fake_topology, err);
    if (rc == 0)
        rc = prepare(c, w, err);
    if (rc == 0)
        rc = make_own_dir(c->dir, err);
    if (rc < 0)
        return rc;
    listen_for_signals();
    rc = make(c, w, topology, fake_topology, err);
    if (rc < 0) {
        if (cluster_take_down(c, true, &later) < 0)
            tell(w, "not all of it could be removed: %s", later.text);
        return rc;
    }
    *ret = take(c);
    return 0;
}

static int start_ended(struct cluster *c, struct err *err)
{
    int rc = 0;

    if (!process_is_alive(&c->munged))
        rc = cluster_start_munged(c, err);
    if (rc == 0 && !process_is_alive(&c->controller))
        rc = cluster_start_controller(c, err);
    for (size_t i = 0; rc == 0 && i < c->n_nodes; i++)
        if (!process_is_alive(&c->nodes[i].daemon))
            rc = cluster_start_node(c, i, err);
    if (rc == 0 && c->n_fake && !process_is_alive(&c->fake))
        rc = cluster_start_fake(c, err);
    return rc;
}

/* What has been started is written down, even when the rest could not be. */
static int start_and_wait(struct cluster *c, const struct cluster_wishes *w,
                          struct err *err)
{
    struct err later;
    int rc = start_ended(c, err);
    int saved = cluster_save(c, rc < 0 ? &later : err);

    if (rc < 0 || saved < 0)
        return rc < 0 ? rc : saved;
    return wait_for_nodes(c, w, err);
}

int cluster_start_missing(struct cluster *c, const struct cluster_wishes *w,
                          struct err *err)
{
    int rc = start_and_wait(c, w, err);

    return rc == -ECHILD ? start_and_wait(c, w, err) : rc;
}
