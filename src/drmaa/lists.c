/* SPDX-License-Identifier: Apache-2.0
 *
 * lists.c - the three kinds of lists that callers go through
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/strv.h"
#include "drmaa/internal.h"

struct list {
    char **texts;
    size_t n, next;
};

void *list_create(char **texts)
{
    struct list *list = xcalloc(1, sizeof(*list));

    list->texts = texts;
    list->n = strv_len(texts);
    return list;
}

static int next(void *values, char *value, size_t len)
{
    struct list *list = values;
    int rc;

    if (!list || !value)
        return DRMAA_ERRNO_INVALID_ARGUMENT;
    if (list->next == list->n)
        return DRMAA_ERRNO_NO_MORE_ELEMENTS;
    rc = drmaa_give(value, len, list->texts[list->next]);
    if (rc == DRMAA_ERRNO_SUCCESS)
        list->next++;
    return rc;
}

static int count(const void *values, size_t *size)
{
    const struct list *list = values;

    if (!list || !size)
        return DRMAA_ERRNO_INVALID_ARGUMENT;
    *size = list->n;
    return DRMAA_ERRNO_SUCCESS;
}

static void release(void *values)
{
    struct list *list = values;

    if (list)
        strv_free(list->texts);
    free(list);
}

#define KIND(name, type)                                                    \
    EXPORT int drmaa_get_next_##name(type *values, char *value, size_t len) \
    {                                                                       \
        return next(values, value, len);                                    \
    }                                                                       \
    EXPORT int drmaa_get_num_##name##s(type *values, size_t *size)          \
    {                                                                       \
        return count(values, size);                                         \
    }                                                                       \
    EXPORT void drmaa_release_##name##s(type *values)                       \
    {                                                                       \
        release(values);                                                    \
    }

KIND(attr_name, drmaa_attr_names_t)
KIND(attr_value, drmaa_attr_values_t)
KIND(job_id, drmaa_job_ids_t)
