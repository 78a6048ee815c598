/* SPDX-License-Identifier: Apache-2.0
 *
 * changes.c - write events, wake who reads them, trim the journal
 */
#include "controller/changes.h"

#include "base/bitset.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/query.h"
#include "controller/watch.h"
#include "history/history.h"
#include "state/journal.h"
#include "wire/pack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TRIM_MAX 20000 /* events that leave in one batch */
#define AGES 64        /* moments at which the revision was noted */

/* A revision and when it was the newest. */
struct age {
    int64_t time;
    uint64_t revision;
};

struct changes {
    struct history *history;
    struct journal_reader *journal;
    uint64_t first;  /* that the journal still has */
    bool is_waiting; /* for a commit */
    struct age ages[AGES];
    unsigned int n_ages;
};

/* ------------------------------------------------------------------ events */

static void on_committed(void *ctx)
{
    struct controller *ctl = ctx;
    struct changes *changes = ctl->changes;

    changes->is_waiting = false;
    if (changes->history)
        history_committed(changes->history, store_revision(ctl->store));
    watch_committed(ctl);
    /* What came while that was being written. */
    if (store_appended(ctl->store) > store_revision(ctl->store)) {
        changes->is_waiting = true;
        store_on_commit(ctl->store, on_committed, ctl);
    }
}

static void append(struct controller *ctl, Berth__Event *event)
{
    uint8_t *bytes;
    size_t len;

    event->usec = clock_epoch_usec();
    bytes = pack_message(&event->base, &len);
    event->revision = store_append(ctl->store, bytes, len);
    if (watch_wants(ctl))
        watch_appended(ctl, copy_message(&event->base));
    if (ctl->changes->is_waiting)
        return;
    ctl->changes->is_waiting = true;
    store_on_commit(ctl->store, on_committed, ctl);
}

/* What the history keeps of what was asked. */
static void strip(const Berth__JobSpec *from, Berth__JobSpec *ret)
{
    *ret = *from;
    ret->script = (ProtobufCBinaryData){0};
    ret->n_args = 0;
    ret->n_env = 0;
    ret->n_rlimits = 0;
    ret->n_components = 0;
    ret->pod = NULL;
}

static uint32_t count_gpus(const struct controller *ctl, const Berth__NodeShare *share)
{
    const struct ctl_node *node = nodes_find(ctl, share->node);
    cleanup(bitset_destroyp) struct bitset *given = NULL;
    uint32_t n = 0;

    if (!share->devices[0] || !node || !node->topo ||
        bitset_parse(share->devices, node->topo->n_devices, &given, NULL))
        return 0;
    for (size_t i = bitset_next(given, 0); i < given->nbits;
         i = bitset_next(given, i + 1))
        n += strcmp(node->topo->devices[i].name, "gpu") == 0;
    return n;
}

static void fill_given(const struct controller *ctl, const struct ctl_job *cj,
                       Berth__JobEvent *event)
{
    const Berth__Placement *placement = cj->job.record->placement;

    event->time_limit = job_time_limit(&cj->job);
    if (!placement)
        return;
    event->nodes = query_field(cj->nodes);
    event->n_nodes = (uint32_t)placement->n_shares;
    event->cpus = cj->cpus;
    event->priority = cj->priority;
    for (size_t i = 0; i < placement->n_shares; i++) {
        event->memory += placement->shares[i]->memory;
        event->gpus += count_gpus(ctl, placement->shares[i]);
    }
}

void changes_job(struct controller *ctl, const struct ctl_job *cj,
                 const struct change_note *note)
{
    const Berth__JobSpec *spec = cj->job.spec;
    Berth__Event event = BERTH__EVENT__INIT;
    Berth__JobEvent job = BERTH__JOB_EVENT__INIT;
    Berth__JobRecord record = *cj->job.record;
    Berth__JobEnded ended = BERTH__JOB_ENDED__INIT;
    Berth__JobSpec asked;

    record.placement = NULL;
    record.submit_key = query_field(NULL);
    job.what = query_field(note->what);
    job.from = query_field(note->from);
    job.state = query_field(job_state_name(job_state_of(&cj->job)));
    job.record = &record;
    job.user = spec->user;
    job.name = spec->name;
    job.partition = spec->partition;
    job.account = spec->account;
    job.uid = spec->uid;
    fill_given(ctl, cj, &job);
    if (note->with_spec) {
        strip(spec, &asked);
        job.spec = &asked;
    }
    if (note->ended) {
        ended = *note->ended;
        ended.n_steps = 0;
        ended.n_images = 0;
        ended.pod = NULL;
        job.ended = &ended;
    }
    event.job = &job;
    append(ctl, &event);
}

static const char *availability(const struct ctl_node *node)
{
    if (node->state == NODE_UNKNOWN)
        return "UNKNOWN";
    if (node->state != NODE_UP)
        return "DOWN";
    if (!node->mark)
        return "UP";
    return node->mark->op == BERTH__NODE_CONTROL__OP__DOWN ? "DOWN" : "DRAIN";
}

void changes_node(struct controller *ctl, struct ctl_node *node)
{
    Berth__Event event = BERTH__EVENT__INIT;
    Berth__NodeEvent change = BERTH__NODE_EVENT__INIT;
    const char *now = availability(node);

    if (!ctl->changes || ctl->is_closing ||
        (node->told && strcmp(node->told, now) == 0))
        return;
    change.name = node->config->name;
    change.from = query_field(node->told);
    change.state = query_field(now);
    if (node->mark)
        change.reason = node->mark->reason;
    node->told = now;
    event.node = &change;
    append(ctl, &event);
}

