/* SPDX-License-Identifier: Apache-2.0
 *
 * hets.c - heterogeneous jobs: components that are jobs of their own, and start and
 * end together
 */
#include "controller/hets.h"

#include "base/log.h"
#include "base/mem.h"
#include "controller/dispatch.h"
#include "controller/pods/helpers.h"
#include "wire/job_component.h"
#include "wire/pack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ specs */

/* Fields that a component says itself are not those of the whole: emptied there. */
static void forget_sizes(Berth__JobSpec *spec)
{
    const ProtobufCMessageDescriptor *own = &berth__job_component__descriptor;
    Berth__JobSpec empty = BERTH__JOB_SPEC__INIT;

    for (unsigned int i = 0; i < own->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
            &berth__job_spec__descriptor, own->fields[i].id);
        char *at = (char *)spec + field->offset;
        const char *none = (const char *)&empty + field->offset;

        if (field->type == PROTOBUF_C_TYPE_STRING)
            field_set((char **)(void *)at, "");
        else if (field->type == PROTOBUF_C_TYPE_BOOL)
            memcpy(at, none, sizeof(protobuf_c_boolean));
        else if (field->type == PROTOBUF_C_TYPE_UINT32)
            memcpy(at, none, sizeof(uint32_t));
        else
            memcpy(at, none, sizeof(uint64_t));
    }
}

/* Both packed, one after the other: fields of the second hold. */
static Berth__JobSpec *merge(const Berth__JobSpec *a, const Berth__JobSpec *b)
{
    size_t len_a, len_b;
    cleanup(freep) uint8_t *first = pack_message(&a->base, &len_a);
    cleanup(freep) uint8_t *second = pack_message(&b->base, &len_b);
    cleanup(freep) uint8_t *both = xcalloc(len_a + len_b + 1, 1);
    Berth__JobSpec *merged;

    memcpy(both, first, len_a);
    memcpy(both + len_a, second, len_b);
    merged = unpack_message(&berth__job_spec__descriptor, both, len_a + len_b);
    BUG_ON(!merged);
    return merged;
}

Berth__JobSpec *hets_component(const Berth__JobSpec *spec, size_t i)
{
    cleanup(free_messagep) Berth__JobSpec *sizes = NULL;
    cleanup(free_messagep) Berth__JobSpec *shared = NULL;
    Berth__JobSpec shallow = *spec;

    shallow.n_components = 0;
    if (i == 0)
        return copy_message(&shallow.base);
    shallow.script = (ProtobufCBinaryData){0};
    shallow.n_args = 0;
    shallow.n_env = 0;
    shallow.interactive = false;
    shared = copy_message(&shallow.base);
    forget_sizes(shared);
    sizes = job_component(spec, i);
    return merge(shared, sizes);
}

/* ------------------------------------------------------------------ members */

struct ctl_job *hets_member(const struct controller *ctl, const struct ctl_job *cj,
                            uint32_t i)
{
    const Berth__JobRecord *record = cj->job.record;
    struct ctl_job *member;

    if (!record->het_leader || i >= record->het_size)
        return NULL;
    member = jobs_find(ctl, record->het_leader + i);
    return member && member->job.record->het_leader == record->het_leader ? member
                                                                          : NULL;
}

static bool has_made_room(const struct ctl_job *cj)
{
    return job_state_of(&cj->job) == JOB_PREEMPTED;
}

static char *end_words(const struct ctl_job *member, const struct ctl_job *cj)
{
    if (has_made_room(cj))
        return xstrdup(cj->job.record->state_words);
    if (helpers_is_one(cj))
        return helpers_end_words(cj);
    if (helpers_is_one(member))
        return xasprintf("job %" PRIu32 " has ended", cj->id);
    return xasprintf("component %" PRIu32 " has ended",
                     cj->id - cj->job.record->het_leader);
}

/* One that leads ends the others well, unless all make room; the end of another one,
 * out of turn, is the end of all, of helpers behind the job that they help. A script
 * that was not launched has failed. */
static enum job_event end_event(const struct ctl_job *member, const struct ctl_job *cj)
{
    enum job_state state = job_state_of(&member->job);

    if (cj->id == cj->job.record->het_leader)
        return job_state_is_active(state) ? EV_LEAVE : EV_CANCEL;
    return helpers_is_one(cj) && state == JOB_STARTING && !member->is_launched
               ? EV_REFUSE
               : EV_CANCEL;
}

