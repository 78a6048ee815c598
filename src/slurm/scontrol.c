/* SPDX-License-Identifier: Apache-2.0
 *
 * scontrol.c - scontrol: its options, and which keyword is whose
 */
#include "slurm/scontrol.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/say.h"

static const struct slurm_usage usage = {
    .synopsis = "scontrol [options] keyword [argument...]",
    .about = "Show and change jobs, nodes and the cluster:\n"
             "  show job|node|partition|config|reservation|step|licenses [ID]\n"
             "  show hostnames|hostlist|hostlistsorted [LIST]\n"
             "  hold|uhold|release|requeue|requeuehold|suspend|resume IDS\n"
             "  update jobid=ID TimeLimit=... | nodename=N state=drain reason=...\n"
             "  write batch_script ID [FILE|-], listpids [ID], ping, version",
};

static int count_details(const struct opt *opt, const char *value, void *ctx,
                         struct err *err)
{
    struct scontrol *sc = ctx;

    (void)opt;
    (void)value;
    (void)err;
    sc->details++;
    return 0;
}

#define FLAG(name, letter, member, help)                                              \
    {                                                                                 \
        name, letter, OPT_NONE, NULL, opt_flag, offsetof(struct scontrol, member), 0, \
            help, 0                                                                   \
    }
static const struct opt opts[] = {
    FLAG("all", 'a', ignored, "partitions are never hidden: no change"),
    {"details", 'd', OPT_NONE, NULL, count_details, 0, 0, "more about each job", 0},
    FLAG("federation", 0, ignored, NULL),
    FLAG("future", 'F', ignored, NULL),
    FLAG("hide", 0, ignored, NULL),
    {"json", 0, OPT_NONE, NULL, json_set_form, offsetof(struct scontrol, form), 0,
     "print JSON", 0},
    FLAG("local", 0, ignored, NULL),
    FLAG("oneliner", 'o', one_line, "each record on one line"),
    FLAG("sibling", 0, ignored, NULL),
    {"uid", 'u', OPT_NEEDED, "USER", slurm_refused, 0, 0, NULL,
     "who you are is MUNGE's to say: use sudo -u"},
    {"yaml", 0, OPT_NONE, NULL, json_set_form, offsetof(struct scontrol, form), 0,
     "print YAML", 0},
    SLURM_OPTS(struct scontrol, common, 'h'),
    OPTS_END,
};

int scontrol_open(struct scontrol *sc)
{
    cleanup(freep) char *cluster = NULL;

    if (sc->berth)
        return SLURM_OK;
    if (slurm_open(&sc->berth) < 0 ||
        slurm_cluster(sc->berth, sc->common.clusters, &cluster) < 0)
        return SLURM_FAILED;
    return SLURM_OK;
}

/* ------------------------------------------------------------------ keywords */

struct keyword {
    const char *name;
    size_t least; /* characters of it that suffice */
    scontrol_verb run;
};

static const struct keyword *find(const struct keyword *table, const char *word)
{
    size_t len = strlen(word);

    for (; table->name; table++)
        if (len >= table->least && strncasecmp(table->name, word, len) == 0)
            return table;
    return NULL;
}

/* Slurm's that Berth has no counterpart for: a reason each. */
static int refuse(struct scontrol *sc, const char *word, int argc, char **argv)
{
    static const struct {
        const char *name, *reason;
    } reasons[] = {
        {"token", "there are no tokens: who you are is MUNGE's to say"},
        {"reconfigure", "the controller reads its configuration when it starts"},
        {"shutdown", "daemons are stopped by what started them (systemctl)"},
        {"takeover", "there is one controller"},
        {"reboot", "nodes are not rebooted by Berth: drain them first"},
        {"create", "berth reserve makes reservations; partitions are in berth.yaml"},
        {"delete", "berth reserve ends reservations; partitions are in berth.yaml"},
        {"top", "a job's --nice says where it stands among its owner's"},
        {"notify", "there is nobody in a job who would read it"},
    };

    (void)sc;
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (strcasecmp(reasons[i].name, word) == 0)
            say_error("%s: %s", word, reasons[i].reason);
    return SLURM_FAILED;
}

