/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_cluster.c - berth cluster up, down, status, start, exec
 */
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/units.h"
#include "cli/cluster_status.h"
#include "cluster/up.h"
#include "client/join.h"

#define DEFAULT_NODES 4
#define DEFAULT_WAIT 60

static const struct usage usage = {
    .synopsis = "berth cluster up|down|status|start|exec [options]",
    .about =
        "A cluster of virtual nodes on this machine, as root or as any user. Each\n"
        "node has a network of its own; jobs run as on real ones.\n"
        "\n"
        "  up      make and start one; berth's commands then use it\n"
        "  down    end it and remove all of it\n"
        "  status  its daemons, and which of them are alive\n"
        "  start   start those of its daemons that have ended, and wait for them\n"
        "  exec    run a command in a node's network: exec n1 ip addr",
    .examples = "  berth cluster up --nodes 4 --cores-per-node 4\n"
                "  berth cluster status\n"
                "  berth cluster down\n",
};

struct args {
    struct cluster_wishes wishes;
    const char *name, *dir;
    bool keep_images, json;
};

static int set_unsigned(const char *value, int64_t min, int64_t max, unsigned *ret,
                        struct err *err)
{
    int64_t number;
    int rc = number_parse(value, min, max, &number, err);

    if (rc == 0)
        *ret = (unsigned)number;
    return rc;
}

static int set_nodes(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct args *args = ctx;

    (void)opt;
    return set_unsigned(value, 0, CLUSTER_NODES_MAX, &args->wishes.nodes, err);
}

static int set_fake(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    struct args *args = ctx;

    (void)opt;
    return set_unsigned(value, 1, CLUSTER_FAKE_MAX, &args->wishes.fake, err);
}

static int set_cores(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct args *args = ctx;

    (void)opt;
    return set_unsigned(value, 1, 4096, &args->wishes.cores, err);
}

static int set_wait(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    struct args *args = ctx;

    (void)opt;
    return value ? set_unsigned(value, 1, 86400, &args->wishes.wait_seconds, err) : 0;
}

static int set_port(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    struct args *args = ctx;
    int64_t port;
    int rc = number_parse(value, 1, 65535, &port, err);

    (void)opt;
    if (rc == 0)
        args->wishes.port = (uint16_t)port;
    return rc;
}

#define OPTS_WHICH                                                                     \
    {.name = "name",                                                                   \
     .arg = OPT_NEEDED,                                                                \
     .meta = "NAME",                                                                   \
     .set = opt_string,                                                                \
     .offset = offsetof(struct args, name),                                            \
     .help =                                                                           \
         "the cluster's name (default: the one in use, or " CLUSTER_DEFAULT_NAME ")"}, \
    {                                                                                  \
        .name = "dir", .arg = OPT_NEEDED, .meta = "DIR", .set = opt_string,            \
        .offset = offsetof(struct args, dir), .help = "the cluster's directory"        \
    }
#define OPTS_AS_JSON                                                            \
    {                                                                           \
        .name = "json", .set = opt_flag, .offset = offsetof(struct args, json), \
        .help = "print JSON"                                                    \
    }

static const struct opt up_opts[] = {
    {.name = "nodes",
     .letter = 'N',
     .arg = OPT_NEEDED,
     .meta = "N",
     .set = set_nodes,
     .help = "number of nodes, 0 to 250 (default: 4)"},
    OPTS_WHICH,
    {.name = "topology",
     .arg = OPT_NEEDED,
     .meta = "FILE.xml|synthetic:...",
     .set = opt_string,
     .offset = offsetof(struct args, wishes.topology),
     .help = "what each node looks like (default: this machine)"},
    {.name = "cores-per-node",
     .arg = OPT_NEEDED,
     .meta = "N",
     .set = set_cores,
     .help = "nodes with N cores, whatever this machine has"},
    {.name = "fake",
     .arg = OPT_NEEDED,
     .meta = "N",
     .set = set_fake,
     .help = "N more nodes, in partition fake, that only pretend to run jobs"},
    {.name = "fake-topology",
     .arg = OPT_NEEDED,
     .meta = "FILE.xml|synthetic:...",
     .set = opt_string,
     .offset = offsetof(struct args, wishes.fake_topology),
     .help = "what a fake node looks like (default: 2 packages of 32 cores)"},
    {.name = "fake-runtime",
     .arg = OPT_NEEDED,
     .meta = "SECONDS",
     .set = opt_string,
     .offset = offsetof(struct args, wishes.fake_runtime),
     .help = "how long jobs take there (default: their time limit)"},
    {.name = "subnet",
     .arg = OPT_NEEDED,
     .meta = "10.x.y.0/24",
     .set = opt_string,
     .offset = offsetof(struct args, wishes.subnet),
     .help = "addresses of the nodes (default: a free subnet)"},
    {.name = "port",
     .arg = OPT_NEEDED,
     .meta = "PORT",
     .set = set_port,
     .help = "port of the controller (default: a free one)"},
    {.name = "image-store",
     .arg = OPT_NEEDED,
     .meta = "DIR",
     .set = opt_string,
     .offset = offsetof(struct args, wishes.image_store),
     .help = "where images are (default: with the cluster)"},
    {.name = "local-images",
     .set = opt_flag,
     .offset = offsetof(struct args, wishes.local_images),
     .help = "give each node image stores of its own, as if it had its own disks"},
    {.name = "wait",
     .arg = OPT_OPTIONAL,
     .meta = "SECONDS",
     .set = set_wait,
     .help = "how long the nodes may take (default: 60)"},
    OPTS_AS_JSON,
    OPTS_HELP,
    OPTS_END,
};

