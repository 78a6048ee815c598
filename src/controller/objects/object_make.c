/* SPDX-License-Identifier: Apache-2.0
 *
 * object_make.c - read, name and number an object, whoever wishes it
 */
#include "controller/objects/object_make.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "controller/objects/object_spaces.h"
#include "controller/objects/object_tally.h"
#include "manifest/write.h"

#define NAME_TRIES 16
#define GENERATED_MAX (253 - OBJECT_SUFFIX)

void words_add(char **words, const char *more)
{
    char *before = *words;

    *words = before ? xasprintf("%s; %s", before, more) : xstrdup(more);
    free(before);
}

static void random_bytes(void *bytes, size_t n)
{
    BUG_ON(getrandom(bytes, n, 0) != (ssize_t)n);
}

/* ------------------------------------------------------------------ reading */

static void drop_key(struct node *map, const char *key)
{
    for (size_t i = 0; map && map->kind == NODE_MAP && i + 1 < map->n_items; i += 2) {
        if (strcmp(map->items[i]->text, key) != 0)
            continue;
        memmove(map->items + i, map->items + i + 2,
                (map->n_items - i - 2) * sizeof(struct node *));
        map->n_items -= 2;
        return;
    }
}

/* What the cluster says of objects is not what is asked of it. */
static void drop_answers(struct node *root)
{
    static const char *const fields[] = {"uid",
                                         "resourceVersion",
                                         "generation",
                                         "creationTimestamp",
                                         "managedFields",
                                         "selfLink",
                                         "deletionTimestamp",
                                         "deletionGracePeriodSeconds"};
    struct node *meta = node_get(root, "metadata");

    drop_key(root, "status");
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        drop_key(meta, fields[i]);
}

int object_tell_errors(const struct report *report, const char *name, struct err *err)
{
    char *words = NULL;
    size_t told = 0;
    int rc;

    for (size_t i = 0; i < report->n && told < 3; i++) {
        const struct problem *problem = &report->problems[i];
        cleanup(freep) char *one = NULL;

        if (!problem->is_error)
            continue;
        one = *problem->path ? xasprintf("%s: %s", problem->path, problem->text)
                             : xstrdup(problem->text);
        words_add(&words, one);
        told++;
    }
    rc = err_set(err, EINVAL, "%.80s: %s%s", name ? name : "object",
                 words ? words : "it cannot be read",
                 report->n_errors > told ? "; and more" : "");
    free(words);
    return rc;
}

static void tell_warnings(const struct report *report, char **warning)
{
    for (size_t i = 0; warning && i < report->n; i++) {
        const struct problem *problem = &report->problems[i];
        cleanup(freep) char *one = NULL;

        if (problem->is_error)
            continue;
        one = *problem->path ? xasprintf("%s: %s", problem->path, problem->text)
                             : xstrdup(problem->text);
        words_add(warning, one);
    }
}

char *object_print(const struct node *root, size_t *ret_len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);

    BUG_ON(!out);
    node_write_json(root, 0, out);
    BUG_ON(fclose(out));
    return text;
}

static int read_one(const struct object_wish *wish, struct object_text *ret,
                    struct err *err)
{
    struct manifest_rules rules = {.name_space = wish->name_space};
    const struct mf_object *one;
    int rc;

    if (wish->made_by) {
        rules.name_space = wish->made_by->record->name_space;
        rules.has_to_match = true;
    }
    if (rules.name_space && !*rules.name_space)
        rules.name_space = NULL;
    rc = manifest_read("manifest", wish->text, wish->len, &rules, &ret->manifest, err);
    if (rc)
        return rc;
    if (ret->manifest.n != 1)
        return err_set(err, EINVAL, "there are %zu objects where one belongs",
                       ret->manifest.n);
    one = ret->manifest.objects;
    if (!one->object)
        return object_tell_errors(&one->report, one->name, err);
    ret->kind = object_kind_find(one->kind->name);
    if (!ret->kind)
        return err_set(err, EINVAL, "%s: objects of this kind are not kept",
                       one->kind->name);
    return 0;
}

static int find_space(struct controller *ctl, const struct object_wish *wish,
                      struct object_text *text, struct err *err)
{
    const struct mf_object *one = text->manifest.objects;

    if (!one->kind->has_namespace) {
        text->space = xstrdup(OBJECT_SPACE_NONE);
        return 0;
    }
    if (wish->made_by) {
        text->space = xstrdup(wish->made_by->space);
        return 0;
    }
    return object_space_for(ctl, wish->uid, wish->user,
                            one->name_space ? one->name_space : "", &text->space, err);
}

int object_text_read(struct controller *ctl, const struct object_wish *wish,
                     struct object_text *ret, char **warning, struct err *err)
{
    const struct mf_object *one;
    const struct node *meta;
    const char *name, *revision;
    int rc;

    *ret = (struct object_text){.name = NULL};
    rc = read_one(wish, ret, err);
    if (rc == 0)
        rc = find_space(ctl, wish, ret, err);
    if (rc)
        return rc;
    one = ret->manifest.objects;
    tell_warnings(&one->report, warning);
    meta = node_get(one->root, "metadata");
    name = node_string(meta, "name");
    revision = node_string(meta, "resourceVersion");
    ret->revision = revision ? strtoull(revision, NULL, 10) : 0;
    ret->name = name && *name ? xstrdup(name) : NULL;
    drop_answers(one->root);
    ret->json = object_print(one->root, &ret->json_len);
    if (ret->json_len > OBJECT_BYTES_MAX)
        return err_set(err, E2BIG, "%s %s: %zu KiB, more than %u", ret->kind->kind,
                       one->name, ret->json_len >> 10, OBJECT_BYTES_MAX >> 10);
    return 0;
}

