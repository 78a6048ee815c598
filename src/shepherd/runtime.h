/* SPDX-License-Identifier: Apache-2.0
 *
 * runtime.h - who makes a container: Berth itself, or a program that a plugin knows
 */
#ifndef BERTH_SHEPHERD_RUNTIME_H
#define BERTH_SHEPHERD_RUNTIME_H

#include "container/container.h"

/* What a plugin said; kept until the container is made. */
struct runtime {
    struct container_external external;
    char **argv;
    char *log;
};

/* What the site and the job say. */
struct runtime_choice {
    const char *name;    /* "native", "oci" */
    const char *program; /* of plugins that need one; "": the plugin's own choice */
    const char *id;      /* for the program */
    const char *bundle;  /* an empty directory of the job's */
};

/* Set spec->external as 'choice' wants it, borrowed from 'ret': nothing for "native",
 * nor for the node's own file system, which needs no other program. Words name
 * --runtime. */
int runtime_choose(const struct runtime_choice *choice, struct container_spec *spec,
                   struct runtime *ret, struct err *err);
void runtime_fini(struct runtime *runtime);

#endif
