/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_vars.c - the environment of a container of a pod
 *
 * What an image says comes first, then Berth's, then the manifest's in its order. None
 * is inherited from who applied the pod.
 */
#include "shepherd/pod_vars.h"

#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/devices.h"
#include "shepherd/pod_mounts.h"
#include "shepherd/pod_network.h"
#include "shepherd/taskenv.h"

#include <errno.h>
#include <stdlib.h>

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int add_own(const struct pod_member *member, char ***env, struct err *err)
{
    cleanup(strv_freep) char **own = NULL;
    int rc = pod_mounts_env(member, &own, err);

    strv_foreach (pair, own)
        taskenv_set(env, *pair);
    return rc;
}

int pod_vars_of(const struct pod_member *member, char *const *image_env,
                char *const *device_env, char ***ret, struct err *err)
{
    const struct shepherd *sh = member->of->sh;
    cleanup(freep) char *job = xasprintf("%u", sh->job);
    char **env = NULL;
    int rc;

    strv_setenv(&env, "PATH", PATH_DEFAULT);
    strv_setenv(&env, "HOME",
                member->of->sandbox && sandbox_is_root(member->of->sandbox) ? "/root"
                                                                            : "/");
    for (char *const *pair = image_env; pair && *pair; pair++)
        taskenv_set(&env, *pair);
    strv_setenv(&env, "HOSTNAME", pod_network_hostname(member->of));
    strv_setenv(&env, "BERTH_JOB_ID", job);
    devices_env(&env, sh->assignment->devices, device_env, true, NULL);
    rc = add_own(member, &env, err);
    if (rc)
        strv_free(env);
    else
        *ret = env;
    return rc;
}