static const struct opt down_opts[] = {
    OPTS_WHICH,
    {.name = "keep-images",
     .set = opt_flag,
     .offset = offsetof(struct args, keep_images),
     .help = "for the next cluster"},
    OPTS_HELP,
    OPTS_END,
};

static const struct opt status_opts[] = {OPTS_WHICH, OPTS_AS_JSON, OPTS_HELP, OPTS_END};
static const struct opt plain_opts[] = {OPTS_WHICH, OPTS_HELP, OPTS_END};

static int fail(const struct err *err)
{
    say_error("%s", err->text);
    return STATUS_FAILED;
}

static char *absolute(const char *path)
{
    cleanup(freep) char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);
    char *all = cwd ? xasprintf("%s/%s", cwd, path) : xstrdup(path);
    size_t len = strlen(all);

    while (len > 1 && all[len - 1] == '/')
        all[--len] = '\0';
    return all;
}

/* Where the cluster that the options name is: DIR; NAME's usual place, or the
 * one in use when it has that name; the one in use; the usual place. */
static char *which_dir(const struct args *args)
{
    cleanup(freep) char *current = cluster_current_dir();
    cleanup(cluster_destroyp) struct cluster *c = NULL;

    if (args->dir)
        return absolute(args->dir);
    if (current && (!args->name || (cluster_load(current, &c, NULL) == 0 &&
                                    strcmp(c->name, args->name) == 0)))
        return take(current);
    return cluster_default_dir(args->name ? args->name : CLUSTER_DEFAULT_NAME);
}

static int find_cluster(const struct args *args, struct cluster **ret, struct err *err)
{
    cleanup(freep) char *dir = which_dir(args);
    int rc = cluster_load(dir, ret, err);

    if (rc == -ENOENT)
        return err_set(err, ENOENT, "no cluster is up in %s", dir);
    return rc;
}

static void say_what_next(const struct cluster *c)
{
    cleanup(freep) char *fakes = cluster_fake_names(c);

    printf("Cluster %s is up, with the nodes ", c->name);
    if (c->n_nodes)
        printf("n1 to n%zu%s", c->n_nodes, c->n_fake ? " and " : "");
    if (c->n_fake)
        printf("%s, which run nothing", fakes);
    printf(". Now try:\n\n  berth nodes\n");
    if (c->n_nodes)
        printf("  berth run -N%zu hostname\n", c->n_nodes);
    if (c->n_fake)
        printf("  berth submit -p fake -n64 -t 10 --wrap true\n");
    if (cluster_is_meant(c))
        printf("  berth cluster down\n");
    else
        printf("  berth cluster down --dir %s\n", c->dir);
}

static void show_progress(const char *line)
{
    say_info("%s", line);
}

static int run_up(struct args *args, int argc, char **argv)
{
    cleanup(cluster_destroyp) struct cluster *c = NULL;
    cleanup(freep) char *dir = args->dir ? absolute(args->dir) : NULL;
    cleanup(freep) char *store =
        args->wishes.image_store ? absolute(args->wishes.image_store) : NULL;
    struct err err;

    (void)argc;
    (void)argv;
    args->wishes.name = args->name ? args->name : CLUSTER_DEFAULT_NAME;
    args->wishes.dir = dir;
    args->wishes.image_store = store;
    args->wishes.progress = show_progress;
    if (args->wishes.cores && args->wishes.topology) {
        say_error("--cores-per-node and --topology exclude each other");
        return STATUS_USAGE;
    }
    if (!args->wishes.fake && !args->wishes.nodes) {
        say_error("--nodes 0: a cluster needs a node, or --fake ones");
        return STATUS_USAGE;
    }
    if (!args->wishes.fake &&
        (args->wishes.fake_topology || args->wishes.fake_runtime)) {
        say_error("--fake-%s: there are no fake nodes without --fake N",
                  args->wishes.fake_topology ? "topology" : "runtime");
        return STATUS_USAGE;
    }
    if (cluster_check_name(args->wishes.name, &err) < 0 ||
        cluster_up(&args->wishes, &c, &err) < 0)
        return fail(&err);
    if (args->json)
        cluster_print_json(c);
    else
        say_what_next(c);
    return STATUS_OK;
}

