/* SPDX-License-Identifier: Apache-2.0
 *
 * sacct_select.c - which runs sacct lists, of those that the controller gives
 */
#include "slurm/sacct_select.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"

static int read_range(const char *option, const char *text, uint32_t *ret_least,
                      uint32_t *ret_most, struct err *err)
{
    int rc = text ? count_range_parse(text, ret_least, ret_most, err) : 0;

    return rc ? err_wrap(err, "--%s", option) : 0;
}

static int read_limit(const char *option, const char *text, int64_t *ret,
                      struct err *err)
{
    int rc = text ? duration_parse(text, ret, err) : 0;

    return rc ? err_wrap(err, "--%s", option) : 0;
}

static int read_groups(const char *text, struct sacct_choice *ret, struct err *err)
{
    cleanup(strv_freep) char **words = strv_split(text, ", ");

    ret->gids = xcalloc(strv_len(words) + 1, sizeof(*ret->gids));
    strv_foreach (word, words) {
        const struct group *group = getgrnam(*word);
        int64_t gid = group ? (int64_t)group->gr_gid : 0;

        if (!group && number_parse(*word, 0, UINT32_MAX, &gid, NULL))
            return err_set(err, EINVAL, "--group: Invalid group id: %.60s", *word);
        ret->gids[ret->n_gids++] = (uint32_t)gid;
    }
    return 0;
}

int sacct_choice_read(const struct sacct_select *from, struct sacct_choice *ret,
                      struct err *err)
{
    int rc;

    *ret = (struct sacct_choice){0};
    rc = read_range("nnodes", from->nodes, &ret->nodes_least, &ret->nodes_most, err);
    if (rc == 0)
        rc = read_range("ncpus", from->cpus, &ret->cpus_least, &ret->cpus_most, err);
    if (rc == 0)
        rc = read_limit("timelimit-min", from->limit_least, &ret->limit_least, err);
    if (rc == 0)
        rc = read_limit("timelimit-max", from->limit_most, &ret->limit_most, err);
    if (rc == 0 && from->limit_most && !from->limit_least)
        rc = err_set(err, EINVAL, "--timelimit-max: it goes with --timelimit-min");
    if (!from->limit_most)
        ret->limit_most = ret->limit_least;
    if (rc == 0 && from->groups)
        rc = read_groups(from->groups, ret, err);
    ret->reasons = from->reasons ? strv_split(from->reasons, ", ") : NULL;
    ret->features = from->features ? strv_split(from->features, ", ") : NULL;
    return rc;
}

void sacct_choice_fini(struct sacct_choice *choice)
{
    strv_free(choice->reasons);
    strv_free(choice->features);
    free(choice->gids);
}

static bool is_among(char *const *words, const char *text)
{
    for (; words && *words; words++)
        if (strcasecmp(*words, text) == 0)
            return true;
    return false;
}

static bool is_in_range(uint32_t n, uint32_t least, uint32_t most)
{
    return most == 0 || (n >= least && n <= most);
}

/* No limit is above all of them. */
static bool has_limit(const struct sacct_choice *choice, int64_t limit)
{
    int64_t most =
        choice->limit_most == TIME_UNLIMITED ? INT64_MAX : choice->limit_most;
    int64_t least =
        choice->limit_least == TIME_UNLIMITED ? INT64_MAX : choice->limit_least;

    if (limit == TIME_UNLIMITED)
        limit = INT64_MAX;
    return choice->limit_most == 0 || (limit >= least && limit <= most);
}

static bool is_of_group(const struct sacct_choice *choice, uint32_t gid)
{
    for (size_t i = 0; i < choice->n_gids; i++)
        if (choice->gids[i] == gid)
            return true;
    return !choice->gids;
}

bool sacct_is_chosen(const struct sacct_choice *choice, const Berth__HistoryJob *job)
{
    return is_in_range(job->n_nodes, choice->nodes_least, choice->nodes_most) &&
           is_in_range(job->cpus, choice->cpus_least, choice->cpus_most) &&
           has_limit(choice, job->time_limit) && is_of_group(choice, job->gid) &&
           (!choice->reasons || is_among(choice->reasons, job->reason)) &&
           (!choice->features || is_among(choice->features, job->constraint));
}
