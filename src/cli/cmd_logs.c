/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_logs.c - berth logs: what a job's script wrote, or a container of a pod
 *
 * While the job runs its lead shows the file, wherever that is; afterwards it is read
 * here, if it can be.
 */
#include "cli/logs.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/follow.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/command.h"
#include "cli/exec_session.h"
#include "cli/pod_logs.h"
#include "cli/pod_target.h"
#include "wire/job_files.h"

#define TRIES 20 /* to reach a lead, over ten seconds */

struct logs_args {
    struct common common;
    struct logs_wish wish;
    struct pod_logs_wish pod;
};

static const struct usage usage = {
    .synopsis = "berth logs [options] job\n"
                "       berth logs [options] POD [-c CONTAINER]\n"
                "       berth logs [options] -l LABELS",
    .about =
        "Show what the job's script wrote: the file of --output as it is, wherever it\n"
        "lies while the job runs; afterwards, when it can be read here. A job is "
        "named\n"
        "by its number, a pod by its name (or pod/NAME; job/NAME is a pod of that "
        "Job):\n"
        "of it, what a container wrote to its output.",
    .examples = "  berth logs 17\n"
                "  berth logs web -c db -f\n"
                "  berth logs web --previous --tail 50 --timestamps\n"
                "  berth logs -l app=web --all-containers --prefix\n"
                "  berth logs -f --tail 20 17\n"
                "  berth logs --since 10m 17\n"
                "  berth logs --stderr 17_3\n",
};

static int set_tail(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    struct logs_args *args = ctx;

    (void)opt;
    return number_parse(value, -1, INT64_MAX, &args->wish.tail, err);
}

/* How long ago, or since when. */
static int set_since(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct logs_args *args = ctx;
    int64_t now = time(NULL), age;

    (void)opt;
    if (!strpbrk(value, "-:T") && duration_parse(value, &age, NULL) == 0 && age >= 0) {
        args->wish.since = now - age;
        return 0;
    }
    return when_parse(value, now, &args->wish.since, err);
}

/* kubectl's: a point in time, RFC 3339. */
static int set_since_time(const struct opt *opt, const char *value, void *ctx,
                          struct err *err)
{
    struct logs_args *args = ctx;
    struct tm tm = {0};
    const char *end = strptime(value, "%Y-%m-%dT%H:%M:%S", &tm);

    (void)opt;
    if (end && *end == '.')
        end += 1 + strspn(end + 1, "0123456789");
    if (!end || strcmp(end, "Z") != 0)
        return err_set(err, EINVAL, "'%s' is not as 2026-11-26T11:40:00Z", value);
    args->wish.since = timegm(&tm);
    return 0;
}

static int set_limit_bytes(const struct opt *opt, const char *value, void *ctx,
                           struct err *err)
{
    struct logs_args *args = ctx;

    (void)opt;
    return size_parse(value, 1, &args->pod.limit_bytes, err);
}

#define POD(member) offsetof(struct logs_args, pod.member)
static const struct opt opts[] = {
    {"follow", 'f', .set = opt_flag, .offset = offsetof(struct logs_args, wish.follow),
     .help = "go on until the job ends"},
    {"tail", 'n', OPT_NEEDED, "N", .set = set_tail, .help = "the last N lines"},
    {"since", 0, OPT_NEEDED, "TIME", .set = set_since,
     .help = "what was written since then ('10m' ago, '14:30'), while it runs"},
    {"stderr", 0, .set = opt_flag, .offset = offsetof(struct logs_args, wish.is_error),
     .help = "the file of --error"},
    {"since-time", 0, OPT_NEEDED, "TIME", .set = set_since_time,
     .help = "the same as 2026-11-26T11:40:00Z"},
    {"container", 'c', OPT_NEEDED, "NAME", .set = opt_string, .offset = POD(container),
     .help = "of this container of the pod, not its first"},
    {"all-containers", 0, .set = opt_flag, .offset = POD(all_containers),
     .help = "of all of them, init containers too"},
    {"previous", 'p', .set = opt_flag, .offset = POD(previous),
     .help = "of the run before this one"},
    {"timestamps", 0, .set = opt_flag, .offset = POD(timestamps),
     .help = "the time of each line before it"},
    {"prefix", 0, .set = opt_flag, .offset = POD(prefix),
     .help = "pod and container of each line before it"},
    {"limit-bytes", 0, OPT_NEEDED, "SIZE", .set = set_limit_bytes,
     .help = "no more than this"},
    OPTS_SELECTOR(struct logs_args, pod.scope),
    OPTS_NAMESPACE(struct logs_args, pod.scope),
    OPTS_CONFIG(struct logs_args, common),
    OPTS_HELP,
    OPTS_END,
};

