/* SPDX-License-Identifier: Apache-2.0
 *
 * mpi_kind.c - from a word of --mpi to a plugin's name
 */
#include "options/mpi_kind.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/plugin.h"
#include "base/strv.h"

static const char *const known[] = {"none", "pmix", "pmi2", "list"};

/* What Slurm's users write: versions of PMIx, and the older PMI, which the plugin for
 * PMI-2 speaks as well. */
static const struct {
    const char *word, *kind;
} aliases[] = {
    {"pmi", "pmi2"},     {"pmi1", "pmi2"},    {"pmix_v2", "pmix"}, {"pmix_v3", "pmix"},
    {"pmix_v4", "pmix"}, {"pmix_v5", "pmix"}, {"openmpi", "none"},
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int mpi_kind_parse(const char *word, char **ret_kind, struct err *err)
{
    cleanup(strv_freep) char **names = plugin_names("mpi_", NULL);
    cleanup(freep) char *all = NULL;
    const char *near;

    for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
        if (strcmp(aliases[i].word, word) == 0)
            word = aliases[i].kind;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (!strv_has(names, known[i]))
            strv_add(&names, known[i]);
    if (strv_has(names, word)) {
        *ret_kind = xstrdup(word);
        return 0;
    }
    /* As near, the same one is meant whatever is installed. */
    qsort(names, strv_len(names), sizeof(*names), by_name);
    near = nearest_name(word, (const char *const *)names, strv_len(names));
    if (near)
        return err_set(err, EINVAL, "there is no '%s'; did you mean '%s'?", word, near);
    all = strv_join(names, ", ");
    return err_set(err, EINVAL, "there is no '%s'; there is: %s", word, all);
}
