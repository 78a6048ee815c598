/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_data.c - what pods name, and who is told when that changes
 */
#include "controller/pods/pod_data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "controller/pods/claims.h"
#include "controller/conn.h"
#include "controller/dispatch.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/pods/pod_admit.h"
#include "controller/pods/pods.h"
#include "objects/pod.h"
#include "wire/pack.h"

#define CONFIG_MAP "ConfigMap"
#define SECRET "Secret"
#define CLAIM "PersistentVolumeClaim"
#define POD "Pod"

/* ------------------------------------------------------------------ what it names */

/* "ConfigMap/web", with '?' behind it: it need not be there. */
static void need(struct ctl_object *pod, const char *kind, const char *name,
                 bool is_optional)
{
    cleanup(freep) char *text = xasprintf("%s/%s", kind, name);
    size_t len = strlen(text);

    strv_foreach (known, pod->needs) {
        if (strncmp(*known, text, len) != 0 || ((*known)[len] && (*known)[len] != '?'))
            continue;
        if (!is_optional)
            (*known)[len] = '\0';
        return;
    }
    strv_take(&pod->needs, xasprintf("%s%s", text, is_optional ? "?" : ""));
}

static void need_of_container(struct ctl_object *pod, const struct mf_container *c)
{
    for (size_t i = 0; i < c->env_from.n; i++) {
        const struct mf_env_from *from = &c->env_from.items[i];

        if (from->config_map)
            need(pod, CONFIG_MAP, from->config_map->name,
                 from->config_map->is_optional);
        if (from->secret)
            need(pod, SECRET, from->secret->name, from->secret->is_optional);
    }
    for (size_t i = 0; i < c->env.n; i++) {
        const struct mf_env_source *from = c->env.items[i].from;

        if (from && from->config_map)
            need(pod, CONFIG_MAP, from->config_map->name,
                 from->config_map->is_optional);
        if (from && from->secret)
            need(pod, SECRET, from->secret->name, from->secret->is_optional);
    }
}

static void need_source(struct ctl_object *pod, const char *kind,
                        const struct mf_data_source *source)
{
    if (source && source->name)
        need(pod, kind, source->name, source->is_optional);
}

/* Files of the pod's own fields: its labels may change while it runs. */
static void need_itself(struct ctl_object *pod, const struct mf_downward *downward)
{
    if (downward)
        need(pod, POD, pod->record->name, true);
}

static void need_of_volume(struct ctl_object *pod, const struct mf_volume *volume)
{
    need_source(pod, CONFIG_MAP, volume->config_map);
    need_source(pod, SECRET, volume->secret);
    if (volume->claim)
        need(pod, CLAIM, volume->claim->claim, false);
    need_itself(pod, volume->downward);
    for (size_t i = 0; volume->projected && i < volume->projected->sources.n; i++) {
        need_itself(pod, volume->projected->sources.items[i].downward);
        need_source(pod, CONFIG_MAP, volume->projected->sources.items[i].config_map);
        need_source(pod, SECRET, volume->projected->sources.items[i].secret);
    }
}

static char **needs_of(struct ctl_object *pod)
{
    bool was_read = pod->is_read;
    const struct mf_object *read = pod->has_needs ? NULL : objects_read(pod);
    const struct mf_pod *one = read ? read->object : NULL;

    pod->has_needs = true;
    if (!one)
        return pod->needs;
    for (size_t i = 0; i < one->spec->init.n; i++)
        need_of_container(pod, &one->spec->init.items[i]);
    for (size_t i = 0; i < one->spec->containers.n; i++)
        need_of_container(pod, &one->spec->containers.items[i]);
    for (size_t i = 0; i < one->spec->volumes.n; i++)
        need_of_volume(pod, &one->spec->volumes.items[i]);
    for (size_t i = 0; i < one->spec->gates.n; i++)
        need(pod, "gate", one->spec->gates.items[i].name, false);
    if (!was_read)
        objects_forget_read(pod);
    return pod->needs;
}

