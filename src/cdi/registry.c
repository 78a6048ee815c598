/* SPDX-License-Identifier: Apache-2.0
 *
 * registry.c - all specifications of a node, and which of them names a device
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "cdi/cdi.h"

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name), n = strlen(suffix);

    return len > n && strcmp(name + len - n, suffix) == 0;
}

static int is_specification(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           (ends_with(entry->d_name, ".json") || ends_with(entry->d_name, ".yaml"));
}

static void take_file(struct cdi_registry *registry, const char *file,
                      unsigned int rank)
{
    cleanup(freep) char *text = NULL;
    struct cdi_spec *spec;
    struct err err = {0};
    size_t len;
    int rc = io_read_file(file, CDI_BYTES_MAX, &text, &len, &err);

    if (!rc)
        rc = cdi_spec_parse(file, text, len, &spec, &err);
    if (rc) {
        strv_add(&registry->problems, err.text);
        return;
    }
    registry->specs = xrealloc(registry->specs, registry->n_specs + 1, sizeof(spec));
    registry->ranks = xrealloc(registry->ranks, registry->n_specs + 1, sizeof(rank));
    registry->ranks[registry->n_specs] = rank;
    registry->specs[registry->n_specs++] = spec;
}

static void take_dir(struct cdi_registry *registry, const char *dir, unsigned int rank)
{
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, is_specification, alphasort);

    if (n < 0 && errno != ENOENT)
        strv_take(&registry->problems, xasprintf("%s: %s", dir, strerror(errno)));
    if (n > CDI_FILES_MAX)
        strv_take(&registry->problems,
                  xasprintf("%s: more than %d specifications, the others are passed "
                            "over",
                            dir, CDI_FILES_MAX));
    for (int i = 0; i < n; i++) {
        cleanup(freep) char *file = xasprintf("%s/%s", dir, entries[i]->d_name);

        if (i < CDI_FILES_MAX)
            take_file(registry, file, rank);
        free(entries[i]);
    }
    free(entries);
}

struct cdi_registry *cdi_registry_load(char *const *dirs)
{
    struct cdi_registry *registry = xcalloc(1, sizeof(*registry));

    for (size_t i = strv_len(dirs); i-- > 0;)
        take_dir(registry, dirs[i], (unsigned int)i);
    return registry;
}

void cdi_registry_free(struct cdi_registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->n_specs; i++)
        cdi_spec_free(registry->specs[i]);
    free(registry->specs);
    free(registry->ranks);
    strv_free(registry->problems);
    free(registry);
}

void cdi_registry_freep(struct cdi_registry **registry)
{
    cdi_registry_free(*registry);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **cdi_registry_names(const struct cdi_registry *registry)
{
    char **names = NULL;
    size_t n, kept = 0;

    for (size_t i = 0; i < registry->n_specs; i++) {
        const struct cdi_spec *spec = registry->specs[i];

        for (size_t d = 0; d < spec->n_devices; d++)
            strv_take(&names, xasprintf("%s=%s", spec->kind, spec->devices[d].name));
    }
    n = strv_len(names);
    if (n)
        qsort(names, n, sizeof(*names), compare_names);
    for (size_t i = 0; i < n; i++) {
        if (kept && strcmp(names[kept - 1], names[i]) == 0)
            free(names[i]);
        else
            names[kept++] = names[i];
    }
    if (n)
        names[kept] = NULL;
    return names;
}

static const struct cdi_device *device_of(const struct cdi_spec *spec, const char *name)
{
    size_t len = strlen(spec->kind);

    if (strncmp(spec->kind, name, len) != 0 || name[len] != '=')
        return NULL;
    for (size_t i = 0; i < spec->n_devices; i++)
        if (strcmp(spec->devices[i].name, name + len + 1) == 0)
            return &spec->devices[i];
    return NULL;
}

static int not_found(const struct cdi_registry *registry, const char *name,
                     struct err *err)
{
    cleanup(strv_freep) char **names = cdi_registry_names(registry);
    const char *near = nearest_name(name, (const char *const *)names, strv_len(names));
    const char *problem = registry->problems ? registry->problems[0] : NULL;

    if (near)
        return err_set(err, ENOENT, "there is no device %s here, did you mean %s?",
                       name, near);
    if (problem)
        return err_set(err, ENOENT,
                       "there is no device %s here (a specification was passed over: "
                       "%.200s)",
                       name, problem);
    return err_set(err, ENOENT, "there is no device %s here (of %zu devices)", name,
                   strv_len(names));
}

int cdi_registry_find(const struct cdi_registry *registry, const char *name,
                      const struct cdi_spec **ret_spec,
                      const struct cdi_device **ret_device, struct err *err)
{
    const struct cdi_device *found = NULL;
    size_t at = 0;

    for (size_t i = 0; i < registry->n_specs; i++) {
        const struct cdi_device *device = device_of(registry->specs[i], name);

        if (found && registry->ranks[i] != registry->ranks[at])
            break;
        if (found && device)
            return err_set(err, EEXIST, "device %s is named both in %s and in %s", name,
                           registry->specs[at]->file, registry->specs[i]->file);
        if (!device)
            continue;
        found = device;
        at = i;
    }
    if (!found)
        return not_found(registry, name, err);
    *ret_spec = registry->specs[at];
    *ret_device = found;
    return 0;
}