void changes_steps(struct controller *ctl, const Berth__StepReport *report)
{
    Berth__Event event = BERTH__EVENT__INIT;
    Berth__StepReport copy = *report;

    event.steps = &copy;
    append(ctl, &event);
}

void changes_object(struct controller *ctl, const Berth__ObjectRecord *record,
                    const char *verb)
{
    Berth__Event event = BERTH__EVENT__INIT;
    Berth__ObjectChange change = BERTH__OBJECT_CHANGE__INIT;
    Berth__ObjectRecord copy = *record;

    copy.manifest = (ProtobufCBinaryData){0};
    change.verb = query_field(verb);
    change.object = &copy;
    event.object = &change;
    append(ctl, &event);
    BUG_ON(event.revision != record->revision);
}

uint64_t changes_first(const struct controller *ctl)
{
    return ctl->changes->first;
}

int changes_read(struct controller *ctl, uint64_t after, size_t max,
                 int (*each)(uint64_t revision, const void *event, size_t len,
                             void *ctx),
                 void *ctx)
{
    struct err err = {0};
    int rc = journal_read(ctl->changes->journal, after, max, each, ctx, &err);

    if (rc < 0)
        log_error("%s", err.text);
    return rc;
}

/* ------------------------------------------------------------------ trimming */

/* The newest revision that is older than history.events_age; 0: none is known to be. */
static uint64_t aged(struct controller *ctl, int64_t now)
{
    struct changes *changes = ctl->changes;
    int64_t age = ctl->config->history.events_age;
    uint64_t revision = 0;
    const struct age *last =
        changes->n_ages ? &changes->ages[changes->n_ages - 1] : NULL;

    if (age < 0)
        return 0;
    if (!last || now - last->time > age / AGES) {
        if (changes->n_ages == AGES)
            memmove(changes->ages, changes->ages + 1,
                    --changes->n_ages * sizeof(*changes->ages));
        changes->ages[changes->n_ages++] =
            (struct age){now, store_revision(ctl->store)};
    }
    for (unsigned int i = 0; i < changes->n_ages; i++)
        if (now - changes->ages[i].time > age)
            revision = changes->ages[i].revision;
    return revision;
}

static void say_trouble(struct history *history)
{
    struct err err;

    if (history_trouble(history, &err))
        log_error("%s; trying again, the journal keeps what is missing", err.text);
}

void changes_trim(struct controller *ctl, int64_t now)
{
    struct changes *changes = ctl->changes;
    uint64_t last = store_revision(ctl->store), upto = aged(ctl, now), keep;

    if (changes->history)
        say_trouble(changes->history);
    if (last > ctl->config->history.events && upto < last - ctl->config->history.events)
        upto = last - ctl->config->history.events;
    keep = changes->history ? history_durable(changes->history) : last;
    if (upto > keep)
        upto = keep;
    if (upto > changes->first + TRIM_MAX)
        upto = changes->first + TRIM_MAX;
    if (upto < changes->first)
        return;
    store_trim(ctl->store, upto);
    changes->first = upto + 1;
}

/* ------------------------------------------------------------------ life */

static void on_answers(uv_async_t *async)
{
    const struct controller *ctl = async->data;

    if (ctl->changes && ctl->changes->history)
        history_deliver(ctl->changes->history);
}

/* On a thread of the history. */
static void notify(void *ctx)
{
    struct controller *ctl = ctx;

    (void)uv_async_send(&ctl->answers);
}

void changes_init(struct controller *ctl)
{
    ctl->changes = xcalloc(1, sizeof(*ctl->changes));
    BUG_ON(uv_async_init(ctl->loop, &ctl->answers, on_answers));
    ctl->answers.data = ctl;
}

static int open_history(struct controller *ctl, const char *store, struct err *err)
{
    const struct config *config = ctl->config;
    cleanup(freep) char *file =
        xasprintf("%s/history.db", config->controller.state_dir);
    struct history_options options = {.store = store,
                                      .file = file,
                                      .keep = config->history.keep,
                                      .archive_dir = config->history.archive_dir,
                                      .notify = notify,
                                      .ctx = ctl};

    return history_open(&options, &ctl->changes->history, err);
}

int changes_open(struct controller *ctl, struct err *err)
{
    cleanup(freep) char *store =
        xasprintf("%s/controller.db", ctl->config->controller.state_dir);
    struct changes *changes = ctl->changes;
    uint64_t last;
    int rc = journal_reader_open(store, &changes->journal, err);

    if (rc == 0)
        rc = journal_bounds(changes->journal, &changes->first, &last, err);
    if (rc == 0 && ctl->config->history.enabled)
        rc = open_history(ctl, store, err);
    if (rc == 0 && changes->history)
        history_committed(changes->history, last);
    return rc;
}

void changes_recovered(struct controller *ctl)
{
    static const struct change_note note = {.what = "known", .with_spec = true};
    const struct changes *changes = ctl->changes;
    struct ctl_job *cj, *next;

    /* The history has got all that this store ever told. */
    if (!changes->history || history_knows_all(changes->history))
        return;
    HASH_ITER(hh, ctl->jobs, cj, next)
    changes_job(ctl, cj, &note);
}

void changes_close(struct controller *ctl)
{
    struct changes *changes = ctl->changes;

    if (changes->history)
        history_drop(changes->history, query_history_drop);
    history_close(take(changes->history));
    journal_reader_close(take(changes->journal));
}

struct history *changes_history(const struct controller *ctl)
{
    return ctl->changes->history;
}
