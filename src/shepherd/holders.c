/* SPDX-License-Identifier: Apache-2.0
 *
 * holders.c - containers with names, as the lead knows them
 *
 * What a container was first asked to be it is to every step that names it later, on
 * whatever nodes. Steps that run, and shepherds that hold a container after their step
 * has ended, say which there are; and the job's end waits for the latter.
 */
#include "shepherd/lead.h"

#include "base/mem.h"
#include "wire/container_name.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* For holders to be gone at the end of the job. */
#define END_MS 15000

static const Berth__ContainerSpec *known_as(const struct lead *lead, const char *name)
{
    const Berth__ContainerSpec *of_job = lead->spec->container;

    if (lead->batch && of_job && strcmp(of_job->name, name) == 0)
        return of_job;
    for (const struct run *run = lead->runs; run; run = run->next)
        if (run->spec->container && strcmp(run->spec->container->name, name) == 0)
            return run->spec->container;
    for (const struct conn *conn = lead->conns; conn; conn = conn->next)
        if (conn->held && strcmp(conn->held->name, name) == 0)
            return conn->held;
    return NULL;
}

/* Texts of which the later one, when it is said at all, must be the earlier one. */
static bool is_text_kept(const char *known, const char *asked)
{
    return !asked[0] || strcmp(asked, known) == 0;
}

static bool is_list_kept(char *const *known, size_t n_known, char *const *asked,
                         size_t n_asked)
{
    for (size_t i = 0; n_asked == n_known && i < n_asked; i++)
        if (strcmp(known[i], asked[i]) != 0)
            return false;
    return n_asked == 0 || n_asked == n_known;
}

static bool are_mounts_kept(const Berth__ContainerSpec *known,
                            const Berth__ContainerSpec *asked)
{
    for (size_t i = 0; asked->n_mounts == known->n_mounts && i < asked->n_mounts; i++)
        if (strcmp(known->mounts[i]->source, asked->mounts[i]->source) != 0 ||
            strcmp(known->mounts[i]->target, asked->mounts[i]->target) != 0 ||
            known->mounts[i]->readonly != asked->mounts[i]->readonly)
            return false;
    return asked->n_mounts == 0 || asked->n_mounts == known->n_mounts;
}

/* The option that asks for another container than there is, or NULL. */
static const char *find_change(const Berth__ContainerSpec *known,
                               const Berth__ContainerSpec *asked)
{
    const struct {
        const char *option;
        bool is_kept;
    } parts[] = {
        {"--image", is_text_kept(known->image_digest, asked->image_digest)},
        {"--mount", are_mounts_kept(known, asked)},
        {"--no-home", known->no_home || !asked->no_home},
        {"--as-root", known->as_root || !asked->as_root},
        {"--read-only", known->read_only || !asked->read_only},
        {"--overlay", is_text_kept(known->overlay, asked->overlay)},
        {"--tmpfs",
         is_list_kept(known->tmpfs, known->n_tmpfs, asked->tmpfs, asked->n_tmpfs)},
        {"--device", is_list_kept(known->devices, known->n_devices, asked->devices,
                                  asked->n_devices)},
        {"--host-mpi", is_text_kept(known->host_mpi, asked->host_mpi)},
        {"--hostname", is_text_kept(known->hostname, asked->hostname)},
        {"--network", is_text_kept(known->network, asked->network)},
        {"--seccomp", is_text_kept(known->seccomp, asked->seccomp)},
    };

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (!parts[i].is_kept)
            return parts[i].option;
    return NULL;
}

/* What is said again must be the same; what is not said is as it was. */
static int check_same(const Berth__ContainerSpec *known,
                      const Berth__ContainerSpec *asked, struct err *err)
{
    const char *option = find_change(known, asked);

    if (!option)
        return 0;
    return err_set(
        err, EEXIST,
        "--container-name=%s: that container is there, of image %s, and stays "
        "as it was made: leave out %s, or take another name",
        known->name, known->image, option);
}