static void end_member(struct controller *ctl, struct ctl_job *member,
                       const struct ctl_job *cj, int64_t now)
{
    enum job_state state = job_state_of(&member->job);
    cleanup(freep) char *words = end_words(member, cj);
    enum job_event event = end_event(member, cj);
    struct job_change change = {.then = has_made_room(cj) ? THEN_PREEMPTED : THEN_DONE,
                                .words = words,
                                .exit_code = event == EV_REFUSE};
    struct err err;

    if (job_state_is_final(state) || state == JOB_COMPLETING ||
        (helpers_is_one(member) && cj->id != cj->job.record->het_leader))
        return;
    change.by_uid = cj->job.record->cancelled_by - 1;
    if (jobs_apply(ctl, member, event, now, &change, &err))
        log_error("job %" PRIu32 ": %s", member->id, err.text);
    else
        dispatch_kill_committed(ctl, member, words);
}

void hets_settle(struct controller *ctl, struct ctl_job *cj, int64_t now)
{
    struct ctl_job *member;

    for (uint32_t i = 0; i < cj->job.record->het_size; i++)
        if ((member = hets_member(ctl, cj, i)) && member != cj)
            end_member(ctl, member, cj, now);
}

/* It takes part in the set that starts anew: it leaves first, when it has begun. One
 * that has ended cannot. */
static void requeue_member(struct controller *ctl, struct ctl_job *member,
                           struct ctl_job *cj, enum job_then then, int64_t now)
{
    enum job_state state = job_state_of(&member->job);
    bool makes_room = then == THEN_REQUEUE_PREEMPTED;
    cleanup(freep) char *words = makes_room
                                     ? xstrdup(cj->job.record->state_words)
                                     : xasprintf("job %" PRIu32 " waits again", cj->id);
    struct job_change change = {.then = makes_room ? then : THEN_REQUEUE,
                                .words = words};
    struct err err;
    int rc = 0;

    if (job_state_is_final(state))
        end_member(ctl, cj, member, now);
    else if (state == JOB_STARTING && !member->is_launched)
        rc = jobs_apply(ctl, member, EV_LAUNCH_FAILED, now, &change, &err);
    else if (job_state_is_active(state) && state != JOB_COMPLETING) {
        rc = jobs_apply(ctl, member, EV_LEAVE, now, &change, &err);
        dispatch_kill_committed(ctl, member, words);
    }
    if (rc)
        log_error("job %" PRIu32 ": %s", member->id, err.text);
}

void hets_requeued(struct controller *ctl, struct ctl_job *cj, enum job_then then,
                   int64_t now)
{
    struct ctl_job *member;

    for (uint32_t i = 0; i < cj->job.record->het_size; i++)
        if ((member = hets_member(ctl, cj, i)) && member != cj &&
            job_state_of(&cj->job) == JOB_PENDING)
            requeue_member(ctl, member, cj, then, now);
}

/* ------------------------------------------------------------------ environment */

static void add_line(Berth__JobSpec *spec, char *line)
{
    spec->env = xrealloc(spec->env, spec->n_env + 1, sizeof(*spec->env));
    spec->env[spec->n_env++] = line;
}

static void add_both(Berth__JobSpec *spec, const char *name, const char *value)
{
    add_line(spec, xasprintf("SLURM_%s=%s", name, value));
    add_line(spec, xasprintf("BERTH_%s=%s", name, value));
}

static void describe_member(const struct ctl_job *member, uint32_t i,
                            Berth__JobSpec *spec)
{
    cleanup(freep) char *id_name = xasprintf("JOB_ID_HET_GROUP_%" PRIu32, i);
    cleanup(freep) char *nodes_name = xasprintf("JOB_NODELIST_HET_GROUP_%" PRIu32, i);
    cleanup(freep) char *id = xasprintf("%" PRIu32, member->id);

    add_both(spec, id_name, id);
    if (member->nodes)
        add_both(spec, nodes_name, member->nodes);
}

void hets_describe(const struct controller *ctl, const struct ctl_job *cj,
                   Berth__JobSpec *spec)
{
    const Berth__JobRecord *record = cj->job.record;
    uint32_t n = helpers_plain_size(ctl, cj);
    cleanup(freep) char *size = xasprintf("%" PRIu32, n);
    const struct ctl_job *member;

    helpers_describe(ctl, cj, spec);
    if (n <= 1 || helpers_is_one(cj))
        return;
    spec->het_leader = record->het_leader;
    add_both(spec, "HET_SIZE", size);
    for (uint32_t i = 0; i < n; i++)
        if ((member = hets_member(ctl, cj, i)))
            describe_member(member, i, spec);
}
