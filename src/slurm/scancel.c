/* SPDX-License-Identifier: Apache-2.0
 *
 * scancel.c - end jobs and steps, or send them a signal
 *
 * The controller chooses among jobs by what the options name; steps are told through
 * the lead of their job.
 */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/job_names.h"
#include "cli/say.h"
#include "slurm/cancel_step.h"
#include "slurm/errors.h"
#include "slurm/slurm.h"

struct cancel_args {
    struct slurm_common common;
    const char *user, *name, *states, *signal;
    const char *account, *partition, *qos, *reservation, *wckey, *nodelist;
    bool mine, asks, batch, full;
    bool ignored;
    const char *ignored_value;
};

#define MEMBER(m) offsetof(struct cancel_args, m)

static const struct slurm_usage usage = {
    .synopsis = "scancel [options] [job[_index][.step]...]",
    .about = "End jobs and steps, waiting or running, or send them a signal. With "
             "options that\nname jobs, those that match all of them.",
};

#define NAMED(name_, letter_, member_, help_)                                \
    {                                                                        \
        .name = name_, .letter = letter_, .arg = OPT_NEEDED, .meta = "NAME", \
        .set = opt_string, .offset = MEMBER(member_), .help = help_          \
    }
#define SWITCH(name_, letter_, member_, help_)                                        \
    {                                                                                 \
        .name = name_, .letter = letter_, .set = opt_flag, .offset = MEMBER(member_), \
        .help = help_                                                                 \
    }

static const struct opt opts[] = {
    NAMED("account", 'A', account, "only jobs that this account pays for"),
    NAMED("name", 'n', name, "only jobs of this name"),
    NAMED("jobname", 0, name, NULL),
    NAMED("partition", 'p', partition, "only jobs in this partition"),
    NAMED("qos", 'q', qos, "only jobs of this quality of service"),
    NAMED("reservation", 'R', reservation, "only jobs in this reservation"),
    NAMED("wckey", 0, wckey, "only jobs with this key"),
    NAMED("nodelist", 'w', nodelist, "only jobs on one of these nodes"),
    NAMED("user", 'u', user, "only jobs of this user"),
    SWITCH("me", 0, mine, "only your own jobs"),
    NAMED("state", 't', states, "only jobs that are PENDING, RUNNING or SUSPENDED"),
    NAMED("signal", 's', signal, "send this signal instead of ending the job"),
    SWITCH("batch", 'b', batch, "the signal is for the script alone"),
    SWITCH("full", 'f', full, "the signal is for script and steps"),
    SWITCH("interactive", 'i', asks, "ask before each job"),
    SWITCH("hurry", 'H', ignored, NULL),
    SWITCH("ctld", 'c', ignored, NULL),
    SWITCH("cron", 0, ignored, NULL),
    NAMED("sibling", 0, ignored_value, NULL),
    SLURM_OPTS(struct cancel_args, common, 'h'),
    OPTS_END,
};

static bool has_filters(const struct cancel_args *args)
{
    return args->mine || args->user || args->name || args->states || args->account ||
           args->partition || args->qos || args->reservation || args->wckey ||
           args->nodelist;
}

static char *field(const char *text)
{
    return xstrdup(text ? text : "");
}

