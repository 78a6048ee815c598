/* SPDX-License-Identifier: Apache-2.0
 *
 * login_env.h - the environment that the user's login shell ends up with
 */
#ifndef BERTH_OPTIONS_LOGIN_ENV_H
#define BERTH_OPTIONS_LOGIN_ENV_H

#include <stdbool.h>

#include "base/err.h"

/* What --get-user-env=[SECONDS][S|L] asks for: how long the shell may take (8 s), and
 * whether it is a login shell (L, the default). -EINVAL with words. */
int login_env_how(const char *text, unsigned int *ret_seconds, bool *ret_is_login,
                  struct err *err);

/* Run the caller's shell from a bare environment and read what it hands on (a strv that
 * the caller frees), without what belongs to the shell itself. -ETIMEDOUT when it takes
 * too long, -EPROTO when it says nothing; the shell is ended then. */
int login_env_read(unsigned int seconds, bool is_login, char ***ret_env,
                   struct err *err);

/* Add those of 'login' to '*env' whose names are not there. */
void login_env_add(char *const *login, char ***env);

#endif