void pod_data_forget_needs(struct ctl_object *pod)
{
    strv_free(take(pod->needs));
    pod->has_needs = false;
}

/* "ConfigMap/web?" taken apart. */
struct need {
    char *kind, *name; /* 'name' points into 'kind' */
    bool is_optional;
};

static struct need need_parse(const char *text)
{
    struct need n = {.kind = xstrdup(text)};
    size_t len = strlen(text);

    n.is_optional = len && text[len - 1] == '?';
    if (n.is_optional)
        n.kind[len - 1] = '\0';
    n.name = strchr(n.kind, '/');
    *n.name++ = '\0';
    return n;
}

static void need_fini(struct need *n)
{
    free(n->kind);
}

/* NULL: there is none that the pod may see. */
static struct ctl_object *find(const struct controller *ctl,
                               const struct ctl_object *pod, const struct need *n)
{
    struct ctl_object *object = objects_find(ctl, pod->space, n->kind, n->name);

    if (object && strcmp(n->kind, SECRET) == 0 &&
        object->record->owner_uid != pod->record->owner_uid)
        return NULL;
    return object;
}

/* ------------------------------------------------------------------ claims */

static size_t for_claims(struct controller *ctl, struct ctl_object *pod,
                         void (*each)(struct controller *ctl, struct ctl_object *claim,
                                      struct ctl_object *pod, void *ctx),
                         void *ctx)
{
    size_t n = 0;

    strv_foreach (text, needs_of(pod)) {
        cleanup(need_fini) struct need need = need_parse(*text);
        struct ctl_object *claim =
            strcmp(need.kind, CLAIM) == 0 ? find(ctl, pod, &need) : NULL;

        if (!claim)
            continue;
        each(ctl, claim, pod, ctx);
        n++;
    }
    return n;
}

static void hold_claim(struct controller *ctl, struct ctl_object *claim,
                       struct ctl_object *pod, void *ctx)
{
    (void)ctl;
    (void)ctx;
    claims_hold(claim, pod);
}

static void enter_claim(struct controller *ctl, struct ctl_object *claim,
                        struct ctl_object *pod, void *ctx)
{
    (void)ctx;
    claims_enter(ctl, claim, pod);
}

static void leave_claim(struct controller *ctl, struct ctl_object *claim,
                        struct ctl_object *pod, void *ctx)
{
    (void)ctx;
    claims_leave(ctl, claim, pod);
    claims_settle_deleted(ctl, claim);
}

static void exclude_claim(struct controller *ctl, struct ctl_object *claim,
                          struct ctl_object *pod, void *excluded)
{
    (void)pod;
    claims_exclude(ctl, claim, excluded);
}

void pod_data_enter(struct controller *ctl, struct ctl_object *pod)
{
    if (pod->uses_claims)
        return;
    pod->uses_claims = true;
    (void)for_claims(ctl, pod, enter_claim, NULL);
}

void pod_data_leave(struct controller *ctl, struct ctl_object *pod)
{
    (void)for_claims(ctl, pod, leave_claim, NULL);
    pod->uses_claims = false;
}

void pod_data_exclude(struct controller *ctl, struct ctl_object *pod,
                      struct bitset **excluded)
{
    (void)for_claims(ctl, pod, exclude_claim, excluded);
}

static bool has_claims(struct ctl_object *pod)
{
    strv_foreach (text, needs_of(pod))
        if (strncmp(*text, CLAIM "/", strlen(CLAIM) + 1) == 0)
            return true;
    return false;
}

/* ------------------------------------------------------------------ waiting */

