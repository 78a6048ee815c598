/* SPDX-License-Identifier: Apache-2.0
 *
 * handle.c - a handle on a cluster, and its connection to the controller
 */
#include "client/handle.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "client/join.h"
#include "wire/pack.h"

static int load(const char *given, struct config **ret_config, struct err *err)
{
    cleanup(freep) char *path = NULL;
    int rc = config_find(given, &path, err);

    if (rc == 0)
        rc = config_load(path, ret_config, err);
    if (rc == 0)
        rc = join_cluster(*ret_config, err);
    return rc;
}

int berth_open(const char *config, struct berth **ret, struct berth_err *err)
{
    struct berth *berth = xcalloc(1, sizeof(*berth));
    const struct passwd *pw;
    struct err words = {0};
    int rc = load(config, &berth->config, &words);

    if (rc < 0) {
        berth_close(berth);
        return berth_err_take(err, &words);
    }
    pw = getpwnam(berth->config->controller.user);
    berth->controller_uid = pw ? pw->pw_uid : getuid();
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

void berth_free(void *reply)
{
    free_message(reply);
}

int handle_connect(struct berth *berth, struct err *err)
{
    const struct config *config = berth->config;
    int rc;

    if (berth->caller)
        return 0;
    rc = caller_connect(&berth->auth, config->controller.host, config->controller.port,
                        "", berth->controller_uid, &berth->caller, err);
    if (rc < 0)
        return err_wrap(err, "cannot reach the controller of cluster %s",
                        config->cluster);
    return 0;
}

void handle_drop(struct berth *berth)
{
    caller_destroy(take(berth->caller));
    berth->wait_id = 0;
}

bool handle_is_lost(int rc)
{
    return rc == -ECONNRESET || rc == -EPIPE || rc == -ETIMEDOUT ||
           rc == -ECONNREFUSED || rc == -ECONNABORTED || rc == -EHOSTUNREACH ||
           rc == -ENETUNREACH;
}
