/* SPDX-License-Identifier: Apache-2.0
 *
 * states.c - the states of jobs that clients of Slurm know
 */
#include "slurm/states.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

/* In the order of Slurm's numbers: base states, then flags. */
static const struct {
    const char *name, *brief;
    bool is_ours; /* jobs of Berth can be in it */
} table[] = {
    {"PENDING", "PD", true},       {"RUNNING", "R", true},
    {"SUSPENDED", "S", true},      {"COMPLETED", "CD", true},
    {"CANCELLED", "CA", true},     {"FAILED", "F", true},
    {"TIMEOUT", "TO", true},       {"NODE_FAIL", "NF", true},
    {"PREEMPTED", "PR", true},     {"BOOT_FAIL", "BF", false},
    {"DEADLINE", "DL", false},     {"OUT_OF_MEMORY", "OOM", true},
    {"COMPLETING", "CG", true},    {"CONFIGURING", "CF", true},
    {"RESIZING", "RS", false},     {"RESV_DEL_HOLD", "RD", false},
    {"REQUEUED", "RQ", false},     {"REQUEUE_FED", "RF", false},
    {"REQUEUE_HOLD", "RH", false}, {"REVOKED", "RV", false},
    {"SIGNALING", "SI", false},    {"SPECIAL_EXIT", "SE", false},
    {"STAGE_OUT", "SO", false},    {"STOPPED", "ST", false},
};

static size_t find(const char *word)
{
    size_t i = 0;

    while (i < ARRAY_SIZE(table) && strcasecmp(table[i].name, word) != 0 &&
           strcasecmp(table[i].brief, word) != 0)
        i++;
    return i;
}

const char *state_long(const char *word)
{
    size_t i = find(word);

    return i < ARRAY_SIZE(table) ? table[i].name : NULL;
}

const char *state_short(const char *word)
{
    size_t i = find(word);

    return i < ARRAY_SIZE(table) ? table[i].brief : NULL;
}

unsigned int state_number(const char *word)
{
    return (unsigned int)find(word);
}

char *states_words(void)
{
    struct strbuf names = STRBUF_INIT;

    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        strbuf_printf(&names, "%s%s", i ? "," : "", table[i].name);
    return strbuf_take(&names);
}

int states_parse(const char *text, char ***ret_states, bool *ret_all, struct err *err)
{
    cleanup(strv_freep) char **words = strv_split(text, ", ");
    cleanup(strv_freep) char **states = NULL;
    bool all = false;

    strv_foreach (word, words) {
        size_t i = find(*word);

        if (strcasecmp(*word, "all") == 0) {
            all = true;
            continue;
        }
        if (i == ARRAY_SIZE(table))
            return err_set(err, EINVAL, "Invalid job state specified: %.40s", *word);
        if (table[i].is_ours)
            strv_add(&states, table[i].name);
    }
    *ret_all = all;
    *ret_states = all ? NULL : take(states);
    return 0;
}
