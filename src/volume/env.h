/* SPDX-License-Identifier: Apache-2.0
 *
 * env.h - the variables of a container of a pod
 *
 * Pure. envFrom in its order, then env in its order; later ones over earlier ones. In
 * values, and in command and args, $(NAME) is the value of a variable that came
 * before, $$ is one $, and $(NAME) of an unknown one stays as it is.
 */
#ifndef BERTH_VOLUME_ENV_H
#define BERTH_VOLUME_ENV_H

#include "volume/data.h"
#include "volume/facts.h"

/* The variables that the pod says, "NAME=VALUE" each, into '*ret_env' (a strv).
 * 'ret_skipped' (or NULL) gets the names from envFrom that no variable can have.
 *
 * -ENOENT with words when an object or a key is not there that is not optional:
 * "configmap 'web' is not there". -EAGAIN: a field that is not known yet, as the
 * pod's address. -EINVAL: it never will. All three are a CreateContainerConfigError,
 * tried again when there is news. */
int pod_env_resolve(const struct mf_pod *pod, const struct mf_container *container,
                    const struct pod_data *data, const struct pod_facts *facts,
                    char ***ret_env, char ***ret_skipped, struct err *err);

/* 'text' with its $(NAME)s; heap. */
char *pod_expand(const char *text, char *const *env);
/* The same of each; a strv, NULL of NULL. */
char **pod_expand_all(char *const *words, char *const *env);

/* Of subPathExpr, where an unknown variable is an error: -EINVAL with words. */
int pod_expand_strictly(const char *text, char *const *env, char **ret,
                        struct err *err);

#endif