/* Why it may not begin, heap; NULL: it may. '*ret_reason' in Kubernetes' words. */
static char *why_it_waits(struct controller *ctl, struct ctl_object *pod,
                          const char **ret_reason)
{
    strv_foreach (text, needs_of(pod)) {
        cleanup(need_fini) struct need n = need_parse(*text);
        struct ctl_object *object;
        char *words;

        if (strcmp(n.kind, "gate") == 0) {
            *ret_reason = "SchedulingGated";
            return xasprintf("it waits until the gate %s is taken away", n.name);
        }
        object = find(ctl, pod, &n);
        if (!object && !n.is_optional) {
            *ret_reason = strcmp(n.kind, CLAIM) == 0 ? "Unschedulable"
                                                     : "CreateContainerConfigError";
            return xasprintf("%s %s is not there", n.kind, n.name);
        }
        words =
            object && strcmp(n.kind, CLAIM) == 0 ? claims_why_not(object, pod) : NULL;
        if (words) {
            *ret_reason = "Unschedulable";
            return words;
        }
    }
    for_claims(ctl, pod, hold_claim, NULL);
    return NULL;
}

/* True: it is something else than before. */
static bool settle(struct controller *ctl, struct ctl_object *pod)
{
    const char *reason = "";
    cleanup(freep) char *words = why_it_waits(ctl, pod, &reason);
    Berth__PodStatus *status = pod->record->pod;

    if (words == NULL ? pod->waits_for == NULL
                      : pod->waits_for && strcmp(words, pod->waits_for) == 0)
        return false;
    str_replace(&pod->waits_for, words);
    if (status) {
        field_set(&status->reason, reason);
        field_set(&status->words, words ? words : "");
    }
    return true;
}

static void tell(struct controller *ctl, const struct ctl_object *pod)
{
    if (pod->waits_for)
        objects_event(ctl, pod, true, pod->record->pod->reason, "%s", pod->waits_for);
}

void pod_data_settle(struct controller *ctl, struct ctl_object *pod)
{
    if (settle(ctl, pod) && pod->is_new)
        tell(ctl, pod);
}

void pod_data_recheck(struct controller *ctl, struct ctl_object *pod)
{
    struct ctl_job *cj = pod->job;
    bool differs = cj && job_state_of(&cj->job) == JOB_PENDING && settle(ctl, pod);

    /* Not in the queue yet: it gets there as it stands then. */
    if (ctl->is_recovering)
        return;
    if (!cj || job_state_of(&cj->job) != JOB_PENDING)
        return;
    if (has_claims(pod))
        jobs_enqueue_again(ctl, cj);
    else if (differs)
        sched_hold(ctl->sched, cj->id, cj->job.record->held || pod->waits_for);
    if (!differs)
        return;
    dispatch_want_pass(ctl);
    tell(ctl, pod);
    objects_changed(ctl, pod);
}

/* ------------------------------------------------------------------ telling leads */

static void fill_message(Berth__PodObject *message, const struct ctl_object *object)
{
    field_set(&message->uid, object->record->uid);
    message->revision = object->record->revision;
    message->manifest.len = object->record->manifest.len;
    message->manifest.data =
        xmemdup(object->record->manifest.data, object->record->manifest.len);
}

static Berth__PodObject *message_of(const struct controller *ctl,
                                    const struct ctl_object *pod, const char *text)
{
    cleanup(need_fini) struct need n = need_parse(text);
    struct ctl_object *object = find(ctl, pod, &n);
    Berth__PodObject *message;

    if (strcmp(n.kind, "gate") == 0)
        return NULL;
    message = xmalloc(sizeof(*message));
    berth__pod_object__init(message);
    field_set(&message->kind, n.kind);
    field_set(&message->name, n.name);
    if (!object)
        return message;
    fill_message(message, object);
    if (strcmp(n.kind, CLAIM) != 0)
        return message;
    free(message->manifest.data);
    message->manifest.data = (uint8_t *)claims_print(object, &message->manifest.len);
    return message;
}

