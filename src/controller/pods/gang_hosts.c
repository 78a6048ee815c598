/* SPDX-License-Identifier: Apache-2.0
 *
 * gang_hosts.c - members of a gang are told each other's names and addresses
 */
#include "controller/pods/gang_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/pods/pod_status.h"
#include "objects/pod.h"
#include "wire/pack.h"

/* Its gang's name within the namespace; NULL: it is in none. */
static const char *gang_of(const struct ctl_object *pod)
{
    const Berth__JobSpec *spec = pod->job ? pod->job->job.spec : NULL;
    const Berth__PodPlace *place = spec && spec->pod ? spec->pod->place : NULL;

    return place && *place->gang ? place->gang : NULL;
}

static bool is_of_gang(const struct ctl_object *pod, const char *space,
                       const char *gang)
{
    const char *own = gang_of(pod);

    return own && strcmp(own, gang) == 0 && strcmp(pod->space, space) == 0;
}

/* All of its gang: the pod itself may be about to go. */
static void flag_gang(struct controller *ctl, const struct ctl_object *first)
{
    cleanup(freep) char *top = xasprintf("%s/Pod/", first->space);

    for (size_t i = objects_after(ctl, top); i < ctl->n_objects; i++) {
        struct ctl_object *pod = ctl->objects[i];

        if (strncmp(pod->path, top, strlen(top)) != 0)
            break;
        pod->has_gang_news |= is_of_gang(pod, first->space, gang_of(first));
    }
    ctl->has_gang_news = true;
}

void gang_hosts_note(struct controller *ctl, struct ctl_object *pod)
{
    const Berth__PodStatus *status = pod->record->pod;
    const char *address = status && !pod_status_is_final(status) ? status->pod_ip : "";

    if (!gang_of(pod) ||
        strcmp(address, pod->gang_address ? pod->gang_address : "") == 0)
        return;
    str_replace(&pod->gang_address, address);
    flag_gang(ctl, pod);
}

void gang_hosts_note_node(struct controller *ctl, struct ctl_node *node)
{
    for (size_t i = 0; i < node->n_jobs; i++) {
        struct ctl_object *pod = node->jobs[i]->pod;

        if (!pod || !gang_of(pod))
            continue;
        gang_hosts_note(ctl, pod);
        pod->has_gang_news = ctl->has_gang_news = true;
    }
}

/* "NAME SUBDOMAIN", which do not change as long as there is the pod. */
static const char *names_of(struct ctl_object *pod)
{
    bool was_read = pod->is_read;
    const struct mf_object *read = pod->gang_names ? NULL : objects_read(pod);
    const struct mf_pod *one = read ? read->object : NULL;

    if (one)
        pod->gang_names = xasprintf(
            "%s %s", one->spec->hostname ? one->spec->hostname : pod->record->name,
            one->spec->subdomain ? one->spec->subdomain : "-");
    if (!was_read && read)
        objects_forget_read(pod);
    return pod->gang_names;
}

static void send_text(struct controller *ctl, const struct ctl_object *pod,
                      const struct strbuf *text)
{
    const struct ctl_job *cj = pod->job;
    struct ctl_node *node = nodes_lead(ctl, cj);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__PodData data = BERTH__POD_DATA__INIT;
    Berth__PodObject object = BERTH__POD_OBJECT__INIT;
    Berth__PodObject *objects[] = {&object};
    char kind[] = "Gang";

    if (!node || !node->conn || !node->conn->ch ||
        job_state_of(&cj->job) != JOB_RUNNING)
        return;
    object.kind = kind;
    object.name = (char *)(uintptr_t)gang_of(pod);
    object.manifest.data = (uint8_t *)text->s;
    object.manifest.len = text->len;
    data.job_id = cj->id;
    data.epoch = cj->job.record->epoch;
    data.objects = objects;
    data.n_objects = 1;
    env.body_case = BERTH__ENVELOPE__BODY_POD_DATA;
    env.pod_data = &data;
    channel_send(node->conn->ch, &env);
}

static void tell_gang(struct controller *ctl, const struct ctl_object *first)
{
    cleanup(freep) char *gang = xstrdup(gang_of(first));
    cleanup(freep) char *top = xasprintf("%s/Pod/", first->space);
    size_t from = objects_after(ctl, top);
    struct strbuf text = STRBUF_INIT;

    for (size_t i = from; i < ctl->n_objects; i++) {
        struct ctl_object *pod = ctl->objects[i];

        if (strncmp(pod->path, top, strlen(top)) != 0)
            break;
        if (!is_of_gang(pod, first->space, gang))
            continue;
        pod->has_gang_news = false;
        if (pod->gang_address && *pod->gang_address && names_of(pod))
            strbuf_printf(&text, "%s %s\n", pod->gang_address, names_of(pod));
    }
    for (size_t i = from; text.len && i < ctl->n_objects; i++) {
        if (strncmp(ctl->objects[i]->path, top, strlen(top)) != 0)
            break;
        if (is_of_gang(ctl->objects[i], first->space, gang))
            send_text(ctl, ctl->objects[i], &text);
    }
    strbuf_fini(&text);
}

void gang_hosts_tick(struct controller *ctl)
{
    if (!ctl->has_gang_news)
        return;
    ctl->has_gang_news = false;
    for (size_t i = 0; i < ctl->n_objects; i++) {
        struct ctl_object *pod = ctl->objects[i];

        if (!pod->has_gang_news)
            continue;
        pod->has_gang_news = false;
        if (gang_of(pod))
            tell_gang(ctl, pod);
    }
}
