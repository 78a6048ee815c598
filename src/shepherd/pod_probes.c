/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_probes.c - probes and hooks of a pod's containers
 */
#include "shepherd/pod_probes.h"

#define NOT_CARRIED_OUT "probes and hooks are not carried out by this node"

void pod_probes_probe(struct pod_member *member, const struct pod_todo *todo)
{
    const struct pod_event event = {.kind = POD_PROBE_DONE,
                                    .container = member->index,
                                    .probe = todo->probe,
                                    .run = todo->run,
                                    .words = NOT_CARRIED_OUT};

    pod_lead_tell(member->of, &event);
}

void pod_probes_stop_probe(struct pod_member *member, const struct pod_todo *todo)
{
    (void)member;
    (void)todo;
}

void pod_probes_hook(struct pod_member *member, const struct pod_todo *todo)
{
    const struct pod_event event = {.kind = POD_HOOK_DONE,
                                    .container = member->index,
                                    .hook = todo->hook,
                                    .words = NOT_CARRIED_OUT};

    pod_lead_tell(member->of, &event);
}

void pod_probes_stop_hook(struct pod_member *member, const struct pod_todo *todo)
{
    (void)member;
    (void)todo;
}

bool pod_probes_take_event(struct pod_member *member,
                           const struct container_event *event)
{
    (void)member;
    (void)event;
    return false;
}

void pod_probes_gone(struct pod_member *member)
{
    (void)member;
}

void pod_probes_end(struct pod_lead *pl)
{
    (void)pl;
}