/* Of a claim: its volume. */
static Berth__PodObject *volume_message(const struct controller *ctl,
                                        const struct ctl_object *pod, const char *text)
{
    cleanup(need_fini) struct need n = need_parse(text);
    struct ctl_object *claim = strcmp(n.kind, CLAIM) == 0 ? find(ctl, pod, &n) : NULL;
    const struct ctl_object *volume = claim ? claims_volume(claim) : NULL;
    Berth__PodObject *message;

    if (!volume)
        return NULL;
    message = xmalloc(sizeof(*message));
    berth__pod_object__init(message);
    field_set(&message->kind, volume->record->kind);
    field_set(&message->name, volume->record->name);
    fill_message(message, volume);
    return message;
}

/* All that it names; 'only' (NULL: any): what is said of this one. */
static Berth__PodObject **messages_of(struct controller *ctl, struct ctl_object *pod,
                                      const char *only, size_t *ret_n)
{
    char **needs = needs_of(pod);
    Berth__PodObject **list = xcalloc(2 * strv_len(needs) + 1, sizeof(*list));
    size_t n = 0;

    strv_foreach (text, needs) {
        size_t len = only ? strlen(only) : 0;

        if (only &&
            (strncmp(*text, only, len) != 0 || ((*text)[len] && (*text)[len] != '?')))
            continue;
        list[n] = message_of(ctl, pod, *text);
        n += list[n] != NULL;
        list[n] = volume_message(ctl, pod, *text);
        n += list[n] != NULL;
    }
    *ret_n = n;
    return list;
}

/* The node mounts for the pod's lead what it was told of, and nothing else. */
static void add_export(struct controller *ctl, struct ctl_object *claim,
                       struct ctl_object *pod, void *ctx)
{
    Berth__LaunchJob *launch = ctx;
    struct ctl_object *volume = claims_volume(claim);
    bool was_read = volume && volume->is_read;
    const struct mf_object *read = volume ? objects_read(volume) : NULL;
    const struct mf_persistent_volume *one = read ? read->object : NULL;

    (void)ctl;
    (void)pod;
    if (one && one->spec->nfs) {
        launch->pod_exports = xrealloc(launch->pod_exports, launch->n_pod_exports + 1,
                                       sizeof(*launch->pod_exports));
        launch->pod_exports[launch->n_pod_exports++] =
            pod_export_message(one->spec->nfs);
    }
    if (read && !was_read)
        objects_forget_read(volume);
}

void pod_data_fill(struct controller *ctl, struct ctl_job *cj, Berth__LaunchJob *launch)
{
    if (!cj->pod)
        return;
    launch->pod_objects = messages_of(ctl, cj->pod, NULL, &launch->n_pod_objects);
    (void)for_claims(ctl, cj->pod, add_export, launch);
}

void pod_data_clear(Berth__LaunchJob *launch)
{
    for (size_t i = 0; i < launch->n_pod_exports; i++)
        free_message(launch->pod_exports[i]);
    free(launch->pod_exports);
    for (size_t i = 0; i < launch->n_pod_objects; i++)
        free_message(launch->pod_objects[i]);
    free(launch->pod_objects);
}

static void send_data(struct controller *ctl, struct ctl_job *cj, const char *only)
{
    struct ctl_node *node = nodes_lead(ctl, cj);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__PodData *data;

    if (!node || !node->conn || !node->conn->ch)
        return;
    data = xmalloc(sizeof(*data));
    berth__pod_data__init(data);
    data->job_id = cj->id;
    data->epoch = cj->job.record->epoch;
    data->objects = messages_of(ctl, cj->pod, only, &data->n_objects);
    env.body_case = BERTH__ENVELOPE__BODY_POD_DATA;
    env.pod_data = data;
    if (data->n_objects)
        channel_send(node->conn->ch, &env);
    free_message(data);
}

void pod_data_tell_node(struct controller *ctl, struct ctl_node *node)
{
    for (size_t i = 0; i < node->n_jobs; i++) {
        struct ctl_job *cj = node->jobs[i];

        if (cj->pod && nodes_lead(ctl, cj) == node &&
            job_state_of(&cj->job) == JOB_RUNNING)
            send_data(ctl, cj, NULL);
    }
}