/* What the options come to; freed with free_control. */
static int fill_control(const struct cancel_args *args, Berth__JobControl *ret)
{
    const struct passwd *pw = args->mine ? getpwuid(getuid()) : NULL;
    struct err err;

    berth__job_control__init(ret);
    ret->op = BERTH__JOB_CONTROL__OP__CANCEL;
    ret->user = field(args->user ? args->user : pw ? pw->pw_name : NULL);
    ret->name = field(args->name);
    ret->account = field(args->account);
    ret->partition = field(args->partition);
    ret->qos = field(args->qos);
    ret->reservation = field(args->reservation);
    ret->wckey = field(args->wckey);
    ret->nodelist = field(args->nodelist);
    ret->everybody = getuid() == 0;
    ret->states = args->states ? strv_split(args->states, ",") : NULL;
    ret->n_states = strv_len(ret->states);
    if (!args->signal)
        return 0;
    if (signal_parse(args->signal, &ret->signal, &err) < 0) {
        say_error("Unknown job signal: %s", args->signal);
        return -EINVAL;
    }
    /* What kills ends the job. */
    if (ret->signal != SIGKILL || args->batch || args->full)
        ret->op = BERTH__JOB_CONTROL__OP__SIGNAL;
    ret->scope = args->batch  ? BERTH__SIGNAL_JOB__SCOPE__SHELL
                 : args->full ? BERTH__SIGNAL_JOB__SCOPE__ALL
                              : BERTH__SIGNAL_JOB__SCOPE__STEPS;
    return 0;
}

static void free_control(Berth__JobControl *control)
{
    char *fields[] = {control->user,        control->name,    control->account,
                      control->partition,   control->qos,     control->wckey,
                      control->reservation, control->nodelist};

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (fields[i] != protobuf_c_empty_string)
            free(fields[i]);
    strv_free(control->states);
}

/* Whether a status is a failure; then it is said. */
static bool say_status(const struct cancel_args *args, const char *name,
                       const Berth__Status *status)
{
    bool is_over = status->code == EALREADY;
    cleanup(freep) char *words = NULL;

    if (status->code == 0)
        return false;
    /* Who wanted it to end has what he wanted. */
    if (is_over && (!args->signal || args->common.quiet))
        return false;
    if (status->code == ENOENT) {
        say_error("No active jobs match ALL job filters, including: %s", name);
        return true;
    }
    words = is_over ? xstrdup("Job/step already completing or completed")
                    : slurm_error_words(status->code, status->text);
    say_error("Kill job error on job id %s: %s", name, words);
    return true;
}

static int send_control(struct berth *berth, const struct cancel_args *args,
                        const Berth__JobControl *control, char *const *names)
{
    cleanup(reply_freep) Berth__JobControlReply *reply = NULL;
    struct berth_err err;
    int status = SLURM_OK;

    if (berth_control(berth, control, &reply, &err) < 0) {
        cleanup(freep) char *words = slurm_error_words(err.code, err.text);

        say_error("%s", words);
        return SLURM_FAILED;
    }
    for (size_t i = 0; i < reply->n_statuses && i < reply->n_ids; i++) {
        cleanup(freep) char *number = xasprintf("%u", reply->ids[i]);

        if (say_status(args, names ? names[i] : number, reply->statuses[i]))
            status = SLURM_FAILED;
        else if (args->common.verbose)
            say_info("Signal %s to job %s", args->signal ? args->signal : "9",
                     names ? names[i] : number);
    }
    return status;
}

/* --------------------------------------------------------------- --interactive */

static bool is_confirmed(const Berth__JobInfo *job)
{
    cleanup(freep) char *name = job_name_of(job->record);
    char answer[16];

    printf("Cancel job_id=%s name=%s partition=%s [y/n]? ", name, job->spec->name,
           job->spec->partition);
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) &&
           (answer[0] == 'y' || answer[0] == 'Y');
}

/* Jobs that might be meant; the controller judges again what is confirmed. */
static int list_jobs(struct berth *berth, const Berth__JobControl *control,
                     Berth__JobList **ret)
{
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    struct berth_err err;

    query.ids = control->ids;
    query.n_ids = control->n_ids;
    query.elements = control->elements;
    query.n_elements = control->n_elements;
    query.user = control->user;
    query.partition = control->partition;
    query.states = control->states;
    query.n_states = control->n_states;
    if (berth_jobs(berth, &query, ret, &err) == 0)
        return 0;
    say_error("%s", err.text);
    return -1;
}

