/* SPDX-License-Identifier: Apache-2.0
 *
 * scontrol_order.c - scontrol hold, release, requeue, suspend, resume, update, write,
 * listpids
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/say.h"
#include "slurm/errors.h"
#include "slurm/ids.h"
#include "slurm/load_error.h"
#include "slurm/scontrol.h"

/* ------------------------------------------------------------------ answers */

/* What failed for which job, in Slurm's words. */
static int tell(const Berth__JobControlReply *reply, const char *call)
{
    int status = SLURM_OK;

    for (size_t i = 0; i < reply->n_statuses; i++) {
        const Berth__Status *one = reply->statuses[i];
        cleanup(freep) char *words = NULL;

        if (one->code == 0)
            continue;
        words = slurm_error_words(one->code, one->text);
        fprintf(stderr, "%s for job %" PRIu32 "\n", words,
                i < reply->n_ids ? reply->ids[i] : 0);
        fprintf(stderr, "%s error: %s\n", call, words);
        status = SLURM_FAILED;
    }
    return status;
}

/* The jobs that words name, all of them together. */
static int read_ids(int argc, char **argv, struct job_names *ret)
{
    cleanup(freep) char *text = NULL;
    struct strbuf all = STRBUF_INIT;
    struct err err;

    for (int i = 0; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');

        strbuf_printf(&all, "%s,", equals ? equals + 1 : argv[i]);
    }
    text = strbuf_take(&all);
    if (ids_parse(text, ret, &err)) {
        fprintf(stderr, "Invalid job id specified for job %s\n",
                argc == 1 ? argv[0] : text);
        return -EINVAL;
    }
    return 0;
}

/* ------------------------------------------------------------------ orders */

static Berth__JobControl__Op op_of(const char *word)
{
    static const struct {
        const char *word;
        Berth__JobControl__Op op;
    } ops[] = {{"release", BERTH__JOB_CONTROL__OP__RELEASE},
               {"requeue", BERTH__JOB_CONTROL__OP__REQUEUE},
               {"requeuehold", BERTH__JOB_CONTROL__OP__REQUEUE},
               {"suspend", BERTH__JOB_CONTROL__OP__SUSPEND},
               {"resume", BERTH__JOB_CONTROL__OP__RESUME}};

    for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
        if (strcmp(word, ops[i].word) == 0)
            return ops[i].op;
    return BERTH__JOB_CONTROL__OP__HOLD;
}

int scontrol_order(struct scontrol *sc, const char *word, int argc, char **argv)
{
    cleanup(job_names_fini) struct job_names names = {0};
    cleanup(reply_freep) Berth__JobControlReply *reply = NULL;
    Berth__JobControl control = BERTH__JOB_CONTROL__INIT;
    struct berth_err err;

    if (argc == 0) {
        fprintf(stderr, "too few arguments for keyword:%s\n", word);
        return SLURM_FAILED;
    }
    if (read_ids(argc, argv, &names) || scontrol_open(sc))
        return SLURM_FAILED;
    control.op = op_of(word);
    control.hold_then = strcmp(word, "requeuehold") == 0;
    control.ids = names.ids;
    control.n_ids = names.n;
    control.elements = names.elements;
    control.n_elements = names.n;
    if (berth_control(sc->berth, &control, &reply, &err) < 0)
        return load_error("slurm_update", &err);
    return tell(reply, "slurm_update");
}

/* ------------------------------------------------------------------ update */

/* Slurm's keys of a job, and the options that they are with Berth. */
static const struct {
    const char *key, *option;
} keys[] = {
    {"Account", "account"},
    {"Comment", "comment"},
    {"Dependency", "dependency"},
    {"EligibleTime", "begin"},
    {"ExcNodeList", "exclude"},
    {"Features", "constraint"},
    {"JobName", "name"},
    {"Licenses", "licenses"},
    {"Name", "name"},
    {"Nice", "nice"},
    {"Partition", "partition"},
    {"Priority", "priority"},
    {"QOS", "qos"},
    {"ReqNodeList", "nodelist"},
    {"Requeue", "requeue"},
    {"ReservationName", "reservation"},
    {"StartTime", "begin"},
    {"TimeLimit", "time"},
    {"WCKey", "wckey"},
    {"Deadline", "deadline"},
};

static const char *option_of(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strcasecmp(keys[i].key, key) == 0)
            return keys[i].option;
    return NULL;
}

static int send_update(struct scontrol *sc, const struct job_names *names,
                       Berth__Setting **settings, size_t n)
{
    cleanup(reply_freep) Berth__JobControlReply *reply = NULL;
    Berth__JobUpdate update = BERTH__JOB_UPDATE__INIT;
    struct berth_err err;

    update.ids = names->ids;
    update.n_ids = names->n;
    update.elements = names->elements;
    update.n_elements = names->n;
    update.settings = settings;
    update.n_settings = n;
    if (berth_update(sc->berth, &update, &reply, &err) < 0)
        return load_error("slurm_update", &err);
    return tell(reply, "slurm_update");
}

