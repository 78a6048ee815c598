/* SPDX-License-Identifier: Apache-2.0
 *
 * job.c - apply events to a job
 */
#include "state/job.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void field_set(char **field, const char *value)
{
    if (*field != protobuf_c_empty_string)
        free(*field);
    *field = xstrdup(value);
}

void job_init(struct job *job, uint32_t id, Berth__JobSpec *spec, const char *key,
              int64_t now)
{
    Berth__JobRecord *record = xmalloc(sizeof(*record));

    berth__job_record__init(record);
    record->id = id;
    record->state = JOB_PENDING;
    record->submit_time = now;
    record->eligible_time = spec->begin_time > now ? spec->begin_time : now;
    record->held = spec->hold;
    if (key && *key)
        field_set(&record->submit_key, key);
    job->record = record;
    job->spec = spec;
}

int job_init_stored(struct job *job, Berth__JobRecord *record, Berth__JobSpec *spec,
                    struct err *err)
{
    if (record->id == 0 || record->state >= JOB_STATE_COUNT)
        return err_set(err, EBADMSG, "the record of job %u has state %u", record->id,
                       record->state);
    if (job_state_is_active((enum job_state)record->state) &&
        (!record->placement || record->placement->n_shares == 0))
        return err_set(err, EBADMSG, "the record of job %u has no placement",
                       record->id);
    job->record = record;
    job->spec = spec;
    return 0;
}

void job_fini(struct job *job)
{
    free_message(job->record);
    free_message(job->spec);
    job->record = NULL;
    job->spec = NULL;
}

enum job_state job_state_of(const struct job *job)
{
    return (enum job_state)job->record->state;
}

static void set_placement(Berth__JobRecord *record, Berth__Placement *placement)
{
    free_message(record->placement);
    record->placement = placement;
}

static void start(Berth__JobRecord *record, int64_t now,
                  const struct job_change *change)
{
    set_placement(record, change->placement);
    record->epoch++;
    record->start_time = now;
    record->suspended_for = 0;
    record->time_given = change->time_given;
    record->steps_seq = record->steps = record->steps_failed = 0;
    record->derived_code = record->derived_signal = 0;
    record->steps_lost = false;
}

enum job_event job_event_of(const struct job *job, enum job_event event)
{
    bool has_left = event == EV_END_OK || event == EV_END_FAILED ||
                    event == EV_END_TIMEOUT || event == EV_END_MEMORY ||
                    event == EV_LOST || event == EV_LAUNCH_FAILED;

    if (job_state_of(job) != JOB_COMPLETING || !has_left)
        return event;
    switch ((enum job_then)job->record->then) {
    case THEN_REQUEUE:
    case THEN_REQUEUE_PREEMPTED:
    case THEN_REQUEUE_EVICTED:
        return EV_REQUEUE;
    case THEN_DONE:
        return EV_DONE;
    case THEN_PREEMPTED:
    case THEN_EVICTED:
        return EV_PREEMPTED;
    case THEN_END:
        break;
    }
    return event;
}

/* Time that passes while it is stopped is none of its limit. */
static void go_on(Berth__JobRecord *record, int64_t now)
{
    if (!record->suspended_at)
        return;
    /* Never 0: it has been stopped. */
    record->suspended_for +=
        now > record->suspended_at ? now - record->suspended_at : 1;
    record->suspended_at = 0;
}

static void note_suspension(Berth__JobRecord *record, enum job_event event, int64_t now,
                            const struct job_change *change)
{
    record->is_parked = event == EV_SUSPEND && change->is_parked;
    if (event == EV_SUSPEND)
        record->suspended_at = now;
    else
        go_on(record, now);
}

static void give_back(Berth__JobRecord *record, const struct job_change *change)
{
    if (record->eligible_time < change->not_before)
        record->eligible_time = change->not_before;
    set_placement(record, NULL);
    record->start_time = 0;
}

static void finish(Berth__JobRecord *record, int64_t now,
                   const struct job_change *change)
{
    record->end_time = now;
    record->exit_code = change->exit_code;
    record->exit_signal = change->exit_signal;
    if (!change->used)
        return;
    record->user_usec = change->used->user_usec;
    record->system_usec = change->used->system_usec;
    record->max_rss = change->used->max_rss;
    record->memory_peak = change->used->memory_peak;
    record->read_bytes = change->used->read_bytes;
    record->write_bytes = change->used->write_bytes;
}

/* Who cancelled a job says more than how its node ended it. */
static void set_words(Berth__JobRecord *record, enum job_state from,
                      const struct job_change *change)
{
    bool has_better = from == JOB_COMPLETING && record->state_words[0];

    if (record->state == JOB_STARTING)
        field_set(&record->state_words, "");
    else if (change->words && !has_better)
        field_set(&record->state_words, change->words);
}

int job_apply(struct job *job, enum job_event event, int64_t now,
              const struct job_change *change, struct err *err)
{
    static const struct job_change nothing = {0};
    Berth__JobRecord *record = job->record;
    enum job_state from = job_state_of(job), next;
    int rc;

    event = job_event_of(job, event);
    rc = job_state_next(from, event, &next, err);
    if (rc)
        return rc;
    if (!change)
        change = &nothing;
    record->state = next;
    record->revision++;
    if (event == EV_START)
        start(record, now, change);
    if (event == EV_CANCEL)
        record->cancelled_by = change->by_uid + 1;
    if (event == EV_REQUEUE)
        record->restarts++;
    record->then = event == EV_LEAVE ? (uint32_t)change->then
                   : next != JOB_COMPLETING || event == EV_CANCEL ? THEN_END
                                                                  : record->then;
    note_suspension(record, event, now, change);
    if (next == JOB_PENDING)
        give_back(record, change);
    if (job_state_is_final(next))
        finish(record, now, change);
    /* Who would have told of its steps is gone. */
    if (from != JOB_STARTING &&
        (event == EV_LOST || (change->used && change->used->steps_lost)))
        record->steps_lost = true;
    set_words(record, from, change);
    return 0;
}

void job_set_held(struct job *job, bool held)
{
    job->record->held = held;
    job->record->revision++;
}

void job_set_parked(struct job *job, bool parked)
{
    job->record->is_parked = parked;
    job->record->revision++;
}

bool job_set_stopped(struct job *job, bool stopped, int64_t now)
{
    BUG_ON(job_state_of(job) != JOB_STARTING);
    if (stopped == job_is_stopped(job))
        return false;
    if (stopped)
        job->record->suspended_at = now;
    else
        go_on(job->record, now);
    job->record->revision++;
    return true;
}

bool job_is_stopped(const struct job *job)
{
    return job->record->suspended_at != 0;
}

int64_t job_time_stopped(const struct job *job, int64_t now)
{
    const Berth__JobRecord *record = job->record;
    int64_t since = record->suspended_at;

    return record->suspended_for + (since && now > since ? now - since : 0);
}

const Berth__NodeShare *job_lead(const struct job *job)
{
    const Berth__Placement *placement = job->record->placement;

    return placement && placement->n_shares ? placement->shares[0] : NULL;
}

int64_t job_time_limit(const struct job *job)
{
    return job->record->time_given ? job->record->time_given : job->spec->time_limit;
}

int64_t job_deadline(const struct job *job)
{
    int64_t limit = job_time_limit(job);

    if (limit <= 0 || job->record->start_time == 0)
        return INT64_MAX;
    if (job->record->suspended_at)
        return INT64_MAX;
    return job->record->start_time + limit + job->record->suspended_for;
}