static int ask_and_send(struct berth *berth, const struct cancel_args *args,
                        Berth__JobControl *control)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    int status = SLURM_OK;

    if (list_jobs(berth, control, &list) < 0)
        return SLURM_FAILED;
    for (size_t i = 0; i < list->n_jobs; i++) {
        const Berth__JobInfo *job = list->jobs[i];
        Berth__JobControl one = *control;
        uint32_t id = job->record->id;
        cleanup(freep) char *name = job_name_of(job->record);

        if (control->name[0] && strcmp(control->name, job->spec->name) != 0)
            continue;
        if (!is_confirmed(job))
            continue;
        one.ids = &id;
        one.n_ids = 1;
        one.n_elements = 0;
        if (send_control(berth, args, &one, &name) != SLURM_OK)
            status = SLURM_FAILED;
    }
    return status;
}

/* -------------------------------------------------------------------- operands */

static int cancel_jobs(struct berth *berth, const struct cancel_args *args,
                       char **words)
{
    cleanup(job_names_fini) struct job_names names = {0};
    cleanup(free_control) Berth__JobControl control = BERTH__JOB_CONTROL__INIT;

    if (fill_control(args, &control) < 0 ||
        job_names_parse((int)strv_len(words), words, &names) < 0)
        return SLURM_FAILED;
    control.ids = names.ids;
    control.n_ids = names.n;
    control.elements = names.elements;
    control.n_elements = names.n;
    return args->asks ? ask_and_send(berth, args, &control)
                      : send_control(berth, args, &control, names.n ? words : NULL);
}

/* "17.batch": the script, as --batch would. */
static int cancel_script(struct berth *berth, const struct cancel_args *args,
                         const char *word)
{
    struct cancel_args batch = *args;
    char *words[] = {xstrndup(word, strcspn(word, ".")), NULL};
    int status;

    batch.batch = true;
    if (!batch.signal)
        batch.signal = "KILL";
    status = cancel_jobs(berth, &batch, words);
    free(words[0]);
    return status;
}

/* Operands with a dot are steps, which are dealt with here; the rest is *ret_jobs. */
static int cancel_steps(struct berth *berth, const struct cancel_args *args,
                        char *const *words, char ***ret_jobs)
{
    int status = SLURM_OK;

    for (; *words; words++) {
        const char *dot = strchr(*words, '.');

        if (!dot)
            strv_add(ret_jobs, *words);
        else if (strcmp(dot, ".batch") == 0)
            status |= cancel_script(berth, args, *words);
        else if (slurm_cancel_step(berth, *words, args->signal, args->common.quiet))
            status = SLURM_FAILED;
    }
    return status;
}

/* Operands may also be lists: "17,18". */
static char **split_operands(char *const *words)
{
    char **all = NULL;

    for (; *words; words++) {
        bool is_array = strchr(*words, '[') || strchr(*words, '_');
        cleanup(strv_freep) char **parts = is_array ? NULL : strv_split(*words, ",");

        if (is_array)
            strv_add(&all, *words);
        strv_foreach (part, parts)
            strv_add(&all, *part);
    }
    return all;
}

static int cancel(const struct cancel_args *args, char *const *operands)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(strv_freep) char **words = split_operands(operands);
    cleanup(strv_freep) char **jobs = NULL;
    int status, rc;

    if (slurm_open(&berth) < 0 || slurm_cluster(berth, args->common.clusters, NULL) < 0)
        return SLURM_FAILED;
    status = words ? cancel_steps(berth, args, words, &jobs) : SLURM_OK;
    if (words && !jobs)
        return status;
    rc = cancel_jobs(berth, args, jobs);
    return status ? status : rc;
}

int slurm_scancel(int argc, char **argv)
{
    struct cancel_args args = {.mine = false};
    int next, status;

    args.common.clusters = getenv("SLURM_CLUSTERS");
    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status >= 0)
        return status;
    if (next == argc && !has_filters(&args))
        return slurm_bad_usage("No job identification provided");
    return cancel(&args, argv + next);
}
