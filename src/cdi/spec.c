/* SPDX-License-Identifier: Apache-2.0
 *
 * spec.c - one specification: which keys there are, and what they may say
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cdi/cdi.h"
#include "cdi/walk.h"
#include "spec/cdi_name.h"

#define FIELDS(table) table, ARRAY_SIZE(table)

/* ------------------------------------------------------------------ edits */

static int read_type(struct walk *walk, const struct ynode *node, void *into)
{
    cleanup(freep) char *text = NULL;
    int rc = walk_text(walk, node, &text);

    if (rc)
        return rc;
    if (strlen(text) != 1 || !strchr("bcup", text[0]))
        return walk_refuse(walk, node, "'%.20s' is none of b, c, u and p", text);
    *(char *)into = text[0];
    return 0;
}

static int read_permissions(struct walk *walk, const struct ynode *node, void *into)
{
    char **text = into;
    int rc = walk_text(walk, node, into);

    if (!rc && (*text)[strspn(*text, "rwm")])
        rc =
            walk_refuse(walk, node, "'%.20s' has other letters than r, w and m", *text);
    return rc;
}

static int read_owner(struct walk *walk, const struct ynode *node, void *into)
{
    uint32_t number;

    *(bool *)into = true;
    return walk_number(walk, node, &number);
}

static int read_node(struct walk *walk, const struct ynode *node, void *into)
{
    static const struct field fields[] = {
        {"path", walk_path, offsetof(struct cdi_node, path), true},
        {"hostPath", walk_path, offsetof(struct cdi_node, host_path), false},
        {"type", read_type, offsetof(struct cdi_node, type), false},
        {"permissions", read_permissions, offsetof(struct cdi_node, permissions),
         false},
        {"uid", read_owner, offsetof(struct cdi_node, has_owner), false},
        {"gid", read_owner, offsetof(struct cdi_node, has_owner), false},
        {"fileMode", read_owner, offsetof(struct cdi_node, has_owner), false},
        {"major", walk_anything, 0, false},
        {"minor", walk_anything, 0, false},
    };

    return walk_map(walk, node, FIELDS(fields), into);
}

static int read_mount_type(struct walk *walk, const struct ynode *node, void *into)
{
    char **text = into;
    int rc = walk_text(walk, node, into);

    if (!rc && strcmp(*text, "bind") != 0 && strcmp(*text, "none") != 0)
        rc = walk_refuse(walk, node,
                         "a mount of type '%.40s' cannot be made by a job's user "
                         "(bind can)",
                         *text);
    return rc;
}

/* What a bind mount knows; others would be silently without effect. */
static int read_options(struct walk *walk, const struct ynode *node, void *into)
{
    static const char known[] =
        " bind rbind ro rw nosuid nodev noexec suid dev exec private rprivate slave "
        "rslave shared rshared unbindable runbindable relatime norelatime noatime "
        "strictatime nodiratime ";
    char ***options = into;
    int rc = walk_texts(walk, node, into);

    for (size_t i = 0; !rc && *options && (*options)[i]; i++) {
        cleanup(freep) char *word = xasprintf(" %s ", (*options)[i]);

        if (!strstr(known, word))
            rc = walk_refuse(walk, node->items[i], "a bind mount has no option '%.40s'",
                             (*options)[i]);
    }
    return rc;
}

static int read_mount(struct walk *walk, const struct ynode *node, void *into)
{
    static const struct field fields[] = {
        {"hostPath", walk_path, offsetof(struct cdi_mount, host_path), true},
        {"containerPath", walk_path, offsetof(struct cdi_mount, container_path), true},
        {"options", read_options, offsetof(struct cdi_mount, options), false},
        {"type", read_mount_type, offsetof(struct cdi_mount, type), false},
    };

    return walk_map(walk, node, FIELDS(fields), into);
}

static int read_hook_name(struct walk *walk, const struct ynode *node, void *into)
{
    static const char *const names[] = {"prestart",  "createRuntime",
                                        "poststop",  "startContainer",
                                        "poststart", "createContainer"};
    char **text = into;
    int rc = walk_text(walk, node, into);

    for (size_t i = 0; !rc && i < ARRAY_SIZE(names); i++)
        if (strcmp(*text, names[i]) == 0)
            return 0;
    return rc ? rc : walk_refuse(walk, node, "there is no hook '%.40s'", *text);
}

static int read_hook(struct walk *walk, const struct ynode *node, void *into)
{
    static const struct field fields[] = {
        {"hookName", read_hook_name, offsetof(struct cdi_hook, name), true},
        {"path", walk_path, offsetof(struct cdi_hook, path), true},
        {"args", walk_texts, offsetof(struct cdi_hook, args), false},
        {"env", walk_env, offsetof(struct cdi_hook, env), false},
        {"timeout", walk_number, offsetof(struct cdi_hook, timeout), false},
    };

    return walk_map(walk, node, FIELDS(fields), into);
}

