/* SPDX-License-Identifier: Apache-2.0
 *
 * box.h - from what a job says about its container to one that stands
 */
#ifndef BERTH_SHEPHERD_BOX_H
#define BERTH_SHEPHERD_BOX_H

#include "container/container.h"
#include "shepherd/hold.h"
#include "shepherd/shepherd.h"

/* A container with what was found out for it. */
struct box {
    struct container *container;
    struct hold *hold;   /* it has a name, and was made here; NULL: neither */
    struct image *image; /* keeps its layers on disk meanwhile; NULL without one */
    char **image_env;    /* of the image; NULL without one */
    char *image_digest;  /* NULL without one */
    char *bundle;        /* directory of a runtime that is not our own; or NULL */
    char **device_env;   /* what comes with its devices and libraries */
    char **entrypoint;   /* what commands are run through; NULL: nothing */
};

/* Begin to build; container_wait_ready(box->container) tells how it went.
 * 'name' tells apart the boxes of one job and node ("batch", "step.0"). */
int box_create(struct shepherd *sh, const Berth__ContainerSpec *spec, const char *cwd,
               const char *name, struct box **ret, struct err *err);

/* What a container of a pod is given beside its spec; borrowed for the call. */
struct box_place {
    const struct sandbox *sandbox;
    const struct bind_mount *mounts; /* after Berth's own */
    size_t n_mounts;
    const char *hosts; /* a file to be /etc/hosts; NULL: the node's */
    const int *groups; /* as in container_spec */
    size_t n_groups;
    int oom_score;
    bool fake_ids; /* as in container_spec */
};
/* The same in the sandbox of a pod. It sees nothing of the job's directory but what is
 * mounted, and no home. */
int box_create_in(struct shepherd *sh, const Berth__ContainerSpec *spec,
                  const struct box_place *place, const char *name, struct box **ret,
                  struct err *err);

/* Where a task begins: --workdir, or the directory it was asked for in. */
const char *box_workdir(const Berth__ContainerSpec *spec, const char *cwd);

/* 'argv' (n of them), run through the entry point: an strv of the caller's. */
char **box_command(const struct box *box, char *const *argv, size_t n);

void box_destroy(struct box *box);

/* It is ready: if it has a name and was made here, let other steps join. */
int box_share(struct box *box, uv_loop_t *loop, struct err *err);
/* End what its owner has started in it. One that may be shared goes on. */
void box_end_tasks(struct box *box);

/* Where 'box' has Berth's programs, srun among them, for the end of PATH. */
const char *box_path_dir(const struct box *box);

/* Where the node keeps the programs that containers find in /run/berth/bin. */
const char *box_tools_dir(void);
/* Berth's program as tasks of the box see it (static memory). */
const char *box_tools_program(const struct box *box);

#endif