/* "TimeLimit+=10" is "TimeLimit=+10"; the sign leaves the key. */
static char *text_of(char *key, const char *value)
{
    size_t len = strlen(key);
    char sign = len ? key[len - 1] : '\0';

    if (sign != '+' && sign != '-')
        return xstrdup(value);
    key[len - 1] = '\0';
    return xasprintf("%c%s", sign, value);
}

/* "jobid=17 TimeLimit=1:00:00 Nice=5" */
static int update_job(struct scontrol *sc, int argc, char **argv)
{
    cleanup(job_names_fini) struct job_names names = {0};
    cleanup(freep) Berth__Setting *settings = xcalloc((size_t)argc, sizeof(*settings));
    cleanup(freep) Berth__Setting **list = xcalloc((size_t)argc, sizeof(*list));
    /* What the settings borrow. */
    cleanup(strv_freep) char **names_of = NULL, **texts = NULL;
    size_t n = 0;

    if (read_ids(1, argv, &names) || scontrol_open(sc))
        return SLURM_FAILED;
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        cleanup(freep) char *text = NULL;
        const char *option;

        if (equals)
            *equals = '\0';
        text = equals ? text_of(argv[i], equals + 1) : NULL;
        option = equals ? option_of(argv[i]) : NULL;
        if (!option) {
            say_error("Update of this parameter is not supported: %s", argv[i]);
            return SLURM_FAILED;
        }
        berth__setting__init(&settings[n]);
        strv_add(&names_of, option);
        strv_take(&texts, take(text));
        list[n] = &settings[n];
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        settings[i].name = names_of[i];
        settings[i].text = texts[i];
    }
    return send_update(sc, &names, list, n);
}

/* Slurm's states that an administrator sets. */
static Berth__NodeControl__Op node_op(const char *state)
{
    if (strcasecmp(state, "drain") == 0 || strcasecmp(state, "fail") == 0)
        return BERTH__NODE_CONTROL__OP__DRAIN;
    if (strcasecmp(state, "resume") == 0 || strcasecmp(state, "undrain") == 0 ||
        strcasecmp(state, "idle") == 0)
        return BERTH__NODE_CONTROL__OP__RESUME;
    if (strcasecmp(state, "down") == 0)
        return BERTH__NODE_CONTROL__OP__DOWN;
    return BERTH__NODE_CONTROL__OP__NONE;
}

static int send_node(struct scontrol *sc, const char *names, const char *state,
                     char *reason)
{
    cleanup(strv_freep) char **list = NULL;
    Berth__NodeControl control = BERTH__NODE_CONTROL__INIT;
    struct berth_err err;

    control.op = node_op(state);
    control.reason = reason;
    if (control.op == BERTH__NODE_CONTROL__OP__NONE) {
        fprintf(stderr, "Invalid node state specified: %s\n", state);
        return SLURM_FAILED;
    }
    if (hostlist_expand(names, &list, NULL) || scontrol_open(sc))
        return SLURM_FAILED;
    control.names = list;
    control.n_names = strv_len(list);
    return berth_node_control(sc->berth, &control, &err) < 0
               ? load_error("slurm_update", &err)
               : SLURM_OK;
}

/* "nodename=n[1-4] state=drain reason=..." */
static int update_node(struct scontrol *sc, int argc, char **argv)
{
    cleanup(freep) char *reason = xstrdup("");
    const char *state = "";

    for (int i = 1; i < argc; i++) {
        if (strncasecmp(argv[i], "state=", 6) == 0) {
            state = argv[i] + 6;
        } else if (strncasecmp(argv[i], "reason=", 7) == 0) {
            free(reason);
            reason = xstrdup(argv[i] + 7);
        } else {
            say_error("Update of this parameter is not supported: %s", argv[i]);
            return SLURM_FAILED;
        }
    }
    return send_node(sc, strchr(argv[0], '=') + 1, state, reason);
}

/* Slurm takes "update job 17 TimeLimit=5" as well: one word of it. */
static void join_first(int *argc, char ***argv, char **ret_first)
{
    if (*argc > 1 && !strchr((*argv)[0], '=') &&
        strncasecmp((*argv)[0], "job", 3) == 0) {
        *ret_first = xasprintf("jobid=%s", (*argv)[1]);
        (*argv)[1] = *ret_first;
        (*argc)--;
        (*argv)++;
    }
}

int scontrol_update(struct scontrol *sc, const char *word, int argc, char **argv)
{
    cleanup(freep) char *first = NULL;

    join_first(&argc, &argv, &first);
    if (argc < 2) {
        fprintf(stderr, "too few arguments for keyword:%s\n", word);
        return SLURM_FAILED;
    }
    if (strncasecmp(argv[0], "job", 3) == 0 && strchr(argv[0], '='))
        return update_job(sc, argc, argv);
    if (strncasecmp(argv[0], "nodename=", 9) == 0)
        return update_node(sc, argc, argv);
    if (strncasecmp(argv[0], "partition", 9) == 0)
        say_error("partitions are described in the cluster's configuration, which is "
                  "changed there");
    else if (strncasecmp(argv[0], "reservation", 11) == 0)
        say_error("reservations are changed with berth reserve");
    else
        fprintf(stderr, "No valid entity in update command\n"
                        "Input line must include \"NodeName\" or \"JobId\"\n");
    return SLURM_FAILED;
}

