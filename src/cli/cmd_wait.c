/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_wait.c - berth wait: until jobs have ended, or objects are as wanted
 */
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/job_names.h"
#include "cli/job_steps.h"
#include "cli/job_watch.h"
#include "cli/object_wait.h"
#include "cli/say.h"
#include "cli/wait_job.h"

struct wait_args {
    struct common common;
    bool starts;
    struct object_scope scope;
    struct object_wish wish;
    bool is_for_objects, has_timeout; /* said so by an option */
    int64_t timeout;                  /* seconds; -1: for ever */
};

static const struct usage usage = {
    .synopsis = "berth wait [options] id[.step]...\n"
                "       berth wait --for=WHAT [options] KIND/NAME...\n"
                "       berth wait --for=WHAT [options] KIND -l LABELS",
    .about =
        "Wait until the jobs or steps have ended, and exit as they did: with their\n"
        "exit code, the largest of several, 128 + the signal that killed one. With\n"
        "--for=running, until jobs run: exit 0, or 1 when one ended before it ran.\n"
        "Steps of a job that has ended are known as long as its history is kept.\n"
        "Of objects: until a condition of theirs is true, they are gone or there, or "
        "a\n"
        "part of their document has a value.",
    .examples = "  berth wait 17 && echo good\n"
                "  berth wait $(berth submit --parsable job.sh)\n"
                "  berth wait --for=running 17 18_[3-9]\n"
                "  berth wait 17.0 17.1\n"
                "  berth wait --for=condition=Ready pod/web --timeout 60s\n"
                "  berth wait --for=condition=Complete job/sweep\n"
                "  berth wait --for=jsonpath='{.status.phase}'=Running pod/web\n"
                "  berth wait --for=delete pods -l app=web\n",
};

/* Numbers of jobs that are waited for; elements have theirs once they have begun. */
struct wanted {
    uint32_t *ids;
    size_t n, n_cancelled;
};

static void add_id(struct wanted *wanted, uint32_t id)
{
    wanted->ids = xrealloc(wanted->ids, wanted->n + 1, sizeof(*wanted->ids));
    wanted->ids[wanted->n++] = id;
}

static int add_elements(struct berth *berth, uint32_t id, const char *text,
                        struct wanted *wanted)
{
    cleanup(freep) uint32_t *ids = NULL;
    size_t n, n_cancelled;
    int rc = job_watch_elements(berth, id, text, &ids, &n, &n_cancelled);

    for (size_t i = 0; i < n; i++)
        add_id(wanted, ids[i]);
    wanted->n_cancelled += n_cancelled;
    return rc;
}

static int wait_for(struct berth *berth, const struct job_names *names, bool starts)
{
    struct wanted wanted = {.n = 0};
    int rc = 0, status;

    for (size_t i = 0; rc == 0 && i < names->n; i++) {
        if (names->elements[i][0])
            rc = add_elements(berth, names->ids[i], names->elements[i], &wanted);
        else
            add_id(&wanted, names->ids[i]);
    }
    status = rc < 0          ? STATUS_FAILED
             : wanted.n == 0 ? STATUS_OK
             : starts        ? wait_for_start(berth, wanted.ids, wanted.n)
                             : wait_for_end(berth, wanted.ids, wanted.n);
    free(wanted.ids);
    return status == STATUS_OK && wanted.n_cancelled ? STATUS_FAILED : status;
}

/* --for=running|ended of jobs, or what objects are to be. */
static int set_for(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct wait_args *args = ctx;
    struct err words;

    (void)opt;
    args->starts = strcasecmp(value, "running") == 0;
    if (args->starts || strcasecmp(value, "ended") == 0)
        return 0;
    object_wish_fini(&args->wish);
    args->is_for_objects = true;
    if (object_wish_parse(value, &args->wish, &words) == 0)
        return 0;
    if (strchr(value, '='))
        return err_set(err, EINVAL, "%s", words.text);
    return err_set(err, EINVAL, "'%.60s' is neither running nor ended; of objects, %s",
                   value, "condition=TYPE, jsonpath=PATH=VALUE, delete or create");
}

static int set_timeout(const struct opt *opt, const char *value, void *ctx,
                       struct err *err)
{
    struct wait_args *args = ctx;

    (void)opt;
    args->has_timeout = true;
    if (strcmp(value, "-1") == 0 || strcmp(value, "-1s") == 0) {
        args->timeout = -1;
        return 0;
    }
    if (strcmp(value, "0") == 0 || value[strspn(value, "0123456789")] != '\0')
        return duration_parse(value, &args->timeout, err);
    return number_parse(value, 0, INT32_MAX, &args->timeout, err);
}

static const struct opt opts[] = {
    {"for", 0, OPT_NEEDED, "WHAT", set_for, 0, 0,
     "of jobs: running or ended (default: ended); of objects: condition=TYPE[=VALUE], "
     "jsonpath=PATH[=VALUE], delete, create",
     0},
    {"timeout", 0, OPT_NEEDED, "TIME", set_timeout, 0, 0,
     "of objects: wait no longer (30s; 0: look once, -1: for ever)", 0},
    OPTS_SELECTOR(struct wait_args, scope),
    OPTS_NAMESPACE(struct wait_args, scope),
    OPTS_CONFIG(struct wait_args, common),
    OPTS_HELP,
    OPTS_END,
};

static int wait_for_objects(const struct wait_args *args, int n, char **words)
{
    cleanup(object_names_fini) struct object_names names = {0};
    cleanup(link_closep) struct berth *berth = NULL;

    if (object_names_parse(n, words, &names) < 0)
        return STATUS_USAGE;
    if (!names.groups[0].names && !args->scope.selector) {
        say_error("which of them? Give names, or -l LABELS");
        return STATUS_USAGE;
    }
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    return object_wait(berth, &names, &args->scope, &args->wish, args->timeout);
}

static int wait_for_jobs(const struct wait_args *args, int n, char **words)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(job_names_fini) struct job_names names = {0};

    if (args->has_timeout || args->scope.selector || args->scope.name_space) {
        say_error("%s: of objects only: --for=condition=... KIND/NAME",
                  args->has_timeout      ? "--timeout"
                  : args->scope.selector ? "--selector"
                                         : "--namespace");
        return STATUS_USAGE;
    }
    if (is_step_name(words[0]))
        return job_steps_wait(args->common.config, n, words);
    if (job_names_parse(n, words, &names) < 0)
        return STATUS_USAGE;
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    return wait_for(berth, &names, args->starts);
}

int cmd_wait(int argc, char **argv)
{
    struct wait_args args = {.timeout = 30};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status < 0 && next == argc) {
        say_error("which job? Give its number; of an object, --for and KIND/NAME");
        status = STATUS_USAGE;
    }
    if (status < 0 && !args.is_for_objects && strchr(argv[next], '/')) {
        say_error("%s: what for? --for=condition=Ready, --for=delete, ...", argv[next]);
        status = STATUS_USAGE;
    }
    if (status < 0)
        status = args.is_for_objects ? wait_for_objects(&args, argc - next, argv + next)
                                     : wait_for_jobs(&args, argc - next, argv + next);
    object_wish_fini(&args.wish);
    return status;
}
