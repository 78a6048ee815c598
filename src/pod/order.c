/* SPDX-License-Identifier: Apache-2.0
 *
 * order.c - whose turn it is, at the beginning and at the end
 */
#include "pod/order.h"

bool container_succeeded(const struct container *c)
{
    return c->state == C_DONE && c->end.is_there && c->end.exit_code == 0;
}

bool container_has_run(const struct container *c)
{
    return c->is_up || c->end.is_there;
}

static bool has_passed(const struct container *init)
{
    return init->is_sidecar ? init->has_been_started : container_succeeded(init);
}

static bool first_have_passed(const struct pod *pod, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!has_passed(&pod->containers[i]))
            return false;
    return true;
}

bool init_is_done(const struct pod *pod)
{
    return first_have_passed(pod, pod->n_init);
}

bool start_is_due(const struct pod *pod, size_t i)
{
    if (!pod->is_prepared || pod->is_ending)
        return false;
    return first_have_passed(pod, i < pod->n_init ? i : pod->n_init);
}

bool mains_are_done(const struct pod *pod)
{
    for (size_t i = pod->n_init; i < pod->n; i++)
        if (pod->containers[i].state != C_DONE)
            return false;
    return true;
}

bool stop_is_due(const struct pod *pod, size_t i)
{
    const struct container *c = &pod->containers[i];

    if (!c->is_sidecar || c->cause != STOP_POD)
        return true;
    for (size_t j = 0; j < pod->n; j++) {
        const struct container *other = &pod->containers[j];

        if ((!other->is_sidecar || j > i) && container_state_runs(other->state))
            return false;
    }
    return true;
}

bool runs_again(const struct pod *pod, const struct container *c)
{
    enum mf_restart policy = pod->manifest->spec->restart;
    bool was_bad = c->cause == STOP_LIVENESS || c->cause == STOP_STARTUP;

    if (pod->is_ending)
        return false;
    if (c->is_sidecar)
        return true;
    if (policy == MF_RESTART_NEVER)
        return false;
    if (policy == MF_RESTART_ALWAYS && !c->is_init)
        return true;
    return was_bad || c->end.exit_code != 0;
}
