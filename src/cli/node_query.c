/* SPDX-License-Identifier: Apache-2.0
 *
 * node_query.c - ask for nodes by the names on a command line
 */
#include "cli/node_query.h"

#include <errno.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/say.h"

int node_names_expand(int n, char *const *words, char ***ret_names)
{
    cleanup(strv_freep) char **given = NULL;
    cleanup(freep) char *list = NULL;
    struct err err;

    for (int i = 0; i < n; i++)
        strv_add(&given, words[i]);
    list = given ? strv_join(given, ",") : xstrdup("");
    if (hostlist_expand(list, ret_names, &err) == 0)
        return 0;
    say_error("%s", err.text);
    return -EINVAL;
}

int node_query_send(const char *config, int n, char *const *words,
                    Berth__NodeList **ret_list)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(strv_freep) char **names = NULL;
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    struct berth_err words_err;

    if (node_names_expand(n, words, &names) < 0)
        return -EINVAL;
    query.names = names;
    query.n_names = strv_len(names);
    if (link_open(config, &berth) < 0)
        return -EIO;
    if (berth_nodes(berth, &query, ret_list, &words_err) < 0) {
        say_error("%s", words_err.text);
        return -EIO;
    }
    return 0;
}
