/* SPDX-License-Identifier: Apache-2.0
 *
 * run_options.c - the table of options, and how they go together
 */
#include "sim/run_options.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"
#include "sim/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct run_options *run_options_create(void)
{
    struct run_options *options = xcalloc(1, sizeof(*options));

    options->rules = (struct trace_rules)TRACE_RULES_DEFAULT;
    return options;
}

struct word {
    const char *word;
    int value;
};

/* The value of 'text' in 'words'; -EINVAL names all, or the nearest. */
static int find_word(const struct word *words, size_t n, const char *text, int *ret,
                     struct err *err)
{
    const char *names[16], *near;
    cleanup(freep) char *all = NULL;
    struct strbuf list = STRBUF_INIT;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i].word, text) == 0) {
            *ret = words[i].value;
            strbuf_fini(&list);
            return 0;
        }
        names[i] = words[i].word;
        strbuf_printf(&list, "%s%s", i == 0 ? "" : ", ", words[i].word);
    }
    all = strbuf_take(&list);
    near = nearest_name(text, names, n);
    if (near)
        return err_set(err, EINVAL, "there is no '%s', did you mean %s?", text, near);
    return err_set(err, EINVAL, "'%s' is not one of %s", text, all);
}

#define FIND_WORD(words, text, ret, err) \
    find_word((words), ARRAY_SIZE(words), (text), (ret), (err))

/* ------------------------------------------------------- setters of words */

static const struct word orders[] = {
    {"fcfs", SCHED_BY_SUBMIT},
    {"sjf", SCHED_BY_TIME},
    {"f1", SCHED_BY_F1},
    {"wfp3", SCHED_BY_WFP3},
    {"slowdown", SCHED_BY_SLOWDOWN},
    {"priority", SCHED_BY_PRIORITY},
};
enum { BACKFILL_NONE, BACKFILL_QUEUE, BACKFILL_SHORTEST };
static const struct word backfills[] = {{"none", BACKFILL_NONE},
                                        {"queue", BACKFILL_QUEUE},
                                        {"shortest", BACKFILL_SHORTEST}};
static const struct word runtimes[] = {{"requested", false}, {"exact", true}};
static const struct word overruns[] = {{"kill", false}, {"keep", true}};
static const struct word sizes[] = {{"larger", TRACE_PROCS_LARGER},
                                    {"requested", TRACE_PROCS_REQUESTED},
                                    {"allocated", TRACE_PROCS_ALLOCATED}};
static const struct word formats[] = {
    {"auto", TRACE_AUTO}, {"swf", TRACE_SWF}, {"pyss", TRACE_PYSS}};
static const struct word passes[] = {{"event", false}, {"second", true}};
static const struct word rule_sets[] = {{"berth", 0}, {"rlscheduler", 1}};

static int set_runtimes(const struct opt *opt, const char *value, void *ctx,
                        struct err *err)
{
    int found;
    const int rc = FIND_WORD(runtimes, value, &found, err);

    (void)opt;
    if (rc == 0)
        ((struct run_options *)ctx)->rules.exact = found;
    return rc;
}

static int set_overrun(const struct opt *opt, const char *value, void *ctx,
                       struct err *err)
{
    int found;
    const int rc = FIND_WORD(overruns, value, &found, err);

    (void)opt;
    if (rc == 0)
        ((struct run_options *)ctx)->rules.keep_overrun = found;
    return rc;
}

static int set_size(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    int found;
    const int rc = FIND_WORD(sizes, value, &found, err);

    (void)opt;
    if (rc == 0)
        ((struct run_options *)ctx)->rules.procs = (enum trace_procs)found;
    return rc;
}

static int set_format(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    int found;
    const int rc = FIND_WORD(formats, value, &found, err);

    (void)opt;
    if (rc == 0)
        ((struct run_options *)ctx)->rules.format = (enum trace_format)found;
    return rc;
}

static int set_passes(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    int found;
    const int rc = FIND_WORD(passes, value, &found, err);

    (void)opt;
    if (rc == 0)
        ((struct run_options *)ctx)->pass_each_second = found;
    return rc;
}

/* The method behind the published window tables; what follows on the command line
 * still changes it. */
static int set_rules(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct run_options *options = ctx;
    int found;
    const int rc = FIND_WORD(rule_sets, value, &found, err);

    (void)opt;
    if (rc || !found)
        return rc;
    options->is_rlscheduler = true;
    options->arrivals_first = true;
    options->rules.drop_zero = true;
    options->rules.unknown_run = 10;
    options->rules.keep_overrun = true;
    options->rules.by_number = true;
    return 0;
}