/* After the commit, by when the job may be another. */
struct telling {
    struct controller *ctl;
    uint32_t job, epoch;
    char *only;
};

static void tell_lead(void *ctx)
{
    struct telling *telling = ctx;
    struct ctl_job *cj = jobs_find(telling->ctl, telling->job);

    if (cj && cj->pod && cj->job.record->epoch == telling->epoch &&
        job_state_is_active(job_state_of(&cj->job)))
        send_data(telling->ctl, cj, telling->only);
    free(telling->only);
    free(telling);
}

static void tell_committed(struct controller *ctl, const struct ctl_job *cj,
                           const char *only)
{
    struct telling *telling = xcalloc(1, sizeof(*telling));

    telling->ctl = ctl;
    telling->job = cj->id;
    telling->epoch = cj->job.record->epoch;
    telling->only = xstrdup(only);
    store_on_commit(ctl->store, tell_lead, telling);
}

static bool names(struct ctl_object *pod, const char *only)
{
    size_t len = strlen(only);

    strv_foreach (text, needs_of(pod))
        if (strncmp(*text, only, len) == 0 && (!(*text)[len] || (*text)[len] == '?'))
            return true;
    return false;
}

static void changed(struct controller *ctl, const struct ctl_object *object,
                    bool tells_leads)
{
    cleanup(freep) char *from = xasprintf("%s/Pod/", object->space);
    cleanup(freep) char *only =
        xasprintf("%s/%s", object->record->kind, object->record->name);

    for (size_t i = objects_after(ctl, from);
         i < ctl->n_objects && strncmp(ctl->objects[i]->path, from, strlen(from)) == 0;
         i++) {
        struct ctl_object *pod = ctl->objects[i];
        struct ctl_job *cj = pod->job;

        if (!cj || job_state_is_final(job_state_of(&cj->job)) || !names(pod, only))
            continue;
        if (job_state_of(&cj->job) == JOB_PENDING)
            pod_data_recheck(ctl, pod);
        else if (tells_leads)
            tell_committed(ctl, cj, only);
    }
}

void pod_data_renewed(struct controller *ctl, struct ctl_object *pod)
{
    cleanup(freep) char *only = xasprintf(POD "/%s", pod->record->name);

    if (names(pod, only))
        tell_committed(ctl, pod->job, only);
}

void pod_data_changed(struct controller *ctl, const struct ctl_object *object)
{
    changed(ctl, object, true);
}

void pod_data_recheck_all(struct controller *ctl, const struct ctl_object *object)
{
    changed(ctl, object, false);
}

/* ------------------------------------------------------------------ kinds */

static void on_change(struct controller *ctl, struct ctl_object *object)
{
    pod_data_changed(ctl, object);
}

/* Pods that look for it do not find it any more. */
static void on_deleting(struct controller *ctl, struct ctl_object *object,
                        int64_t grace)
{
    cleanup(freep) char *kind = xstrdup(object->record->kind);
    Berth__ObjectRecord record = BERTH__OBJECT_RECORD__INIT;
    cleanup(freep) char *space = xstrdup(object->space);
    cleanup(freep) char *name = xstrdup(object->record->name);
    struct ctl_object gone = {.record = &record, .space = space};

    (void)grace;
    record.kind = kind;
    record.name = name;
    objects_remove(ctl, object);
    pod_data_changed(ctl, &gone);
}

const struct object_kind pod_data_config_map_kind = {.kind = CONFIG_MAP,
                                                     .on_created = on_change,
                                                     .on_changed = on_change,
                                                     .on_deleting = on_deleting};
const struct object_kind pod_data_secret_kind = {.kind = SECRET,
                                                 .on_created = on_change,
                                                 .on_changed = on_change,
                                                 .on_deleting = on_deleting};
