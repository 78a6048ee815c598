/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster_link.c - open the cluster, or say in one sentence why not
 */
#include "cli/cluster_link.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/say.h"

int link_open(const char *config, struct berth **ret_berth)
{
    struct berth_err err;
    int rc = berth_open(config, ret_berth, &err);

    if (rc < 0)
        say_error("%s", err.text);
    return rc;
}

void link_closep(struct berth **berth)
{
    berth_close(*berth);
}

void reply_freep(void *pp)
{
    berth_free(*(void **)pp);
}

int link_check_cluster(struct berth *berth, const char *names, char **ret_name)
{
    cleanup(reply_freep) Berth__Pong *pong = NULL;
    cleanup(strv_freep) char **words = names ? strv_split(names, ",") : NULL;
    struct berth_err err;
    int rc = 0;

    if (ret_name)
        *ret_name = NULL;
    if (!words)
        return 0;
    rc = berth_ping(berth, &pong, &err);
    if (rc < 0) {
        say_error("%s", err.text);
        return rc;
    }
    strv_foreach (word, words) {
        if (strcmp(*word, pong->cluster) == 0 || strcmp(*word, "all") == 0)
            continue;
        say_error("'%s' can't be reached now, or it is an invalid entry for "
                  "--cluster: this is the cluster %s",
                  *word, pong->cluster);
        return -EINVAL;
    }
    if (ret_name)
        *ret_name = xstrdup(pong->cluster);
    return 0;
}

int parse_job_ids(int n, char *const *words, uint32_t **ret_ids)
{
    cleanup(freep) uint32_t *ids = xcalloc((size_t)n + 1, sizeof(*ids));
    struct err err;
    int64_t id;

    for (int i = 0; i < n; i++) {
        int rc = number_parse(words[i], 1, UINT32_MAX, &id, &err);

        if (rc < 0) {
            say_error("'%s' is not the number of a job", words[i]);
            return rc;
        }
        ids[i] = (uint32_t)id;
    }
    *ret_ids = take(ids);
    return 0;
}
