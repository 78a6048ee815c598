/* SPDX-License-Identifier: Apache-2.0
 *
 * box.c - from what a job says about its container to one that stands
 *
 * The job's directory is at the same path inside as outside: the lead's socket, the
 * script, and the places that PMIx hands to tasks are there. The node's own file
 * system needs no mounts but those the job asks for.
 */
#include "shepherd/box.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/devices.h"
#include "shepherd/images.h"
#include "shepherd/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *box_tools_dir(void)
{
    const char *dir = getenv("BERTH_TOOLS_DIR");

    return dir ? dir : BERTH_LIBEXECDIR "/bin";
}

/* A directory of the job's: where the container is built, or the tools go. */
static int make_job_dir(const struct shepherd *sh, const char *name, char **ret,
                        struct err *err)
{
    char *path = xasprintf("%s/%s", sh->dir, name);

    if (mkdir(path, 0700) && errno != EEXIST) {
        int rc = err_sys(err, errno, "%s", path);

        free(path);
        return rc;
    }
    *ret = path;
    return 0;
}

int box_create(struct shepherd *sh, const Berth__ContainerSpec *spec, const char *cwd,
               const char *name, struct box **ret, struct err *err)
{
    static const Berth__ContainerSpec plain = BERTH__CONTAINER_SPEC__INIT;
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *work_dir = NULL;
    struct container_spec container = {
        .user = sh->owner.name, .home = sh->owner.home, .shell = sh->owner.shell};
    struct mount_sources sources = {.tools = box_tools_dir(),
                                    .home = sh->owner.home,
                                    .job_dir = sh->dir,
                                    .cwd = cwd};
    const Berth__DevicePolicy *policy = sh->assignment->devices;
    cleanup(devices_fini) struct devices devices = {0};
    struct mounts mounts = {0};
    struct box *box;
    int rc = make_job_dir(sh, name, &work_dir, err);

    if (!spec)
        spec = &plain;
    if (!rc && spec->image[0])
        rc = images_find(sh, spec, &image, err);
    if (!rc)
        rc = devices_find(policy, spec->devices, spec->n_devices, &devices, err);
    if (rc)
        return rc;
    if (image)
        mounts_of_image(&sources, spec, &mounts);
    rc = devices_mount(&devices, policy, image != NULL, &mounts, err);
    mounts_of_job(spec, &mounts);
    container.links = devices.links;
    container.n_links = image ? devices.n_links : 0;
    container.no_gpus = policy && policy->gpus_are_given;
    container.layers = image ? (const char *const *)image->layers : NULL;
    container.n_layers = image ? image->n_layers : 0;
    container.mounts = mounts.v;
    container.n_mounts = mounts.n;
    container.as_root = spec->as_root;
    container.work_dir = work_dir;
    box = xcalloc(1, sizeof(*box));
    if (!rc)
        rc = container_create(&container, &box->container, err);
    mounts_fini(&mounts);
    if (rc) {
        free(box);
        return rc;
    }
    box->device_env = devices.plan ? strv_dup(devices.plan->env) : NULL;
    box->image_env = image ? strv_dup(image->env) : NULL;
    box->image_digest = image ? xstrdup(image->digest) : NULL;
    box->image = take(image);
    *ret = box;
    return 0;
}

void box_destroy(struct box *box)
{
    if (!box)
        return;
    container_destroy(box->container);
    strv_free(box->image_env);
    strv_free(box->device_env);
    free(box->image_digest);
    image_free(box->image);
    free(box);
}