static int version(struct scontrol *sc, const char *word, int argc, char **argv)
{
    (void)sc;
    (void)word;
    (void)argc;
    (void)argv;
    return slurm_show("version", &usage, opts, 0);
}

static int help(struct scontrol *sc, const char *word, int argc, char **argv)
{
    (void)sc;
    (void)word;
    (void)argc;
    (void)argv;
    return slurm_show("help", &usage, opts, 0);
}

static const struct keyword entities[] = {
    {"config", 1, scontrol_show_config},
    {"hostlistsorted", 9, scontrol_show_hosts},
    {"hostlist", 5, scontrol_show_hosts},
    {"hostnames", 5, scontrol_show_hosts},
    {"jobs", 1, scontrol_show_job},
    {"licenses", 1, scontrol_show_licenses},
    {"nodes", 1, scontrol_show_node},
    {"partitions", 1, scontrol_show_partition},
    {"reservations", 1, scontrol_show_reservation},
    {"steps", 1, scontrol_show_step},
    {.name = NULL},
};

static int show(struct scontrol *sc, const char *word, int argc, char **argv)
{
    const struct keyword *entity;
    char *equals;

    if (argc == 0) {
        fprintf(stderr, "too few arguments for keyword:%s\n", word);
        return SLURM_FAILED;
    }
    /* "show job=17" is "show job 17". */
    equals = strchr(argv[0], '=');
    if (equals)
        *equals = '\0';
    entity = find(entities, argv[0]);
    if (!entity) {
        fprintf(stderr, "invalid entity:%s for keyword:%s \n", argv[0], word);
        return SLURM_FAILED;
    }
    if (sc->form && entity->run != scontrol_show_job &&
        entity->run != scontrol_show_node) {
        say_error("--json, --yaml: jobs and nodes are shown so, %s are not",
                  entity->name);
        return SLURM_FAILED;
    }
    if (equals) {
        argv[0] = equals + 1;
        return entity->run(sc, entity->name, argc, argv);
    }
    return entity->run(sc, entity->name, argc - 1, argv + 1);
}

static const struct keyword keywords[] = {
    {"create", 1, refuse},
    {"delete", 1, refuse},
    {"help", 2, help},
    {"hold", 2, scontrol_order},
    {"listpids", 1, scontrol_listpids},
    {"notify", 1, refuse},
    {"ping", 3, scontrol_ping},
    {"reboot", 3, refuse},
    {"reconfigure", 3, refuse},
    {"release", 3, scontrol_order},
    {"requeuehold", 8, scontrol_order},
    {"requeue", 3, scontrol_order},
    {"resume", 3, scontrol_order},
    {"show", 2, show},
    {"shutdown", 3, refuse},
    {"suspend", 2, scontrol_order},
    {"takeover", 3, refuse},
    {"token", 3, refuse},
    {"top", 3, refuse},
    {"uhold", 2, scontrol_order},
    {"update", 1, scontrol_update},
    {"version", 4, version},
    {"write", 1, scontrol_write},
    {.name = NULL},
};

int slurm_scontrol(int argc, char **argv)
{
    struct scontrol sc = {.berth = NULL};
    const struct keyword *keyword;
    int next, status;

    status =
        slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &sc, &sc.common, &next);
    if (status >= 0)
        return status;
    if (next == argc)
        return slurm_bad_usage("a keyword is needed: scontrol asks nothing back");
    keyword = find(keywords, argv[next]);
    if (!keyword) {
        fprintf(stderr, "invalid keyword: %s\n", argv[next]);
        return SLURM_FAILED;
    }
    status = keyword->run(&sc, keyword->name, argc - next - 1, argv + next + 1);
    berth_close(sc.berth);
    return status;
}