void object_text_fini(struct object_text *text)
{
    manifest_fini(&text->manifest);
    free(text->space);
    free(text->name);
    free(text->json);
}

/* ------------------------------------------------------------------ drafts */

/* RFC 4122, version 4. */
static char *make_uid(void)
{
    uint8_t b[16];

    random_bytes(b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    return xasprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
                     "%02x%02x%02x%02x%02x%02x",
                     b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
                     b[11], b[12], b[13], b[14], b[15]);
}

void object_suffix(char suffix[OBJECT_SUFFIX + 1])
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    uint8_t bytes[OBJECT_SUFFIX];

    random_bytes(bytes, sizeof(bytes));
    for (size_t i = 0; i < OBJECT_SUFFIX; i++)
        suffix[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    suffix[OBJECT_SUFFIX] = '\0';
}

/* "web-" and a suffix. */
static char *make_name(const char *prefix)
{
    char suffix[OBJECT_SUFFIX + 1];

    object_suffix(suffix);
    return xasprintf("%.*s%s", GENERATED_MAX, prefix, suffix);
}

static int give_name(struct controller *ctl, struct object_text *text, struct err *err)
{
    const struct mf_object *one = text->manifest.objects;
    struct node *meta = node_get(one->root, "metadata");
    const char *prefix = node_string(meta, "generateName");
    struct node *node;

    for (int i = 0; i < NAME_TRIES; i++) {
        free(text->name);
        text->name = make_name(prefix ? prefix : "");
        if (!objects_find(ctl, text->space, text->kind->kind, text->name))
            break;
        if (i + 1 == NAME_TRIES)
            return err_set(err, EEXIST, "%s: no name is left for '%.64s'",
                           text->kind->kind, prefix);
    }
    node = node_new_text(text->manifest.documents.tree, NODE_STRING, text->name,
                         strlen(text->name));
    if (!node)
        return err_set(err, E2BIG, "%s: too many fields", text->name);
    node_set(text->manifest.documents.tree, meta, "name", node);
    free(text->json);
    text->json = object_print(one->root, &text->json_len);
    return 0;
}

static void fill_record(const struct object_wish *wish, struct object_text *text,
                        Berth__ObjectRecord *record)
{
    const struct mf_object *one = text->manifest.objects;
    const Berth__ObjectRecord *maker = wish->made_by ? wish->made_by->record : NULL;

    record->kind = xstrdup(text->kind->kind);
    record->name_space =
        xstrdup(one->kind->has_namespace && one->name_space ? one->name_space : "");
    record->name = xstrdup(text->name);
    record->uid = make_uid();
    record->generation = 1;
    record->created_at = controller_now();
    record->owner_uid = maker ? maker->owner_uid : wish->uid;
    record->owner_gid = maker ? maker->owner_gid : wish->gid;
    record->owner_user = xstrdup(maker ? maker->owner_user : wish->user);
    record->manifest =
        (ProtobufCBinaryData){text->json_len, (uint8_t *)take(text->json)};
    if (wish->key)
        record->key = xstrdup(wish->key);
    if (!maker)
        return;
    record->made_by_kind = xstrdup(maker->kind);
    record->made_by_name = xstrdup(maker->name);
    record->made_by_uid = xstrdup(maker->uid);
}

int object_draft(struct controller *ctl, const struct object_wish *wish,
                 struct object_text *text, struct ctl_object **ret, struct err *err)
{
    struct ctl_object *object;
    uint32_t owner = wish->made_by ? wish->made_by->record->owner_uid : wish->uid;
    int rc = text->name ? 0 : give_name(ctl, text, err);

    if (rc == 0 && objects_find(ctl, text->space, text->kind->kind, text->name))
        rc = err_set(err, EEXIST, "%s %s is there already", text->kind->kind,
                     text->name);
    if (rc == 0)
        rc = object_tally_check(ctl, owner, 1, text->json_len, err);
    if (rc)
        return rc;
    object = xcalloc(1, sizeof(*object));
    object->record = xmalloc(sizeof(*object->record));
    berth__object_record__init(object->record);
    fill_record(wish, text, object->record);
    object->kind = text->kind;
    object->space = xstrdup(text->space);
    object->path = xasprintf("%s/%s/%s", object->space, object->record->kind,
                             object->record->name);
    *ret = object;
    return 0;
}

int objects_make(struct controller *ctl, const struct object_wish *wish,
                 struct ctl_object **ret, char **warning, struct err *err)
{
    cleanup(object_text_fini) struct object_text text = {.name = NULL};
    struct ctl_object *object = NULL;
    char *ignored = NULL;
    char **warn = warning ? warning : &ignored;
    int rc = object_text_read(ctl, wish, &text, warn, err);

    if (rc == 0)
        rc = object_draft(ctl, wish, &text, &object, err);
    if (rc == 0 && object->kind->admit)
        rc = object->kind->admit(ctl, object, NULL, warn, err);
    free(ignored);
    if (rc) {
        object_free(object);
        return rc;
    }
    objects_enter(ctl, object, text.manifest.objects->root);
    *ret = object;
    return 0;
}
