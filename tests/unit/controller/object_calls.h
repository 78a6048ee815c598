/* SPDX-License-Identifier: Apache-2.0
 *
 * object_calls.h - objects as a client applies and asks for them, and a node's side
 */
#ifndef BERTH_TESTS_CONTROLLER_OBJECT_CALLS_H
#define BERTH_TESTS_CONTROLLER_OBJECT_CALLS_H

#include "fixture.h"

#include "base/mem.h"
#include "controller/objects/objects.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POD(name, more)                                                          \
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " name "\nspec:\n"            \
    "  restartPolicy: Never\n  containers:\n  - name: c\n    image: debian:12\n" \
    "    resources: {requests: {cpu: 1500m, memory: 100Mi}}\n" more

/* ------------------------------------------------------------------ requests */

static inline Berth__Envelope *apply_as(struct party *client,
                                        Berth__ObjectApply__Verb verb, const char *text,
                                        const char *key, bool dry)
{
    ProtobufCBinaryData manifest = {strlen(text), (uint8_t *)(uintptr_t)text};
    Berth__ObjectApply apply = BERTH__OBJECT_APPLY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Envelope *reply;

    apply.verb = verb;
    apply.manifests = &manifest;
    apply.n_manifests = 1;
    apply.key = (char *)(uintptr_t)key;
    apply.dry_run = dry;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_APPLY;
    env.object_apply = &apply;
    reply = party_call(client, &env);
    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_OBJECT_REPLIES);
    assert_int_equal(reply->object_replies->n_replies, 1);
    return reply;
}

/* "created", "configured", "unchanged". */
static inline void apply(struct party *client, const char *text, const char *done)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        apply_as(client, BERTH__OBJECT_APPLY__VERB__APPLY, text, "", false);
    const Berth__ObjectReply *one = reply->object_replies->replies[0];

    if (one->status && one->status->code)
        fail_msg("%s", one->status->text);
    assert_string_equal(one->done, done);
}

static inline void assert_refused(struct party *client, const char *text, int code,
                                  const char *words)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        apply_as(client, BERTH__OBJECT_APPLY__VERB__APPLY, text, "", false);
    const Berth__ObjectReply *one = reply->object_replies->replies[0];

    assert_non_null(one->status);
    assert_string_equal(one->status->text, words);
    assert_int_equal(one->status->code, code);
}

static inline Berth__Envelope *get(struct party *client, const char *kind,
                                   const char *name)
{
    Berth__ObjectQuery query = BERTH__OBJECT_QUERY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    char *names[] = {(char *)(uintptr_t)name};

    query.kind = (char *)(uintptr_t)kind;
    query.names = names;
    query.n_names = name ? 1 : 0;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_QUERY;
    env.object_query = &query;
    return party_call(client, &env);
}

static inline void delete (struct party *client, const char *kind, const char *name)
{
    Berth__ObjectDelete order = BERTH__OBJECT_DELETE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    char *names[] = {(char *)(uintptr_t)name};
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    order.kind = (char *)(uintptr_t)kind;
    order.names = names;
    order.n_names = 1;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_DELETE;
    env.object_delete = &order;
    reply = party_call(client, &env);
    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_OBJECT_REPLIES);
    assert_string_equal(reply->object_replies->replies[0]->done, "deleted");
}

static inline struct ctl_object *find(struct cluster *cluster, const char *kind,
                                      const char *name)
{
    char space[32];

    (void)snprintf(space, sizeof(space), "default:%u", getuid());
    return objects_find(cluster->ctl, space, kind, name);
}

static inline const Berth__PodStatus *status_of_pod(struct cluster *cluster,
                                                    const char *name)
{
    const struct ctl_object *pod = find(cluster, "Pod", name);

    assert_non_null(pod);
    return pod->record->pod;
}

/* ------------------------------------------------------------------ a node's side */

static inline void tell_phase(struct party *node, uint32_t job, uint32_t epoch,
                              uint32_t seq, const char *phase)
{
    static char c[] = "c", started[] = "Started";
    Berth__ContainerStatus container = BERTH__CONTAINER_STATUS__INIT;
    Berth__ContainerStatus *containers[] = {&container};
    Berth__PodStatus status = BERTH__POD_STATUS__INIT;
    Berth__ObjectEvent event = BERTH__OBJECT_EVENT__INIT;
    Berth__ObjectEvent *events[] = {&event};
    Berth__PodChanged changed = BERTH__POD_CHANGED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    container.name = c;
    container.state = BERTH__CONTAINER_STATUS__STATE__RUNNING;
    container.ready = container.started = true;
    status.phase = (char *)(uintptr_t)phase;
    status.ready = true;
    status.containers = containers;
    status.n_containers = 1;
    event.reason = started;
    changed.job_id = job;
    changed.epoch = epoch;
    changed.seq = seq;
    changed.status = &status;
    changed.events = events;
    changed.n_events = 1;
    env.body_case = BERTH__ENVELOPE__BODY_POD_CHANGED;
    env.pod_changed = &changed;
    reply = party_call(node, &env);
    assert_int_equal(status_of(reply), 0);
}

static inline void tell_running(struct party *node, uint32_t job, uint32_t epoch,
                                uint32_t seq)
{
    tell_phase(node, job, epoch, seq, "Running");
}

static inline void tell_ended(struct party *node, uint32_t job, uint32_t epoch,
                              int code)
{
    static char succeeded[] = "Succeeded", failed[] = "Failed";
    Berth__PodStatus status = BERTH__POD_STATUS__INIT;
    Berth__JobEnded ended = BERTH__JOB_ENDED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    status.phase = code ? failed : succeeded;
    ended.job_id = job;
    ended.epoch = epoch;
    ended.exit_code = code;
    ended.pod = &status;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_ENDED;
    env.job_ended = &ended;
    reply = party_call(node, &env);
    assert_int_equal(status_of(reply), 0);
}

static inline uint32_t events_about(struct party *client, const char *name,
                                    const char *reason)
{
    Berth__ObjectEventQuery query = BERTH__OBJECT_EVENT_QUERY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    uint32_t count = 0;

    query.name = (char *)(uintptr_t)name;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_EVENT_QUERY;
    env.object_event_query = &query;
    reply = party_call(client, &env);
    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_OBJECT_EVENT_LIST);
    for (size_t i = 0; i < reply->object_event_list->n_events; i++)
        if (strcmp(reply->object_event_list->events[i]->reason, reason) == 0)
            count += reply->object_event_list->events[i]->count;
    return count;
}

#endif