/* ------------------------------------------------------------ after the end */

static char *path_of(const Berth__JobInfo *job, const struct logs_wish *wish)
{
    const Berth__JobRecord *record = job->record;
    struct job_files files = {.spec = job->spec,
                              .job = record->id,
                              .epoch = record->epoch ? record->epoch : 1,
                              .lead = job->lead,
                              .user = job->spec->user};

    if (files.lead[0] == '\0' && record->placement && record->placement->n_shares)
        files.lead = record->placement->shares[0]->node;
    return wish->is_error ? job_error_path(&files) : job_output_path(&files);
}

static int show_file(const Berth__JobInfo *job, const struct logs_wish *wish)
{
    cleanup(freep) char *path = path_of(job, wish);
    struct follow how = {.tail = wish->tail};
    struct err err;
    int rc;

    if (wish->since) {
        say_error("--since: job %u has ended, and no times are kept with its output",
                  job->record->id);
        return STATUS_FAILED;
    }
    rc = follow_file(path, &how, STDOUT_FILENO, &err);
    if (rc == 0 || rc == -EPIPE)
        return STATUS_OK;
    say_error("%s%s%s", err.text,
              rc == -ENOENT && job->lead[0] ? " here: it was written on node " : "",
              rc == -ENOENT ? job->lead : "");
    return STATUS_FAILED;
}

/* -------------------------------------------------------- while the job runs */

/* The exit status; -EAGAIN: the script does not run yet, or no more; -EHOSTUNREACH
 * with words: its lead is not there. */
static int show_running(struct berth *berth, const Berth__JobInfo *job,
                        const struct logs_wish *wish, struct berth_err *err)
{
    struct berth_steps *lead;
    Berth__LogRequest request = BERTH__LOG_REQUEST__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct exec_streams streams = {.in = -1,
                                   .out = STDOUT_FILENO,
                                   .err = STDERR_FILENO,
                                   .signal_fd = -1,
                                   .may_repeat = true};
    int status;

    if (job_target_reach_lead(berth, job, &lead, err) < 0)
        return -EHOSTUNREACH;
    request.is_error = wish->is_error;
    request.follow = wish->follow;
    request.tail = wish->tail;
    request.since = wish->since;
    env.body_case = BERTH__ENVELOPE__BODY_LOG;
    env.log = &request;
    status = exec_session_request(lead, &env, &streams);
    berth_steps_close(lead);
    return status;
}

/* A job that has not begun is waited for, where somebody wants to follow it. */
static int wait_for_start(struct berth *berth, const Berth__JobInfo *job)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    uint32_t id = job->record->id;
    struct berth_err err;

    say_info("job %u waits%s%s%s", id, job->reason[0] ? " (" : "", job->reason,
             job->reason[0] ? ")" : "");
    if (berth_wait(berth, &id, 1, true, -1, &list, &err) == 0)
        return 0;
    say_error("%s", err.text);
    return -EIO;
}

