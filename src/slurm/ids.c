/* SPDX-License-Identifier: Apache-2.0
 *
 * ids.c - jobs as Slurm's users write them
 */
#include "slurm/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "spec/array_spec.h"

/* Split at commas and blanks that are outside of brackets. */
static char **split(const char *text)
{
    char **words = NULL;
    int depth = 0;
    size_t len;

    for (; *text; text += len + (text[len] != '\0')) {
        for (len = 0; text[len]; len++) {
            depth += (text[len] == '[') - (text[len] == ']');
            if (depth <= 0 && strchr(", \t\n", text[len]))
                break;
        }
        if (len)
            strv_take(&words, xstrndup(text, len));
    }
    return words;
}

static int add(struct job_names *names, const char *word, struct err *err)
{
    cleanup(freep) char *job = xstrndup(word, strcspn(word, "_.+"));
    const char *bar = strchr(word, '_');
    cleanup(freep) char *elements = xstrdup("");
    cleanup(array_spec_fini) struct array_spec spec = {0};
    size_t skip = bar && bar[1] == '[' ? 2 : 1;
    int64_t id;

    if (number_parse(job, 1, UINT32_MAX, &id, NULL))
        return err_set(err, EINVAL, "Invalid job id: %.80s", word);
    if (bar) {
        free(elements);
        elements = xstrndup(bar + skip, strcspn(bar + skip, "].+"));
        if (array_spec_parse(elements, &spec, NULL))
            return err_set(err, EINVAL, "Invalid job id: %.80s", word);
    }
    names->ids[names->n] = (uint32_t)id;
    names->elements[names->n++] = take(elements);
    return 0;
}

int ids_parse(const char *text, struct job_names *ret, struct err *err)
{
    cleanup(strv_freep) char **words = split(text);
    size_t n = strv_len(words);
    int rc = 0;

    *ret = (struct job_names){0};
    ret->ids = xcalloc(n + 1, sizeof(*ret->ids));
    ret->elements = xcalloc(n + 1, sizeof(*ret->elements));
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = add(ret, words[i], err);
    return rc;
}