/* --------------------------------------------------- setters of structure */

static int set_max_jobs(const struct opt *opt, const char *value, void *ctx,
                        struct err *err)
{
    int64_t number;
    const int rc = number_parse(value, 1, TRACE_JOBS_MAX, &number, err);

    (void)opt;
    if (rc == 0)
        ((struct run_options *)ctx)->rules.max_jobs = (size_t)number;
    return rc;
}

static int set_load(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    const int rc = sim_opt_real(opt, value, ctx, err);
    const double load = ((struct run_options *)ctx)->load;

    if (rc == 0 && (load < 0.01 || load > 100))
        return err_set(err, EINVAL, "'%s' is not a factor from 0.01 to 100", value);
    return rc;
}

static int set_window(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    struct run_options *options = ctx;
    const size_t len = strcspn(value, ":");
    cleanup(freep) char *start = xstrndup(value, len);
    int64_t first, n;

    (void)opt;
    if (value[len] != ':' || number_parse(start, 0, TRACE_JOBS_MAX, &first, NULL) ||
        number_parse(value + len + 1, 1, TRACE_JOBS_MAX, &n, NULL))
        return err_set(err, EINVAL, "'%s' is not START:COUNT, as in 0:1024", value);
    if (options->n_windows == RUN_WINDOWS_MAX)
        return err_set(err, EINVAL, "more than %d windows", RUN_WINDOWS_MAX);
    options->windows[options->n_windows++] =
        (struct run_window){(size_t)first, (size_t)n};
    return 0;
}

static double *weight_named(struct sched_weights *weights, const char *name)
{
    const struct {
        const char *name;
        double *weight;
    } rows[] = {{"age", &weights->age},
                {"size", &weights->size},
                {"fairshare", &weights->fairshare},
                {"qos", &weights->qos},
                {"partition", &weights->partition},
                {"slowdown", &weights->slowdown}};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].weight;
    return NULL;
}

static int set_weights(const struct opt *opt, const char *value, void *ctx,
                       struct err *err)
{
    struct run_options *options = ctx;
    cleanup(strv_freep) char **pairs = strv_split(value, ",");

    (void)opt;
    options->has_weights = true;
    strv_foreach (pair, pairs) {
        const size_t len = strcspn(*pair, "=");
        cleanup(freep) char *name = xstrndup(*pair, len);
        double *weight = weight_named(&options->weights, name);
        char *end = NULL;

        if (weight && (*pair)[len] == '=')
            *weight = strtod(*pair + len + 1, &end);
        if (!end || end == *pair + len + 1 || *end || !(*weight >= 0 && *weight <= 1e9))
            return err_set(err, EINVAL,
                           "'%s' is not NAME=NUMBER, where the names are age, size, "
                           "fairshare, qos, partition and slowdown",
                           *pair);
    }
    return 0;
}

#define TEXT(name_, meta_, member, help_)                                       \
    {                                                                           \
        .name = (name_), .arg = OPT_NEEDED, .meta = (meta_), .set = opt_string, \
        .offset = offsetof(struct run_options, member), .help = (help_)         \
    }
#define OWN(name_, meta_, set_, help_)                                    \
    {                                                                     \
        .name = (name_), .arg = OPT_NEEDED, .meta = (meta_), .set = set_, \
        .help = (help_)                                                   \
    }

#define OWN_OF_TRACE(name_, meta_, set_, help_)                           \
    {                                                                     \
        .name = (name_), .arg = OPT_NEEDED, .meta = (meta_), .set = set_, \
        .where = RUN_OF_TRACE, .help = (help_)                            \
    }

