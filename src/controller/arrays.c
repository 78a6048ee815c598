/* SPDX-License-Identifier: Apache-2.0
 *
 * arrays.c - job arrays: one job stands for all elements until they begin
 */
#include "controller/arrays.h"

#include "base/log.h"
#include "base/mem.h"
#include "controller/fate.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool arrays_is_whole(const struct job *job)
{
    return job->spec->array[0] && job->record->array_job == 0;
}

Berth__JobSpec *arrays_spec(const struct controller *ctl,
                            const Berth__JobRecord *record, bool with_text)
{
    const struct ctl_job *whole = jobs_find(ctl, record->array_job);
    Berth__JobSpec shallow;

    if (!whole || !whole->array)
        return NULL;
    shallow = *whole->job.spec;
    if (!with_text) {
        shallow.n_env = 0;
        shallow.script = (ProtobufCBinaryData){0};
    }
    return copy_message(&shallow.base);
}

/* ------------------------------------------------------------------ tables */

/* Texts of the store were written by us; one that cannot be read is empty. */
static void read_set(const char *text, struct array_spec *ret)
{
    struct err err;

    *ret = (struct array_spec){0};
    if (*text && array_spec_parse(text, ret, &err))
        log_error("array '%s': %s", text, err.text);
}

static void attach_element(struct controller *ctl, struct ctl_job *cj)
{
    struct ctl_job *whole = jobs_find(ctl, cj->job.record->array_job);

    if (!whole || !whole->array)
        return;
    cj->whole = whole;
    cj->index = cj->job.record->array_task;
    HASH_ADD(hh_index, whole->array->elements, index, sizeof(cj->index), cj);
    whole->array->n_live += !job_state_is_final(job_state_of(&cj->job));
}

void arrays_attach(struct controller *ctl, struct ctl_job *cj)
{
    const Berth__JobRecord *record = cj->job.record;

    if (record->array_job) {
        attach_element(ctl, cj);
        return;
    }
    if (!arrays_is_whole(&cj->job))
        return;
    cj->array = xcalloc(1, sizeof(*cj->array));
    read_set(record->array_left, &cj->array->left);
    read_set(record->array_cancelled, &cj->array->cancelled);
}

void arrays_detach(struct ctl_job *cj)
{
    struct ctl_job *element, *next;

    if (cj->whole)
        HASH_DELETE(hh_index, cj->whole->array->elements, cj);
    cj->whole = NULL;
    if (!cj->array)
        return;
    HASH_ITER(hh_index, cj->array->elements, element, next)
    arrays_detach(element);
    array_spec_fini(&cj->array->left);
    array_spec_fini(&cj->array->cancelled);
    free(take(cj->array));
}

struct ctl_job *arrays_element(const struct ctl_job *whole, uint32_t index)
{
    struct ctl_job *cj;

    HASH_FIND(hh_index, whole->array->elements, &index, sizeof(index), cj);
    return cj;
}

/* ------------------------------------------------------------------ changes */

/* An empty set keeps no limit either. */
static void write_set(char **field, const struct array_spec *set)
{
    cleanup(freep) char *text =
        array_spec_count(set) ? array_spec_format(set) : xstrdup("");

    field_set(field, text);
}

static void write_sets(struct ctl_job *whole)
{
    write_set(&whole->job.record->array_left, &whole->array->left);
    write_set(&whole->job.record->array_cancelled, &whole->array->cancelled);
    whole->job.record->revision++;
}

struct ctl_job *arrays_begin(struct controller *ctl, struct ctl_job *whole,
                             uint32_t index, int64_t now)
{
    const Berth__JobRecord *from = whole->job.record;
    struct job job;
    struct ctl_job *cj;

    BUG_ON(!array_spec_remove(&whole->array->left, index));
    job_init(&job, ctl->next_job++, copy_message(&whole->job.spec->base), NULL, now);
    job.record->submit_time = from->submit_time;
    job.record->eligible_time = from->eligible_time;
    job.record->held = false;
    job.record->array_job = whole->id;
    job.record->array_task = index;
    cj = jobs_insert(ctl, job);
    whole->job.record->start_time = now;
    /* That an element begins is its own event. */
    write_sets(whole);
    jobs_save(ctl, whole);
    arrays_settle(ctl, whole, now);
    return cj;
}

void arrays_count_end(struct ctl_job *element)
{
    const Berth__JobRecord *record = element->job.record;
    Berth__JobRecord *whole;

    if (!element->whole)
        return;
    whole = element->whole->job.record;
    element->whole->array->n_live--;
    if (job_state_of(&element->job) != JOB_COMPLETED)
        whole->array_failed++;
    if (whole->exit_code < record->exit_code)
        whole->exit_code = record->exit_code;
    if (!whole->exit_signal)
        whole->exit_signal = record->exit_signal;
}

/* The last word on an array: it was cancelled in part, or one failed, or all is
 * well. */
static enum job_event end_of(const struct ctl_job *whole)
{
    if (array_spec_count(&whole->array->cancelled))
        return EV_CANCEL;
    return whole->job.record->array_failed ? EV_END_FAILED : EV_END_OK;
}

