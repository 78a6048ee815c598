/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_update.c - berth update: change what jobs ask for after their submission
 */
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/job_answers.h"
#include "cli/job_names.h"

struct update_args {
    struct common common;
    char **names, **texts; /* of the settings, strv */
};

static const struct usage usage = {
    .synopsis = "berth update [options] id... [name=value...]",
    .about =
        "Change what jobs ask for. A waiting job is judged as if it were submitted "
        "that "
        "way, and\nkeeps its place; of a running one the time limit can be lowered. A "
        "setting is an option,\nor a word name=value; '' takes it back.",
    .examples = "  berth update 17 --time 30:00\n"
                "  berth update 17 18 partition=debug qos=high\n"
                "  berth update 17 --begin now+1hour --comment 'after the backup'\n"
                "  berth update 17 dependency=\n",
};

/* Under the controller's name of it. */
static int set_setting(const struct opt *opt, const char *value, void *ctx,
                       struct err *err)
{
    struct update_args *args = ctx;

    (void)err;
    strv_add(&args->names, opt->note ? opt->note : opt->name);
    strv_add(&args->texts, value);
    return 0;
}

#define SETTING(name_, letter_, meta_, help_, ...)                          \
    {                                                                       \
        .name = name_, .letter = letter_, .arg = OPT_NEEDED, .meta = meta_, \
        .set = set_setting, .help = help_, __VA_ARGS__                      \
    }
static const struct opt opts[] = {
    SETTING("time", 't', "TIME", "time limit; +TIME and -TIME change it by so much"),
    SETTING("begin", 'b', "WHEN", "not before"),
    SETTING("deadline", 0, "WHEN", "do not run at all if it cannot end before"),
    SETTING("dependency", 'd', "LIST", "after other jobs"),
    SETTING("priority", 0, "N", "a fixed priority (root)"),
    SETTING("nice", 0, "N", "lower the priority by N"),
    SETTING("partition", 'p', "NAME", "partition"),
    SETTING("qos", 'q', "NAME", "quality of service"),
    SETTING("account", 'A', "NAME", "account to charge"),
    SETTING("reservation", 0, "NAME", "reservation to run in"),
    SETTING("nodelist", 'w', "NODES", "nodes that must be part of it"),
    SETTING("exclude", 'x', "NODES", "nodes to stay away from"),
    SETTING("constraint", 'C', "FEATURES", "features of the nodes"),
    SETTING("licenses", 'L', "LIST", "licences held while it runs"),
    SETTING("requeue", 0, "yes|no", "back to the queue when its node fails"),
    SETTING("job-name", 'J', "NAME", "name of the job", .note = "name"),
    SETTING("name", 0, "NAME", NULL),
    SETTING("comment", 0, "TEXT", "words kept with the job"),
    SETTING("wckey", 0, "NAME", "key for accounting"),
    OPTS_COMMON(struct update_args, common),
    OPTS_END,
};

/* "time=30:00" */
static int read_word(const char *word, size_t len, struct update_args *args,
                     struct err *err)
{
    const struct opt *opt;
    int rc = opts_find(opts, 0, word, len, &opt, err);

    if (rc == 0 && opt->set != set_setting)
        rc = err_set(err, EINVAL, "%.40s: write --%s, it is nothing of a job", word,
                     opt->name);
    return rc ? rc : opt->set(opt, word + len + 1, args, err);
}

/* Words with a '=' are settings; what stands before them names jobs. */
static int read_words(int n, char *const *words, struct update_args *args,
                      int *ret_n_jobs)
{
    struct err err;
    int n_jobs = 0;

    while (n_jobs < n && !strchr(words[n_jobs], '='))
        n_jobs++;
    for (int i = n_jobs; i < n; i++) {
        const char *equals = strchr(words[i], '=');

        if (!equals) {
            say_error("%s: jobs are named before what is to change", words[i]);
            return STATUS_USAGE;
        }
        if (read_word(words[i], (size_t)(equals - words[i]), args, &err)) {
            say_error("%s", err.text);
            return STATUS_USAGE;
        }
    }
    *ret_n_jobs = n_jobs;
    return STATUS_OK;
}

static int send_update(const struct update_args *args, const struct job_names *jobs)
{
    size_t n = strv_len(args->names);
    cleanup(freep) Berth__Setting *settings = xcalloc(n, sizeof(*settings));
    cleanup(freep) Berth__Setting **list = xcalloc(n, sizeof(*list));
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__JobControlReply *reply = NULL;
    Berth__JobUpdate update = BERTH__JOB_UPDATE__INIT;
    struct berth_err err;

    for (size_t i = 0; i < n; i++) {
        berth__setting__init(&settings[i]);
        settings[i].name = args->names[i];
        settings[i].text = args->texts[i];
        list[i] = &settings[i];
    }
    update.ids = jobs->ids;
    update.n_ids = jobs->n;
    update.elements = jobs->elements;
    update.n_elements = jobs->n;
    update.settings = list;
    update.n_settings = n;
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_update(berth, &update, &reply, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    return job_answers_print(reply, args->common.json);
}

static int update_jobs(struct update_args *args, int n, char *const *words)
{
    cleanup(job_names_fini) struct job_names jobs = {0};
    int n_jobs, status = read_words(n, words, args, &n_jobs);

    if (status)
        return status;
    if (n_jobs == 0) {
        say_error("which job? Give its number");
        return STATUS_USAGE;
    }
    if (!args->names) {
        say_error("what is to change? 'berth update --help' lists it");
        return STATUS_USAGE;
    }
    if (job_names_parse(n_jobs, words, &jobs) < 0)
        return STATUS_USAGE;
    return send_update(args, &jobs);
}

int cmd_update(int argc, char **argv)
{
    struct update_args args = {.names = NULL};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status < 0)
        status = update_jobs(&args, argc - next, argv + next);
    strv_free(args.names);
    strv_free(args.texts);
    return status;
}
