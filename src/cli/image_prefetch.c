/* SPDX-License-Identifier: Apache-2.0
 *
 * image_prefetch.c - berth image prefetch: have an image on nodes before jobs need it
 *
 * An allocation of one task a node, and in it what any job would do: a step in the
 * image, which brings it to all of them. When no node has it yet, an archive goes to
 * the first one before that. Queue, limits and accounting are those of any job.
 */
#include "cli/image_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "cli/node_query.h"

static const struct usage usage = {
    .synopsis = "berth image prefetch NAME [-N COUNT | -w NODES] [options]",
    .about =
        "Have an image on nodes before jobs need it: on all that are up, on COUNT of\n"
        "them, or on those named. What a node has already is not sent again. Root\n"
        "brings images to the site's stores, everybody else to their own. Nodes that\n"
        "are busy are waited for.",
    .examples = "  berth image prefetch hpcc\n"
                "  berth image prefetch registry.example.org/hpc/solver:2.1 -N 64\n"
                "  berth image prefetch hpcc -w 'n[001-016]' --partition batch\n",
};

struct args {
    struct image_args image;
    const char *count, *nodes, *partition;
};

static const struct opt opts[] = {
    {.name = "nodes",
     .letter = 'N',
     .arg = OPT_NEEDED,
     .meta = "COUNT",
     .set = opt_string,
     .offset = offsetof(struct args, count),
     .help = "on so many nodes"},
    {.name = "nodelist",
     .letter = 'w',
     .arg = OPT_NEEDED,
     .meta = "NODES",
     .set = opt_string,
     .offset = offsetof(struct args, nodes),
     .help = "on these"},
    {.name = "partition",
     .letter = 'p',
     .arg = OPT_NEEDED,
     .meta = "NAME",
     .set = opt_string,
     .offset = offsetof(struct args, partition),
     .help = "through this partition"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

/* The shell in the allocation; $0 is berth, $1 the image. The step runs the berth that
 * is found in every container: an image may hold no program at all. */
static const char script[] =
    "bring() {\n"
    "    \"$0\" run --image \"$1\" --ntasks-per-node 1 --mpi none --no-home \\\n"
    "        /run/berth/bin/berth version >/dev/null\n"
    "}\n"
    "send() {\n"
    "    \"$0\" image export \"$1\" |\n"
    "        \"$0\" run -N1 -n1 --mpi none \"$0\" image import - \"$1\" >/dev/null\n"
    "}\n"
    "words=$(bring \"$1\" 2>&1) && exit 0\n"
    "case $words in\n"
    "*'no node has it'*) send \"$1\" && bring \"$1\" ;;\n"
    "*) printf '%s\\n' \"$words\" >&2; exit 1 ;;\n"
    "esac\n";

/* "n1,n2,...": those that are up. NULL: none is, or the failure has been said. */
static char *nodes_up(const struct args *args, size_t *ret_n)
{
    struct strbuf names = STRBUF_INIT;
    Berth__NodeList *list = NULL;

    *ret_n = 0;
    if (node_query_send(args->image.common.config, 0, NULL, &list) < 0)
        return NULL;
    for (size_t i = 0; i < list->n_nodes; i++) {
        const Berth__NodeInfo *node = list->nodes[i];

        if (strcmp(node->state, "IDLE") != 0 && strcmp(node->state, "MIXED") != 0 &&
            strcmp(node->state, "ALLOCATED") != 0)
            continue;
        strbuf_printf(&names, "%s%s", (*ret_n)++ ? "," : "", node->name);
    }
    berth__node_list__free_unpacked(list, NULL);
    if (*ret_n == 0)
        say_error("no node is up");
    return *ret_n ? strbuf_take(&names) : NULL;
}

static int add_nodes(const struct args *args, char ***argv)
{
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *up = NULL;
    char *given = (char *)(uintptr_t)args->nodes;
    size_t n;

    if (args->count) {
        strv_add(argv, "-N");
        strv_add(argv, args->count);
        return 0;
    }
    if (args->nodes && node_names_expand(1, &given, &names) < 0)
        return -EINVAL;
    n = strv_len(names);
    if (!args->nodes && !(up = nodes_up(args, &n)))
        return -EIO;
    strv_add(argv, "-w");
    strv_add(argv, args->nodes ? args->nodes : up);
    strv_add(argv, "-N");
    strv_take(argv, xasprintf("%zu", n));
    return 0;
}

int cmd_image_prefetch(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    cleanup(strv_freep) char **command = NULL;
    struct err err;
    int next, status;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1 || (args.count && args.nodes)) {
        say_error("prefetch takes one name, and -N or -w: berth image prefetch NAME");
        return STATUS_USAGE;
    }
    if (image_check_name(argv[next], &err) < 0) {
        say_error("%s", err.text);
        return STATUS_USAGE;
    }
    if (args.image.common.config)
        (void)setenv("BERTH_CONF", args.image.common.config, 1);
    strv_add(&command, "berth");
    strv_add(&command, "alloc");
    strv_add(&command, "--quiet");
    strv_add(&command, "--ntasks-per-node=1");
    strv_add(&command, "--job-name=prefetch");
    if (args.partition) {
        strv_add(&command, "-p");
        strv_add(&command, args.partition);
    }
    if (add_nodes(&args, &command) < 0)
        return STATUS_FAILED;
    strv_add(&command, "/bin/sh");
    strv_add(&command, "-c");
    strv_add(&command, script);
    strv_add(&command, BERTH_BINDIR "/berth");
    strv_add(&command, argv[next]);
    (void)execv(BERTH_BINDIR "/berth", command);
    say_error("%s: %s", BERTH_BINDIR "/berth", strerror(errno));
    return STATUS_FAILED;
}