/* Lists of the edits: into the struct itself, which has two fields for each. */
static int read_nodes(struct walk *walk, const struct ynode *node, void *into)
{
    struct cdi_edits *edits = into;
    void *items = NULL;
    int rc = walk_list(walk, node, CDI_ITEMS_MAX, sizeof(struct cdi_node), read_node,
                       &items, &edits->n_nodes);

    edits->nodes = items;
    return rc;
}

static int read_mounts(struct walk *walk, const struct ynode *node, void *into)
{
    struct cdi_edits *edits = into;
    void *items = NULL;
    int rc = walk_list(walk, node, CDI_ITEMS_MAX, sizeof(struct cdi_mount), read_mount,
                       &items, &edits->n_mounts);

    edits->mounts = items;
    return rc;
}

static int read_hooks(struct walk *walk, const struct ynode *node, void *into)
{
    struct cdi_edits *edits = into;
    void *items = NULL;
    int rc = walk_list(walk, node, CDI_ITEMS_MAX, sizeof(struct cdi_hook), read_hook,
                       &items, &edits->n_hooks);

    edits->hooks = items;
    return rc;
}

static int read_gids(struct walk *walk, const struct ynode *node, void *into)
{
    struct cdi_edits *edits = into;
    void *items = NULL;
    int rc = walk_list(walk, node, CDI_ITEMS_MAX, sizeof(uint32_t), walk_number, &items,
                       &edits->n_gids);

    free(items);
    return rc;
}

static int read_net_devices(struct walk *walk, const struct ynode *node, void *into)
{
    struct cdi_edits *edits = into;
    void *items = NULL;
    int rc = walk_list(walk, node, CDI_ITEMS_MAX, 1, walk_anything, &items,
                       &edits->n_net_devices);

    free(items);
    return rc;
}

static int read_rdt(struct walk *walk, const struct ynode *node, void *into)
{
    struct cdi_edits *edits = into;

    edits->has_rdt = true;
    if (node->kind != YNODE_MAP)
        return walk_refuse(walk, node, "is %s, not a group of keys",
                           ynode_kind_name(node));
    return 0;
}

static int read_edits(struct walk *walk, const struct ynode *node, void *into)
{
    static const struct field fields[] = {
        {"env", walk_env, offsetof(struct cdi_edits, env), false},
        {"deviceNodes", read_nodes, 0, false},
        {"mounts", read_mounts, 0, false},
        {"hooks", read_hooks, 0, false},
        {"additionalGids", read_gids, 0, false},
        {"intelRdt", read_rdt, 0, false},
        {"netDevices", read_net_devices, 0, false},
    };

    return walk_map(walk, node, FIELDS(fields), into);
}

/* --------------------------------------------------------------- document */

static bool is_empty(const struct cdi_edits *edits)
{
    return !edits->env && !edits->n_nodes && !edits->n_mounts && !edits->n_hooks &&
           !edits->n_gids && !edits->n_net_devices && !edits->has_rdt;
}

static int read_device_name(struct walk *walk, const struct ynode *node, void *into)
{
    char **text = into;
    struct err why;
    int rc = walk_text(walk, node, into);

    if (!rc && cdi_check_device(*text, &why))
        rc = walk_refuse(walk, node, "%s", why.text);
    return rc;
}

static int read_device(struct walk *walk, const struct ynode *node, void *into)
{
    static const struct field fields[] = {
        {"name", read_device_name, offsetof(struct cdi_device, name), true},
        {"annotations", walk_anything, 0, false},
        {"containerEdits", read_edits, offsetof(struct cdi_device, edits), true},
    };
    const struct cdi_device *device = into;
    int rc = walk_map(walk, node, FIELDS(fields), into);

    if (!rc && is_empty(&device->edits))
        rc = walk_refuse(walk, node, "device '%.80s' asks for nothing", device->name);
    return rc;
}

static int read_devices(struct walk *walk, const struct ynode *node, void *into)
{
    struct cdi_spec *spec = into;
    void *items = NULL;
    int rc = walk_list(walk, node, CDI_DEVICES_MAX, sizeof(struct cdi_device),
                       read_device, &items, &spec->n_devices);

    spec->devices = items;
    return rc;
}

static int read_kind(struct walk *walk, const struct ynode *node, void *into)
{
    char **text = into;
    struct err why;
    int rc = walk_text(walk, node, into);

    if (!rc && cdi_check_kind(*text, &why))
        rc = walk_refuse(walk, node, "%s", why.text);
    return rc;
}

