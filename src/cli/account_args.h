/* SPDX-License-Identifier: Apache-2.0
 *
 * account_args.h - orders on accounts and QOS, from a command line or a file's line
 */
#ifndef BERTH_CLI_ACCOUNT_ARGS_H
#define BERTH_CLI_ACCOUNT_ARGS_H

#include "cli/settings.h"

struct account_args {
    struct common common;
    const char *partition, *user;
    struct settings settings;
};
extern const struct opt account_opts[];

struct qos_args {
    struct common common;
    struct settings settings;
};
extern const struct opt qos_opts[];

/* An order: 'words' are the operands after the command, "add-user alice physics".
 * -ENOENT when words[0] is no order but a question; -EINVAL with words when
 * operands are missing or too many. 'may_exist' makes of adding one a setting of
 * what is there. Fields borrow from 'args' and 'words'. */
int account_order(const struct account_args *args, char **words, int n, bool may_exist,
                  Berth__AccountChange *ret, struct err *err);
int qos_order(const struct qos_args *args, char **words, int n, bool may_exist,
              Berth__QosChange *ret, struct err *err);

/* Carry out a file of orders: "account add physics --shares 10", one a line, '#'
 * before comments. Stops at the first that fails. Returns the exit status. */
int account_load(const struct common *common, const char *path);

#endif