static int run_down(struct args *args, int argc, char **argv)
{
    cleanup(cluster_destroyp) struct cluster *c = NULL;
    struct err err;

    (void)argc;
    (void)argv;
    if (find_cluster(args, &c, &err) < 0)
        return fail(&err);
    if (geteuid() != 0 && geteuid() != c->uid) {
        say_error("cluster %s is not yours: its owner or root can end it", c->name);
        return STATUS_FAILED;
    }
    if (!args->dir && !args->name && !cluster_is_meant(c)) {
        say_error("the cluster in use is %s, and it may not be the one that you mean: "
                  "say 'berth cluster down --dir %s', or which other",
                  c->name, c->dir);
        return STATUS_USAGE;
    }
    if (cluster_take_down(c, args->keep_images, &err) < 0)
        return fail(&err);
    say_info("cluster %s is down", c->name);
    return STATUS_OK;
}

static int run_status(struct args *args, int argc, char **argv)
{
    cleanup(cluster_destroyp) struct cluster *c = NULL;
    struct err err;

    (void)argc;
    (void)argv;
    if (find_cluster(args, &c, &err) < 0)
        return fail(&err);
    if (args->json)
        cluster_print_json(c);
    else
        cluster_print_status(c);
    return cluster_is_whole(c) ? STATUS_OK : STATUS_FAILED;
}

/* Find the cluster and be where its network is, with the right to enter nodes. */
static int enter_cluster(const struct args *args, struct cluster **ret, struct err *err)
{
    int rc = find_cluster(args, ret, err);

    if (rc < 0 || (*ret)->uid == 0)
        return rc;
    rc = join_process(&(*ret)->head, err);
    return rc < 0 ? err_wrap(err, "cluster %s", (*ret)->name) : 0;
}

static int run_start(struct args *args, int argc, char **argv)
{
    cleanup(cluster_destroyp) struct cluster *c = NULL;
    struct err err;
    int rc = enter_cluster(args, &c, &err);

    (void)argc;
    (void)argv;
    if (rc == 0)
        rc = cluster_start_missing(c, &args->wishes, &err);
    return rc < 0 ? fail(&err) : STATUS_OK;
}

static const struct cluster_node *find_node(const struct cluster *c, const char *name)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        if (strcmp(c->nodes[i].name, name) == 0)
            return &c->nodes[i];
    return NULL;
}

static int run_exec(struct args *args, int argc, char **argv)
{
    cleanup(cluster_destroyp) struct cluster *c = NULL;
    const struct cluster_node *node;
    struct err err;

    if (argc < 2) {
        say_error("name a node and a command: berth cluster exec n1 ip addr");
        return STATUS_USAGE;
    }
    if (enter_cluster(args, &c, &err) < 0)
        return fail(&err);
    node = find_node(c, argv[0]);
    if (!node) {
        say_error("cluster %s has no node %s: its nodes are n1 to n%zu", c->name,
                  argv[0], c->n_nodes);
        return STATUS_FAILED;
    }
    if (cluster_enter_node(node, &err) < 0)
        return fail(&err);
    argv += strcmp(argv[1], "--") == 0 && argc > 2 ? 2 : 1;
    (void)execvp(argv[0], argv);
    say_error("cannot run %s: %s", argv[0], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}

static const struct verb {
    const char *name;
    const struct opt *opts;
    bool has_operands;
    int (*run)(struct args *args, int argc, char **argv);
} verbs[] = {
    {"up", up_opts, false, run_up},
    {"down", down_opts, false, run_down},
    {"status", status_opts, false, run_status},
    {"start", plain_opts, false, run_start},
    {"exec", plain_opts, true, run_exec},
};

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    struct args args = {
        .wishes = {.nodes = DEFAULT_NODES, .wait_seconds = DEFAULT_WAIT},
    };
    int next;
    int status = command_parse(&usage, verb->opts, OPTS_STOP, argc, argv, &args, &next);

    if (status >= 0)
        return status;
    if (next < argc && !verb->has_operands) {
        say_error("%s takes no operand, and got %s", verb->name, argv[next]);
        return STATUS_USAGE;
    }
    return verb->run(&args, argc - next, argv + next);
}

static int unknown_verb(const char *word)
{
    const char *names[ARRAY_SIZE(verbs)];
    const char *near;

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        names[i] = verbs[i].name;
    near = nearest_name(word, names, ARRAY_SIZE(verbs));
    if (near)
        say_error("unknown action %s: did you mean %s?", word, near);
    else
        say_error("unknown action %s: it is one of up, down, status, start and exec",
                  word);
    return STATUS_USAGE;
}

int cmd_cluster(int argc, char **argv)
{
    if (argc < 2) {
        say_error("say what to do: up, down, status, start or exec");
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return run_verb(&verbs[0], argc, argv);
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return run_verb(&verbs[i], argc - 1, argv + 1);
    return unknown_verb(argv[1]);
}
