/* SPDX-License-Identifier: Apache-2.0
 *
 * scope.h - which variables an instruction sees
 *
 * Pure. There is one scope for the ARGs before the first FROM, which FROM lines see,
 * and one a stage: ENV (the image's own, then the stage's) hides ARG of the same
 * name. A stage built on an earlier one begins with what that ended with.
 */
#ifndef BERTH_BUILD_SCOPE_H
#define BERTH_BUILD_SCOPE_H

#include <stdbool.h>

#include "base/err.h"
#include "build/expand.h"

/* What the caller of the build gave: all strv of "NAME=value". */
struct scope_given {
    char **args;     /* --build-arg */
    char **platform; /* TARGETARCH and its like */
};

struct scope {
    const struct scope_given *given;
    const struct scope *globals; /* NULL: this is the global one */
    char **env, **args;
};

/* The caller's memory; 'given' and 'globals' are borrowed. */
void scope_init(struct scope *scope, const struct scope_given *given,
                const struct scope *globals);
/* Begin with what 'from' has. */
void scope_inherit(struct scope *scope, const struct scope *from);
void scope_fini(struct scope *scope);

/* ARG NAME[=VALUE], 'value' already expanded or NULL: what the caller gave wins, then
 * 'value', then the global ARG, then the platform's. */
void scope_declare(struct scope *scope, const char *name, const char *value);
void scope_setenv(struct scope *scope, const char *name, const char *value);

/* NULL when there is none. */
const char *scope_get(const struct scope *scope, const char *name);
/* To expand with; valid as long as 'scope'. */
struct expansion scope_expansion(const struct scope *scope, char escape);

/* The environment that RUN sees, in a strv the caller frees: ARG, ENV over it, and
 * the proxies that need no ARG. */
char **scope_environment(const struct scope *scope);
/* Is a variable's value left out of what tells one RUN from another? */
bool scope_is_proxy(const char *name);

/* The --build-arg that no ARG of 'names' (a strv) asked for, first one; or NULL. */
const char *scope_unused(const struct scope_given *given, char *const *names);

#endif