/* Strings of messages that are "" are not on the heap. */
static void set_text(char **field, const char *value)
{
    if ((*field)[0])
        free(*field);
    *field = xstrdup(value);
}

static void move_list(size_t *n, char ***list, size_t *ret_n, char ***ret_list)
{
    for (size_t i = 0; i < *ret_n; i++)
        free((*ret_list)[i]);
    free(*ret_list);
    *ret_n = *n;
    *ret_list = *list;
    *n = 0;
    *list = NULL;
}

/* What a step says of its command, and not of the container, is its own. */
static void keep_commands_own(Berth__ContainerSpec *asked, Berth__ContainerSpec *copy)
{
    if (asked->workdir[0])
        set_text(&copy->workdir, asked->workdir);
    if (asked->has_entrypoint) {
        copy->has_entrypoint = true;
        move_list(&asked->n_entrypoint, &asked->entrypoint, &copy->n_entrypoint,
                  &copy->entrypoint);
    }
    if (asked->n_env)
        move_list(&asked->n_env, &asked->env, &copy->n_env, &copy->env);
}

static void replace(Berth__StepSpec *spec, const Berth__ContainerSpec *by,
                    const char *name)
{
    Berth__ContainerSpec *copy = copy_message(&by->base);

    if (by != spec->container)
        keep_commands_own(spec->container, copy);
    set_text(&copy->name, name);
    free_message(spec->container);
    spec->container = copy;
}

int holders_settle(const struct lead *lead, Berth__StepSpec *spec, struct err *err)
{
    const Berth__ContainerSpec *asked = spec->container,
                               *of_job = lead->spec->container;
    const Berth__ContainerSpec *known;
    char name[CONTAINER_NAME_MAX + 1];
    enum container_name_mode mode;
    int rc;

    if (!asked || !asked->name[0])
        return 0;
    rc = container_name_parse(asked->name, name, &mode, err);
    if (rc)
        return err_wrap(err, "--container-name");
    known = known_as(lead, name);
    if (known && mode == CONTAINER_NAME_CREATE)
        return err_set(err, EEXIST, "--container-name=%s:create: it is there already",
                       name);
    if (!known && mode == CONTAINER_NAME_EXEC)
        return err_set(err, ENOENT, "--container-name=%s:exec: there is none", name);
    if (known) {
        rc = check_same(known, asked, err);
        if (rc)
            return rc;
    } else if (!asked->image[0] && of_job && of_job->image[0]) {
        known = of_job;
    } else if (!asked->image[0]) {
        return err_set(
            err, ENOENT,
            "--container-name=%s: there is none, and no --image to make it of", name);
    }
    replace(spec, known ? known : asked, name);
    return 0;
}

void holders_join(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__Join *join = env->join;
    struct lead *lead = conn->lead;

    for (const struct run *run = lead->runs; run; run = run->next) {
        if (!run->is_placed || run->launch.step_id != join->step_id ||
            !run->spec->container || join->epoch != lead->sh->epoch || conn->run)
            continue;
        conn->held = copy_message(&run->spec->container->base);
        channel_reply_status(conn->ch, env, 0, "");
        return;
    }
    channel_abort(conn->ch, "no step has a container to hold");
}

static void on_late(uv_timer_t *timer)
{
    struct lead *lead = timer->data;

    lead->holders_are_late = true;
    lead_maybe_report(lead);
}

bool holders_remain(struct lead *lead)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepSignal end = BERTH__STEP_SIGNAL__INIT;
    bool remain = false;

    end.abort = true;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_SIGNAL;
    env.step_signal = &end;
    for (struct conn *conn = lead->conns; conn; conn = conn->next) {
        if (!conn->held)
            continue;
        remain = true;
        if (!conn->is_told)
            channel_send(conn->ch, &env);
        conn->is_told = true;
    }
    if (remain && !uv_is_active((uv_handle_t *)&lead->grace))
        (void)uv_timer_start(&lead->grace, on_late, END_MS, 0);
    return remain && !lead->holders_are_late;
}