/* ------------------------------------------------------------------ scripts */

static int write_script(const Berth__JobInfo *job, const char *path)
{
    const ProtobufCBinaryData *script = &job->spec->script;
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *out;

    if (script->len == 0) {
        say_error("job %" PRIu32 " has no script that you may read", job->record->id);
        return SLURM_FAILED;
    }
    out = is_stdout ? stdout : fopen(path, "we");
    if (!out) {
        say_error("%s: %s", path, strerror(errno));
        return SLURM_FAILED;
    }
    (void)fwrite(script->data, 1, script->len, out);
    if (is_stdout)
        return SLURM_OK;
    if (fclose(out) != 0) {
        say_error("%s: %s", path, strerror(errno));
        return SLURM_FAILED;
    }
    printf("batch script for job %" PRIu32 " written to %s\n", job->record->id, path);
    return SLURM_OK;
}

/* "write batch_script 17 [FILE]" */
int scontrol_write(struct scontrol *sc, const char *word, int argc, char **argv)
{
    cleanup(job_names_fini) struct job_names names = {0};
    cleanup(reply_freep) Berth__JobList *list = NULL;
    cleanup(freep) char *path = NULL;
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    struct berth_err err;

    if (argc < 2 || strncasecmp(argv[0], "batch_script", strlen(argv[0])) != 0) {
        fprintf(stderr, "invalid write argument: %s\n", argc > 0 ? argv[0] : word);
        return SLURM_FAILED;
    }
    if (read_ids(1, argv + 1, &names) || scontrol_open(sc))
        return SLURM_FAILED;
    query.ids = names.ids;
    query.n_ids = names.n;
    query.all = true;
    query.with_spec = true;
    if (berth_jobs(sc->berth, &query, &list, &err) < 0 || list->n_jobs == 0)
        return load_error("job script retrieval", &err);
    path = argc > 2 ? xstrdup(argv[2]) : xasprintf("slurm-%s.sh", argv[1]);
    return write_script(list->jobs[0], path);
}

/* ------------------------------------------------------------------ processes */

static bool is_asked_for(const Berth__JobUsage *job, const Berth__StepUsage *step,
                         const char *what)
{
    char id[48];
    size_t len = strlen(what);

    if (step->step_id < 0)
        snprintf(id, sizeof(id), "%" PRIu32 ".batch", job->job_id);
    else
        snprintf(id, sizeof(id), "%" PRIu32 ".%" PRId64, job->job_id, step->step_id);
    return len == 0 || (strncmp(id, what, len) == 0 && (!id[len] || id[len] == '.'));
}

static void print_pids(const Berth__JobUsage *job, const char *what)
{
    for (size_t i = 0; i < job->n_steps; i++) {
        const Berth__StepUsage *step = job->steps[i];
        char name[24] = "batch";

        if (step->step_id >= 0)
            snprintf(name, sizeof(name), "%" PRId64, step->step_id);
        for (size_t j = 0; j < step->n_processes && is_asked_for(job, step, what); j++)
            printf("%-8" PRIu32 " %-8" PRIu32 " %-8s %-7s %-8s\n",
                   step->processes[j]->pid, job->job_id, name, "-", "-");
    }
}

/* Of this node, as Slurm's: by the name of the machine. */
int scontrol_listpids(struct scontrol *sc, const char *word, int argc, char **argv)
{
    cleanup(reply_freep) Berth__NodeList *nodes = NULL;
    cleanup(reply_freep) Berth__UsageList *usage = NULL;
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    Berth__UsageQuery what = BERTH__USAGE_QUERY__INIT;
    struct berth_err err;
    char host[256] = "";
    char *name = argc > 1 ? argv[1] : getenv("SLURMD_NODENAME");

    (void)word;
    (void)gethostname(host, sizeof(host) - 1);
    host[strcspn(host, ".")] = '\0';
    name = name ? name : host;
    query.names = &name;
    query.n_names = 1;
    what.processes = 1000;
    if (scontrol_open(sc))
        return SLURM_FAILED;
    if (berth_nodes(sc->berth, &query, &nodes, &err) < 0 || nodes->n_nodes == 0 ||
        berth_usage(sc->berth, nodes->nodes[0]->address,
                    (uint16_t)nodes->nodes[0]->port, &what, &usage, &err) < 0) {
        say_error("node %s: %s", name, err.text);
        return SLURM_FAILED;
    }
    printf("PID      JOBID    STEPID   LOCALID GLOBALID\n");
    for (size_t i = 0; i < usage->n_jobs; i++)
        print_pids(usage->jobs[i], argc > 0 ? argv[0] : "");
    return SLURM_OK;
}
