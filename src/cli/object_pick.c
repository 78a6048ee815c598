/* SPDX-License-Identifier: Apache-2.0
 *
 * object_pick.c - the order in which objects that came are shown
 */
#include "cli/object_pick.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/json_path.h"
#include "cli/object_document.h"

/* "metadata.name", ".metadata.name" and "{.metadata.name}" are the same. */
static char *in_braces(const char *path)
{
    if (path[0] == '{')
        return xstrdup(path);
    return xasprintf("{%s%s}", path[0] == '.' || path[0] == '[' ? "" : ".", path);
}

/* ------------------------------------------------------------------------- order */

struct keyed {
    Berth__ObjectRecord *record;
    json_t *value; /* NULL: it has none */
    size_t at;     /* where it was */
};

/* Objects and lists have no order. */
static int compare_values(const json_t *a, const json_t *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    if (json_is_number(a) && json_is_number(b))
        return (json_number_value(a) > json_number_value(b)) -
               (json_number_value(a) < json_number_value(b));
    if (json_is_string(a) && json_is_string(b))
        return strcmp(json_string_value(a), json_string_value(b));
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = compare_values(x->value, y->value);

    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int find_key(const Berth__ObjectRecord *record, const char *path, json_t **ret,
                    struct err *err)
{
    cleanup(freep) char *braced = in_braces(path);
    json_t *document = object_document(record), *found = NULL;
    int rc = json_path_find(braced, document, &found, err);

    *ret = rc == 0 ? json_incref(json_array_get(found, 0)) : NULL;
    json_decref(found);
    json_decref(document);
    return rc;
}

int object_list_sort(Berth__ObjectList *list, const char *path, struct err *err)
{
    cleanup(freep) struct keyed *keyed = xcalloc(list->n_objects + 1, sizeof(*keyed));
    int rc = 0;

    for (size_t i = 0; i < list->n_objects && rc == 0; i++) {
        keyed[i] = (struct keyed){.record = list->objects[i], .at = i};
        rc = find_key(keyed[i].record, path, &keyed[i].value, err);
    }
    if (rc == 0)
        qsort(keyed, list->n_objects, sizeof(*keyed), compare);
    for (size_t i = 0; i < list->n_objects; i++) {
        if (rc == 0)
            list->objects[i] = keyed[i].record;
        json_decref(keyed[i].value);
    }
    return rc;
}
