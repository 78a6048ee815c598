/* SPDX-License-Identifier: Apache-2.0
 *
 * handle.c - a handle on a cluster
 */
#include "client/handle.h"

#include <stdlib.h>

#include "base/mem.h"
#include "client/join.h"
#include "wire/pack.h"

static int load(const char *given, struct config **ret_config, struct err *err)
{
    cleanup(freep) char *path = NULL;
    int rc = config_find(given, &path, err);

    if (rc == 0)
        rc = config_load_settings(path, ret_config, err);
    if (rc == 0)
        rc = join_cluster(*ret_config, err);
    return rc;
}

int berth_open(const char *config, struct berth **ret, struct berth_err *err)
{
    struct berth *berth = xcalloc(1, sizeof(*berth));
    struct err words = {0};
    int rc = load(config, &berth->config, &words);

    if (rc < 0) {
        berth_close(berth);
        return berth_err_take(err, &words);
    }
    berth->auth.munge_socket = berth->config->munge.socket;
    *ret = berth;
    return 0;
}

void berth_close(struct berth *berth)
{
    if (!berth)
        return;
    handle_drop(berth);
    config_free(berth->config);
    free(berth);
}

void berth_set_patience(struct berth *berth, int ms)
{
    berth->patience_ms = ms;
}

void berth_free(void *reply)
{
    free_message(reply);
}

void handle_drop(struct berth *berth)
{
    caller_destroy(take(berth->caller));
    berth->wait_id = 0;
}
