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
#include "shepherd/pod_command.h"
#include "shepherd/pod_network.h"
#include "shepherd/taskenv.h"

#include <errno.h>
#include <stdlib.h>

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int add_own(const struct pod_member *member, char ***env, struct err *err)
{
    const struct mf_container *spec = member->spec;

    if (spec->env_from.n)
        return err_set(err, ENOTSUP, "envFrom is not carried out by this node");
    for (size_t i = 0; i < spec->env.n; i++) {
        const struct mf_env *var = &spec->env.items[i];
        cleanup(freep) char *value =
            var->value ? pod_command_expand(var->value, *env) : xstrdup("");

        if (var->from)
            return err_set(err, ENOTSUP,
                           "variable %s: valueFrom is not carried out by this node",
                           var->name);
        strv_setenv(env, var->name, value);
    }
    return 0;
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
