/* SPDX-License-Identifier: Apache-2.0
 *
 * external.h - containers that another program makes, crun for one
 *
 *     shepherd          builder = PID 1 of outer namespaces       inside
 *     external_describe
 *     container_create  ids, layers mounted: exec crun run  --->  berth-init: ids
 * again,
 *                       <------------- READY, on descriptor 3 --- orders as ever
 *
 * The outer PID namespace ends with its first process, so killing that one ends all
 * that it started, as with a container of our own.
 */
#ifndef BERTH_CONTAINER_EXTERNAL_H
#define BERTH_CONTAINER_EXTERNAL_H

#include <berth/runtime.h>

#include "container/container.h"

/* Where the first process and its filter are inside. */
#define EXTERNAL_INIT_INSIDE "/run/berth/init"
#define EXTERNAL_FILTER_INSIDE "/run/berth/filter"

/* What a runtime plugin is told; owns what its description points to. */
struct external {
    struct berth_runtime_container container;
    struct berth_runtime_mount *mounts;
    struct berth_runtime_limit *limits;
    char ***options; /* of each mount */
    char **argv, **hidden, **readonly;
    char **texts; /* others */
};

/* Describe 'spec' for a plugin. 'init' is our program outside; 'bundle' is an empty
 * directory, in which 'spec->profile' is left for it. -ENOTSUP with words for what
 * only our own containers can do. */
int external_describe(const struct container_spec *spec, const char *init,
                      const char *bundle, struct external *ret, struct err *err);
void external_fini(struct external *external);

/* For init_main: do what comes before the program, and become it. */
void external_exec(const struct container_spec *spec, uid_t uid, gid_t gid)
    __attribute__((noreturn));

#endif