const struct opt run_options_table[] = {
    TEXT("policy", "NAME", policy, "fifo, easy, conservative, hybrid or default"),
    {.name = "procs",
     .arg = OPT_NEEDED,
     .meta = "N",
     .set = sim_opt_count,
     .offset = offsetof(struct run_options, procs),
     .help = "so many processors, all alike (what the trace says)"},
    TEXT("cluster", "FILE", cluster, "the nodes and switches of this berth.yaml"),
    OWN("runtimes", "WHAT", set_runtimes,
        "requested: as the log has it; exact: no more"),
    TEXT("json", "FILE", json, "write the results as JSON; '-' is standard output"),
    TEXT("schedule-out", "FILE", schedule_out, "write when each job ran, one a line"),
    TEXT("plot", "FILE", plot, "draw the machine over time, .svg or .png"),
    TEXT("order", "ORDER", order, "fcfs, sjf, f1, wfp3, slowdown or priority"),
    TEXT("backfill", "HOW", backfill, "none, queue (in its order) or shortest (first)"),
    TEXT("promises", "N", promises, "jobs that are promised a start at a time; all"),
    OWN("weights", "NAME=X,...", set_weights, "of the factors, for --order=priority"),
    OWN_OF_TRACE("overrun", "WHAT", set_overrun,
                 "jobs past their request: kill or keep"),
    OWN_OF_TRACE("size", "WHICH", set_size,
                 "larger, requested or allocated processors"),
    OWN_OF_TRACE("format", "NAME", set_format, "of the trace: auto, swf or pyss"),
    OWN_OF_TRACE("rules", "NAME", set_rules,
                 "berth, or rlscheduler: as its tables were made"),
    OWN("passes", "WHEN", set_passes, "decide after each event or each second"),
    OWN("max-jobs", "N", set_max_jobs, "read no more jobs"),
    {.name = "load",
     .arg = OPT_NEEDED,
     .meta = "X",
     .set = set_load,
     .offset = offsetof(struct run_options, load),
     .help = "jobs come X times as fast"},
    OWN("window", "START:COUNT", set_window,
        "only these jobs, on an empty machine; repeated: the mean"),
    {.name = "quiet",
     .letter = 'q',
     .set = opt_flag,
     .offset = offsetof(struct run_options, quiet),
     .help = "no progress and no table"},
    SIM_OPTS_HELP,
    OPTS_END,
};

/* ------------------------------------------------------------ together */

static int apply_order(const struct run_options *options, struct sched_policy *policy,
                       struct err *err)
{
    int order;

    if (!options->order)
        return 0;
    if (FIND_WORD(orders, options->order, &order, err))
        return err_wrap(err, "--order");
    policy->order = (enum sched_order)order;
    return 0;
}

static int apply_backfill(const struct run_options *options,
                          struct sched_policy *policy, struct err *err)
{
    int how = policy->promises == 0 ? BACKFILL_NONE : BACKFILL_QUEUE;

    if (options->backfill && FIND_WORD(backfills, options->backfill, &how, err))
        return err_wrap(err, "--backfill");
    if (options->backfill) {
        policy->backfill_shortest = how == BACKFILL_SHORTEST;
        if (how == BACKFILL_NONE)
            policy->promises = 0;
        else if (policy->promises == 0)
            policy->promises = 1;
    }
    if (options->is_rlscheduler) {
        policy->commit_head = true;
        policy->fill = how != BACKFILL_NONE;
    }
    return 0;
}

static int apply_promises(const struct run_options *options,
                          struct sched_policy *policy, struct err *err)
{
    int64_t number;

    if (!options->promises)
        return 0;
    if (strcmp(options->promises, "all") == 0) {
        policy->promises = SCHED_ALL_PROMISED;
        return 0;
    }
    if (number_parse(options->promises, 0, 1000000, &number, err))
        return err_wrap(err, "--promises");
    policy->promises = (uint32_t)number;
    return 0;
}

static const char *policy_name(const struct run_options *options)
{
    return options->policy           ? options->policy
           : options->is_rlscheduler ? "fifo"
                                     : "default";
}

int run_options_replay(const struct run_options *options, struct replay_options *ret,
                       struct err *err)
{
    struct sched_policy *policy = &ret->sched.policy;
    int rc;

    *ret = (struct replay_options){.sched = sched_options_default,
                                   .arrivals_first = options->arrivals_first,
                                   .pass_each_second = options->pass_each_second};
    rc = sched_policy_named(policy_name(options), policy, err);
    if (rc)
        return rc;
    rc = apply_order(options, policy, err);
    if (rc == 0)
        rc = apply_promises(options, policy, err);
    if (rc == 0)
        rc = apply_backfill(options, policy, err);
    if (options->has_weights)
        ret->sched.weights = options->weights;
    return rc;
}

char *run_options_words(const struct run_options *options)
{
    struct strbuf words = STRBUF_INIT;

    strbuf_puts(&words, policy_name(options));
    if (options->order)
        strbuf_printf(&words, ", order %s", options->order);
    if (options->backfill)
        strbuf_printf(&words, ", backfill %s", options->backfill);
    if (options->promises)
        strbuf_printf(&words, ", promises %s", options->promises);
    if (options->rules.exact)
        strbuf_puts(&words, ", exact run times");
    if (options->is_rlscheduler)
        strbuf_puts(&words, ", rules rlscheduler");
    return strbuf_take(&words);
}
