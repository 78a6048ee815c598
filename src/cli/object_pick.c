/* SPDX-License-Identifier: Apache-2.0
 *
 * object_pick.c - which of the objects that came are shown, and in which order
 */
#include "cli/object_pick.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "cli/json_path.h"
#include "cli/object_document.h"
#include "wire/pack.h"

/* --------------------------------------------------------------------- by fields */

/* PATH=VALUE, PATH==VALUE or PATH!=VALUE, taken apart in place. */
static int split(char *term, const char **ret_value, bool *ret_is_not, struct err *err)
{
    char *eq = strchr(term, '=');

    *ret_is_not = eq && eq > term && eq[-1] == '!';
    if (!eq || eq - *ret_is_not == term)
        return err_set(err, EINVAL, "'%.100s' is not FIELD=VALUE or FIELD!=VALUE",
                       term);
    eq[*ret_is_not ? -1 : 0] = '\0';
    *ret_value = eq + (eq[1] == '=' ? 2 : 1);
    return 0;
}

/* "metadata.name", ".metadata.name" and "{.metadata.name}" are the same. */
static char *in_braces(const char *path)
{
    if (path[0] == '{')
        return xstrdup(path);
    return xasprintf("{%s%s}", path[0] == '.' || path[0] == '[' ? "" : ".", path);
}

static char *value_at(json_t *document, const char *path)
{
    cleanup(freep) char *template = in_braces(path);
    struct strbuf out = STRBUF_INIT;
    struct err err;

    (void)json_path_print(template, document, &out, &err);
    return out.s ? strbuf_take(&out) : xstrdup("");
}

int object_fields_check(const char *fields, struct err *err)
{
    cleanup(strv_freep) char **terms = strv_split(fields, ",");

    strv_foreach (term, terms) {
        json_t *nothing = json_object(), *found = NULL;
        const char *value;
        bool is_not;
        int rc = split(*term, &value, &is_not, err);

        if (rc == 0) {
            cleanup(freep) char *path = in_braces(*term);

            rc = json_path_find(path, nothing, &found, err);
        }
        json_decref(found);
        json_decref(nothing);
        if (rc < 0)
            return rc;
    }
    return 0;
}

bool object_fields_hold(const char *fields, const Berth__ObjectRecord *record)
{
    cleanup(strv_freep) char **terms = strv_split(fields, ",");
    json_t *document = object_document_quick(record);
    bool holds = true;

    strv_foreach (term, terms) {
        cleanup(freep) char *is = NULL;
        const char *value;
        struct err err;
        bool is_not;

        if (split(*term, &value, &is_not, &err) < 0)
            continue;
        is = value_at(document, *term);
        holds &= (strcmp(is, value) == 0) != is_not;
    }
    json_decref(document);
    return holds;
}

void object_list_pick(Berth__ObjectList *list, const char *fields)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n_objects; i++) {
        if (object_fields_hold(fields, list->objects[i]))
            list->objects[n++] = list->objects[i];
        else
            free_message(list->objects[i]);
    }
    list->n_objects = n;
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