void arrays_settle(struct controller *ctl, struct ctl_job *whole, int64_t now)
{
    const Berth__JobRecord *record = whole->job.record;
    enum job_state state = job_state_of(&whole->job);
    struct job_change change = {.exit_code = record->exit_code,
                                .exit_signal = record->exit_signal,
                                .by_uid = record->cancelled_by - 1};
    enum job_event event = EV_SPREAD;
    struct err err;

    if (job_state_is_final(state))
        return;
    if (array_spec_count(&whole->array->left)) {
        jobs_save(ctl, whole);
        return;
    }
    if (whole->array->n_live == 0)
        event = end_of(whole);
    else if (state == JOB_SPREAD)
        return;
    if (jobs_apply(ctl, whole, event, now, &change, &err))
        log_error("job %" PRIu32 ": %s", whole->id, err.text);
}

static uint32_t cancel_some(struct controller *ctl, struct ctl_job *whole,
                            const struct array_spec *which)
{
    uint32_t n = 0;

    for (uint32_t i = array_spec_next(which, 0); i != ARRAY_NONE;
         i = array_spec_next(which, i + 1)) {
        if (!array_spec_remove(&whole->array->left, i))
            continue;
        (void)array_spec_add(&whole->array->cancelled, i);
        (void)sched_remove_task(ctl->sched,
                                (struct sched_id){.job = whole->id, .task = i});
        n++;
    }
    return n;
}

/* Ranges go over as they are: a million elements are one of them. */
static uint32_t cancel_all(struct controller *ctl, struct ctl_job *whole)
{
    struct array_spec *left = &whole->array->left, *gone = &whole->array->cancelled;
    uint32_t n = array_spec_count(left);

    if (array_spec_count(gone) == 0) {
        array_spec_fini(gone);
        *gone = *left;
        gone->limit = 0;
        *left = (struct array_spec){0};
    } else {
        for (uint32_t i = array_spec_next(left, 0); i != ARRAY_NONE;
             i = array_spec_next(left, i + 1))
            (void)array_spec_add(gone, i);
        array_spec_fini(left);
        *left = (struct array_spec){0};
    }
    sched_remove_left(ctl->sched, whole->id);
    return n;
}

uint32_t arrays_cancel_left(struct controller *ctl, struct ctl_job *whole,
                            const struct array_spec *which,
                            const struct job_change *change, int64_t now)
{
    uint32_t n = which ? cancel_some(ctl, whole, which) : cancel_all(ctl, whole);

    if (n == 0)
        return 0;
    whole->job.record->cancelled_by = change->by_uid + 1;
    if (change->words)
        field_set(&whole->job.record->state_words, change->words);
    write_sets(whole);
    jobs_save_change(ctl, whole, "cancel elements");
    arrays_settle(ctl, whole, now);
    return n;
}

/* ------------------------------------------------------------------ questions */

static struct depend_facts fate_of_all(const struct ctl_job *whole)
{
    const Berth__JobRecord *record = whole->job.record;
    struct depend_facts facts = {.state = DEPEND_RUNNING,
                                 .start_time = record->start_time};

    if (array_spec_count(&whole->array->left))
        facts.state = DEPEND_PENDING;
    else if (whole->array->n_live == 0)
        facts.state = end_of(whole) == EV_END_OK ? DEPEND_ENDED_OK : DEPEND_ENDED_BADLY;
    return facts;
}

struct depend_facts arrays_fate(const struct ctl_job *whole, uint32_t index)
{
    const struct ctl_job *element;

    if (index == ARRAY_NONE)
        return fate_of_all(whole);
    element = arrays_element(whole, index);
    if (element)
        return fate_of_one(element);
    if (array_spec_contains(&whole->array->left, index))
        return (struct depend_facts){.state = DEPEND_PENDING};
    if (array_spec_contains(&whole->array->cancelled, index))
        return (struct depend_facts){.state = DEPEND_ENDED_BADLY};
    return (struct depend_facts){.state = DEPEND_UNKNOWN};
}

/* ------------------------------------------------------------------ environment */

static void add_number(Berth__JobSpec *spec, const char *name, uint32_t value)
{
    spec->env = xrealloc(spec->env, spec->n_env + 2, sizeof(*spec->env));
    spec->env[spec->n_env++] = xasprintf("SLURM_ARRAY_%s=%" PRIu32, name, value);
    spec->env[spec->n_env++] = xasprintf("BERTH_ARRAY_%s=%" PRIu32, name, value);
}

void arrays_describe(const struct ctl_job *element, Berth__JobSpec *spec)
{
    cleanup(array_spec_fini) struct array_spec all = {0};

    read_set(spec->array, &all);
    spec->array_job = element->job.record->array_job;
    spec->array_task = element->job.record->array_task;
    add_number(spec, "JOB_ID", spec->array_job);
    add_number(spec, "TASK_ID", spec->array_task);
    add_number(spec, "TASK_COUNT", array_spec_count(&all));
    add_number(spec, "TASK_MIN", array_spec_next(&all, 0));
    add_number(spec, "TASK_MAX", array_spec_last(&all));
    add_number(spec, "TASK_STEP", array_spec_step(&all));
}
