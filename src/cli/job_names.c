/* SPDX-License-Identifier: Apache-2.0
 *
 * job_names.c - jobs as people write them: "12", "12_3", "12_[5-9]"
 */
#include "cli/job_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/say.h"
#include "spec/array_spec.h"

#define LEFT_MAX 48 /* characters of what has not begun, in lists */

/* "3", "5-9", "[5-9]": without the brackets. */
static char *without_brackets(const char *text)
{
    size_t len = strlen(text);

    if (len > 2 && text[0] == '[' && text[len - 1] == ']')
        return xstrndup(text + 1, len - 2);
    return xstrdup(text);
}

static int parse_one(const char *word, uint32_t *ret_id, char **ret_elements)
{
    const char *bar = strchr(word, '_');
    cleanup(freep) char *job =
        bar ? xstrndup(word, (size_t)(bar - word)) : xstrdup(word);
    cleanup(freep) char *elements = bar ? without_brackets(bar + 1) : xstrdup("");
    cleanup(array_spec_fini) struct array_spec spec = {0};
    struct err err;
    int64_t id;
    int rc = number_parse(job, 1, UINT32_MAX, &id, &err);

    if (rc < 0) {
        say_error("'%s' is not the number of a job", word);
        return rc;
    }
    rc = bar ? array_spec_parse(elements, &spec, &err) : 0;
    if (rc < 0) {
        say_error("'%s': %s", word, err.text);
        return rc;
    }
    *ret_id = (uint32_t)id;
    *ret_elements = take(elements);
    return 0;
}

int job_names_parse(int n, char *const *words, struct job_names *ret)
{
    *ret = (struct job_names){0};
    ret->ids = xcalloc((size_t)n + 1, sizeof(*ret->ids));
    ret->elements = xcalloc((size_t)n + 1, sizeof(*ret->elements));
    for (int i = 0; i < n; i++) {
        int rc = parse_one(words[i], &ret->ids[i], &ret->elements[i]);

        if (rc < 0)
            return rc;
        ret->n++;
    }
    return 0;
}

void job_names_fini(struct job_names *names)
{
    strv_free(names->elements);
    free(names->ids);
}

char *job_name_of(const Berth__JobRecord *record)
{
    const char *left = record->array_left;

    if (record->array_job)
        return xasprintf("%u_%u", record->array_job, record->array_task);
    if (!left[0])
        return xasprintf("%u", record->id);
    if (strlen(left) > LEFT_MAX)
        return xasprintf("%u_[%.*s...]", record->id, LEFT_MAX, left);
    return xasprintf("%u_[%s]", record->id, left);
}