static int read_version(struct walk *walk, const struct ynode *node, void *into)
{
    static const char *const known[] = {"0.3.0", "0.4.0", "0.5.0", "0.6.0",
                                        "0.7.0", "0.8.0", "1.0.0", "1.1.0"};
    cleanup(freep) char *text = NULL;
    int rc = walk_text(walk, node, &text);

    (void)into;
    for (size_t i = 0; !rc && i < ARRAY_SIZE(known); i++)
        if (strcmp(text, known[i]) == 0)
            return 0;
    return rc ? rc
              : walk_refuse(walk, node,
                            "version '%.20s' of CDI is not known here (0.3.0 to 1.1.0 "
                            "are)",
                            text);
}

static int by_name(const void *a, const void *b)
{
    const struct cdi_device *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int check_unique(struct walk *walk, const struct cdi_spec *spec)
{
    cleanup(freep) const struct cdi_device **sorted =
        xcalloc(spec->n_devices, sizeof(*sorted));

    for (size_t i = 0; i < spec->n_devices; i++)
        sorted[i] = &spec->devices[i];
    qsort(sorted, spec->n_devices, sizeof(*sorted), by_name);
    for (size_t i = 1; i < spec->n_devices; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            return walk_refuse(walk, NULL, "device '%.80s' is named twice",
                               sorted[i]->name);
    return 0;
}

static int read_spec(struct walk *walk, const struct ynode *root, struct cdi_spec *spec)
{
    static const struct field fields[] = {
        {"cdiVersion", read_version, 0, true},
        {"kind", read_kind, offsetof(struct cdi_spec, kind), true},
        {"annotations", walk_anything, 0, false},
        {"devices", read_devices, 0, true},
        {"containerEdits", read_edits, offsetof(struct cdi_spec, edits), false},
    };
    int rc = walk_map(walk, root, FIELDS(fields), spec);

    if (!rc && !spec->n_devices)
        rc = walk_refuse(walk, root, "there are no devices");
    return rc ? rc : check_unique(walk, spec);
}

static bool is_json(const char *file)
{
    size_t len = strlen(file);

    return len > 5 && strcmp(file + len - 5, ".json") == 0;
}

int cdi_spec_parse(const char *file, const char *text, size_t len,
                   struct cdi_spec **ret, struct err *err)
{
    cleanup(yaml_tree_freep) struct ytree *tree = NULL;
    cleanup(cdi_spec_freep) struct cdi_spec *spec = NULL;
    struct walk walk = {.file = file, .err = err};
    int rc;

    if (len > CDI_BYTES_MAX)
        return err_set(err, EFBIG, "%s: more than %u MiB", file, CDI_BYTES_MAX >> 20);
    rc = is_json(file) ? json_tree_parse(file, text, len, &tree, err)
                       : yaml_tree_parse(file, text, len, &tree, err);
    if (rc)
        return rc;
    if (!tree->root)
        return err_set(err, EINVAL, "%s: is empty", file);
    spec = xcalloc(1, sizeof(*spec));
    spec->file = xstrdup(file);
    rc = read_spec(&walk, tree->root, spec);
    if (rc)
        return rc;
    *ret = take(spec);
    return 0;
}

/* ------------------------------------------------------------------- free */

static void edits_fini(struct cdi_edits *edits)
{
    strv_free(edits->env);
    for (size_t i = 0; i < edits->n_nodes; i++) {
        free(edits->nodes[i].path);
        free(edits->nodes[i].host_path);
        free(edits->nodes[i].permissions);
    }
    for (size_t i = 0; i < edits->n_mounts; i++) {
        free(edits->mounts[i].host_path);
        free(edits->mounts[i].container_path);
        free(edits->mounts[i].type);
        strv_free(edits->mounts[i].options);
    }
    for (size_t i = 0; i < edits->n_hooks; i++) {
        free(edits->hooks[i].name);
        free(edits->hooks[i].path);
        strv_free(edits->hooks[i].args);
        strv_free(edits->hooks[i].env);
    }
    free(edits->nodes);
    free(edits->mounts);
    free(edits->hooks);
}

void cdi_spec_free(struct cdi_spec *spec)
{
    if (!spec)
        return;
    for (size_t i = 0; i < spec->n_devices; i++) {
        free(spec->devices[i].name);
        edits_fini(&spec->devices[i].edits);
    }
    edits_fini(&spec->edits);
    free(spec->devices);
    free(spec->file);
    free(spec->kind);
    free(spec);
}

void cdi_spec_freep(struct cdi_spec **spec)
{
    cdi_spec_free(*spec);
}