/* One look at the job: the exit status, or -EAGAIN or -EHOSTUNREACH to look again. */
static int try_to_show(struct berth *berth, const struct job_target *target,
                       const struct logs_wish *wish, struct berth_err *err)
{
    cleanup(reply_freep) Berth__JobList *list = NULL;
    const Berth__JobInfo *job;

    if (job_target_find(berth, target, &list) < 0)
        return STATUS_FAILED;
    job = list->jobs[0];
    if (job->record->end_time && job->record->epoch)
        return show_file(job, wish);
    if (job_target_has_nodes(job))
        return show_running(berth, job, wish, err);
    if (!wish->follow || job->record->end_time) {
        job_target_say_state(job);
        return STATUS_FAILED;
    }
    return wait_for_start(berth, job) < 0 ? STATUS_FAILED : -EAGAIN;
}

/* A job may end between two questions, its lead with it: what the controller says
 * after that counts. */
int logs_show(struct berth *berth, const struct job_target *target,
              const struct logs_wish *wish)
{
    struct berth_err err = {0};

    for (int unreached = 0; unreached < TRIES;) {
        int status = try_to_show(berth, target, wish, &err);

        if (status != -EAGAIN && status != -EHOSTUNREACH)
            return status;
        unreached += status == -EHOSTUNREACH;
        (void)usleep(50000 * (1 + (useconds_t)unreached));
    }
    say_error("job %u: %s", target->id, err.text);
    return STATUS_FAILED;
}

static int show_pods(struct logs_args *args, const char *word)
{
    if (args->wish.is_error) {
        say_error("--stderr: a container's output and errors are one log");
        return STATUS_USAGE;
    }
    if (args->pod.container && args->pod.all_containers) {
        say_error("--container: not together with --all-containers");
        return STATUS_USAGE;
    }
    args->pod.follow = args->wish.follow;
    args->pod.tail = args->wish.tail;
    args->pod.since = args->wish.since;
    return pod_logs_show(args->common.config, word, &args->pod);
}

/* An option that the number of a job has no use for; NULL: none was given. */
static const char *pod_option(const struct pod_logs_wish *pod)
{
    return pod->container          ? "--container"
           : pod->all_containers   ? "--all-containers"
           : pod->previous         ? "--previous"
           : pod->timestamps       ? "--timestamps"
           : pod->prefix           ? "--prefix"
           : pod->limit_bytes      ? "--limit-bytes"
           : pod->scope.selector   ? "--selector"
           : pod->scope.name_space ? "--namespace"
                                   : NULL;
}

static int show_job(const struct logs_args *args, const char *word)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(job_target_fini) struct job_target target = {0};

    if (pod_option(&args->pod)) {
        say_error("%s: job %s is none of a pod; 'berth logs pod/NAME' is",
                  pod_option(&args->pod), word);
        return STATUS_USAGE;
    }
    if (job_target_parse(word, &target) < 0)
        return STATUS_USAGE;
    if (target.step >= 0) {
        say_error("%s: the output of a step goes to who started it; 'berth attach %s' "
                  "shows what comes from now on",
                  word, word);
        return STATUS_USAGE;
    }
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    return logs_show(berth, &target, &args->wish);
}

int cmd_logs(int argc, char **argv)
{
    struct logs_args args = {.wish = {.tail = -1}};
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next == argc && args.pod.scope.selector)
        return show_pods(&args, NULL);
    if (next < argc && args.pod.scope.selector) {
        say_error("--selector: not together with a name");
        return STATUS_USAGE;
    }
    /* "berth logs web db" is kubectl's way of naming a container. */
    if (next + 2 == argc && pod_target_is_meant(argv[next]) && !args.pod.container)
        args.pod.container = argv[next + 1];
    else if (next + 1 != argc) {
        say_error(next == argc ? "of which job or pod? Give its number or name"
                               : "one at a time");
        return STATUS_USAGE;
    }
    return pod_target_is_meant(argv[next]) ? show_pods(&args, argv[next])
                                           : show_job(&args, argv[next]);
}
