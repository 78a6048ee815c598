/* SPDX-License-Identifier: Apache-2.0
 *
 * test_only.c - when a job would start, were it submitted
 */
#include "cli/test_only.h"

#include <time.h>

#include "base/bitset.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/command.h"
#include "cli/helper_pods.h"
#include "cli/say.h"

#define CORES_MAX 65536

static size_t count_cores(const char *cores)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;

    return bitset_parse(cores, CORES_MAX, &set, NULL) < 0 ? 0 : bitset_count(set);
}

/* "2 processors on nodes n[1-2]" */
static char *where_words(const Berth__Placement *where)
{
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *list = NULL;
    size_t cores = 0;

    for (size_t i = 0; i < where->n_shares; i++) {
        strv_add(&names, where->shares[i]->node);
        cores += count_cores(where->shares[i]->cores);
    }
    list = hostlist_compress(names);
    return xasprintf("using %zu processors on nodes %s", cores, list);
}

static int say_start(const Berth__JobSpec *spec, const Berth__Explanation *answer)
{
    cleanup(freep) char *where =
        answer->where ? where_words(answer->where) : xstrdup("on nodes not known yet");
    cleanup(freep) char *pods = helper_pods_names(spec);
    time_t start = (time_t)answer->start;
    char text[32];
    struct tm tm;

    if (!answer->start) {
        say_error("allocation failure: Requested node configuration is not available "
                  "(%s)",
                  answer->words);
        return STATUS_FAILED;
    }
    localtime_r(&start, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    say_info("Job 0 to start at %s %s in partition %s%s%s", text, where,
             answer->partition, pods ? ", with helper pods " : "", pods ? pods : "");
    return STATUS_OK;
}

int test_only(const struct job_args *args, int (*refused)(int code, const char *text))
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__Explanation *answer = NULL;
    struct berth_err err;

    if (link_open(args->config, &berth) < 0 ||
        link_check_cluster(berth, args->clusters, NULL) < 0)
        return STATUS_FAILED;
    if (berth_submit_test(berth, args->spec, &answer, &err) < 0)
        return refused(err.code, err.text);
    return say_start(args->spec, answer);
}
