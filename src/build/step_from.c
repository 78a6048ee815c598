/* SPDX-License-Identifier: Apache-2.0
 *
 * step_from.c - what a stage is built on, and where files come from
 */
#include "build/builder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "build/fetch.h"
#include "image/oci.h"

/* "linux/amd64[/v3]" against what the image says of itself. */
static int check_platform(const struct image_config *config, const char *platform,
                          struct err *err)
{
    cleanup(strv_freep) char **parts = strv_split(platform, "/");
    const char *arch = strv_len(parts) > 1 ? parts[1] : oci_machine();

    if (strcmp(config_os(config), "linux") != 0)
        return err_set(err, ENOEXEC, "it is for %s", config_os(config));
    if (strcmp(config_arch(config), arch) != 0)
        return err_set(err, ENOEXEC, "it is for linux/%s, not for linux/%s",
                       config_arch(config), arch);
    return 0;
}

static const char *platform_of(const struct builder *b, const char *own)
{
    static char machine[64];

    if (own)
        return own;
    if (b->req->platform)
        return b->req->platform;
    (void)snprintf(machine, sizeof(machine), "linux/%s", oci_machine());
    return machine;
}

/* Load the image 'ref', fetched when it has to be. */
static int load_image(const struct builder *b, const char *ref, const char *platform,
                      struct state *state, char digest[IMAGE_DIGEST_MAX],
                      struct err *err)
{
    int rc = fetch_image(b, ref, platform, digest, err);

    if (!rc)
        rc = state_load(b->req->store, digest, state, err);
    if (!rc)
        rc = check_platform(state->config, platform, err);
    return rc ? err_wrap(err, "image %s", ref) : 0;
}

int step_from(struct step *step, const struct planned *planned, struct err *err)
{
    const char *platform = platform_of(step->b, planned->platform);
    char digest[IMAGE_DIGEST_MAX] = "scratch";
    char salt[] = "berth build 1"; /* another number: all earlier keys are void */
    char *parts[] = {salt, digest, NULL};
    int rc = 0;

    if (planned->base != PLAN_NONE) {
        state_inherit(step->state, &step->b->states[planned->base]);
        return 0;
    }
    if (planned->is_scratch)
        step->state->config = config_scratch(oci_machine());
    else
        rc = load_image(step->b, planned->image, platform, step->state, digest, err);
    if (!rc)
        state_next_key(step->state, parts);
    return rc;
}

static int origin_of_stage(const struct step *step, int stage, struct origin *ret,
                           struct err *err)
{
    const struct state *from = &step->b->states[stage];
    const char *name = step->b->file->stages[stage].name;

    if (!from->is_done)
        return err_set(err, EINVAL, "stage %d is not built", stage);
    ret->what = name ? xasprintf("stage '%s'", name) : xasprintf("stage %d", stage);
    ret->dirs = state_dirs(step->b->req->store, from);
    return 0;
}

static int origin_of_image(const struct step *step, const char *ref, struct origin *ret,
                           struct err *err)
{
    char digest[IMAGE_DIGEST_MAX];
    struct state state = {0};
    int rc = load_image(step->b, ref, platform_of(step->b, NULL), &state, digest, err);

    if (!rc) {
        ret->what = xasprintf("image %s", ref);
        ret->dirs = state_dirs(step->b->req->store, &state);
    }
    state_fini(&state);
    return rc;
}

int origin_find(const struct step *step, const char *ref, struct origin *ret,
                struct err *err)
{
    int stage, rc;

    *ret = (struct origin){0};
    if (!ref) {
        ret->what = xstrdup(step->b->context.what);
        return 0;
    }
    rc = plan_resolve(step->b->file, step->b->current, ref, &stage, err);
    if (rc)
        return rc;
    return stage != PLAN_NONE ? origin_of_stage(step, stage, ret, err)
                              : origin_of_image(step, ref, ret, err);
}

void origin_fini(struct origin *origin)
{
    strv_free(origin->dirs);
    free(origin->what);
    *origin = (struct origin){0};
}
