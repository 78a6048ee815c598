/* SPDX-License-Identifier: Apache-2.0
 *
 * cdi.h - specifications of the Container Device Interface, and what they ask for
 *
 * A specification is a file that a vendor's tool puts on a node: it names devices
 * ("nvidia.com/gpu=0" is vendor, class and device) and says what each needs inside
 * of a container. Versions 0.3 to 1.1 of cncf-tags/container-device-interface,
 * SPEC.md, are read.
 *
 *     file -> cdi_spec_parse -> struct cdi_spec
 *     directories -> cdi_registry_load -> which file names which device
 *     registry, names -> cdi_plan_make -> mounts, links, variables: struct cdi_plan
 */
#ifndef BERTH_CDI_CDI_H
#define BERTH_CDI_CDI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CDI_BYTES_MAX (4U << 20)
#define CDI_FILES_MAX 1024 /* of a directory */
#define CDI_DEVICES_MAX 4096
#define CDI_ITEMS_MAX 4096 /* of each list of edits */

/* Everything is as written and checked: paths are absolute, variables have a '='. */
struct cdi_node {
    char *path;        /* inside */
    char *host_path;   /* NULL: the same */
    char *permissions; /* of "rwm"; NULL: all */
    char type;         /* 'b', 'c', 'u', 'p'; 0: not said */
    bool has_owner;    /* uid, gid or fileMode are given */
};
struct cdi_mount {
    char *host_path, *container_path;
    char *type;     /* NULL: bind */
    char **options; /* "ro", "rbind", ... */
};
struct cdi_hook {
    char *name; /* "createContainer" */
    char *path;
    char **args, **env;
    uint32_t timeout; /* seconds; 0: none */
};
struct cdi_edits {
    char **env;
    struct cdi_node *nodes;
    struct cdi_mount *mounts;
    struct cdi_hook *hooks;
    size_t n_nodes, n_mounts, n_hooks;
    size_t n_gids, n_net_devices;
    bool has_rdt;
};
struct cdi_device {
    char *name;
    struct cdi_edits edits;
};
struct cdi_spec {
    char *file; /* where it comes from, for words */
    char *kind; /* "nvidia.com/gpu" */
    struct cdi_edits edits;
    struct cdi_device *devices;
    size_t n_devices;
};

/* 'file' is what words call it, and a name that ends in ".json" makes it JSON. 0, or
 * -EINVAL with "FILE:12: devices[3].containerEdits.mounts[0].hostPath: ...". */
int cdi_spec_parse(const char *file, const char *text, size_t len,
                   struct cdi_spec **ret, struct err *err);
void cdi_spec_free(struct cdi_spec *spec);
void cdi_spec_freep(struct cdi_spec **spec);

/* --------------------------------------------------------------- registry */
struct cdi_registry {
    struct cdi_spec **specs; /* of the directory that goes first, then of the next */
    unsigned int *ranks;     /* of the directory of each: higher goes first */
    size_t n_specs;
    char **problems; /* why files were passed over, each with its name */
};

/* Read all "*.json" and "*.yaml" in 'dirs' (NULL-terminated); a device of a later
 * directory hides one of the same name in an earlier. A missing directory is empty; a
 * file that is wrong is a problem of its own. */
struct cdi_registry *cdi_registry_load(char *const *dirs);
void cdi_registry_free(struct cdi_registry *registry);
void cdi_registry_freep(struct cdi_registry **registry);

/* -ENOENT with the nearest name, or -EEXIST when two files of one directory name it. */
int cdi_registry_find(const struct cdi_registry *registry, const char *name,
                      const struct cdi_spec **ret_spec,
                      const struct cdi_device **ret_device, struct err *err);
/* All qualified names that can be had, sorted; the caller frees the vector. */
char **cdi_registry_names(const struct cdi_registry *registry);

/* ------------------------------------------------------------------- plan */
struct cdi_link {
    char *path;   /* inside, absolute */
    char *target; /* what it says, as the hook was told */
};

/* What devices ask for together; items belong to the registry, which must outlive
 * the plan. Where two ask for the same path inside, the later one has it. */
struct cdi_plan {
    char **env;
    const struct cdi_node **nodes;
    const struct cdi_mount **mounts;
    size_t n_nodes, n_mounts;
    /* From hooks that are understood (hooks.c). */
    struct cdi_link *links;
    size_t n_links;
    char **folders; /* whose libraries the loader must find */
    size_t n_understood;
    /* From all others. */
    const struct cdi_hook **hooks;
    const char **hook_files; /* specification of each */
    size_t n_hooks;
    char **notes; /* what cannot be done in a container of one id */
};

/* Edits of a specification come once, before those of its first device. A name that
 * is given twice counts once. 0, or as cdi_registry_find. */
int cdi_plan_make(const struct cdi_registry *registry, char *const *names,
                  struct cdi_plan **ret, struct err *err);
void cdi_plan_free(struct cdi_plan *plan);
void cdi_plan_freep(struct cdi_plan **plan);

/* Refuses hooks that nobody here understands, naming the first. */
int cdi_plan_check_hooks(const struct cdi_plan *plan, struct err *err);

#endif
