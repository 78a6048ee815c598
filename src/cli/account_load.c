/* SPDX-License-Identifier: Apache-2.0
 *
 * account_load.c - a file of orders, so that a site's accounts can be kept as text
 */
#include "cli/account_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"

#define FILE_MAX (16u << 20)

static int send_account(struct berth *berth, int argc, char **argv, struct err *err)
{
    struct account_args args = {.user = NULL};
    Berth__AccountChange change;
    struct berth_err refusal;
    int next, rc;

    rc = opts_parse(account_opts, 0, OPTS_ANYWHERE, argc, argv, &args, &next, err);
    if (rc == 0)
        rc = account_order(&args, argv + next, argc - next, true, &change, err);
    if (rc == -ENOENT)
        rc = err_set(err, EINVAL, "account: which order? add, add-user, modify, ...");
    if (rc == 0 && berth_account_change(berth, &change, &refusal) < 0)
        rc = err_set(err, refusal.code, "%s", refusal.text);
    settings_fini(&args.settings);
    return rc;
}

static int send_qos(struct berth *berth, int argc, char **argv, struct err *err)
{
    struct qos_args args = {.settings = {0}};
    Berth__QosChange change;
    struct berth_err refusal;
    int next, rc;

    rc = opts_parse(qos_opts, 0, OPTS_ANYWHERE, argc, argv, &args, &next, err);
    if (rc == 0)
        rc = qos_order(&args, argv + next, argc - next, true, &change, err);
    if (rc == -ENOENT)
        rc = err_set(err, EINVAL, "qos: which order? add, modify, delete, ...");
    if (rc == 0 && berth_qos_change(berth, &change, &refusal) < 0)
        rc = err_set(err, refusal.code, "%s", refusal.text);
    settings_fini(&args.settings);
    return rc;
}

/* One line; empty ones and comments do nothing. */
static int carry_out(struct berth *berth, char *line, struct err *err)
{
    cleanup(strv_freep) char **words = NULL;
    char **argv;
    int argc;

    line[strcspn(line, "#")] = '\0';
    words = strv_split(line, " \t\r");
    argv = words;
    argc = (int)strv_len(words);
    if (argc && strcmp(argv[0], "berth") == 0) {
        argv++;
        argc--;
    }
    if (argc == 0)
        return 0;
    if (strcmp(argv[0], "account") == 0)
        return send_account(berth, argc, argv, err);
    if (strcmp(argv[0], "qos") == 0)
        return send_qos(berth, argc, argv, err);
    return err_set(err, EINVAL, "'%.40s': a line begins with account or qos", argv[0]);
}

static int read_orders(const char *path, char **ret_text)
{
    struct err err;
    int rc = strcmp(path, "-") == 0
                 ? io_read_fd(STDIN_FILENO, FILE_MAX, ret_text, NULL, &err)
                 : io_read_file(path, FILE_MAX, ret_text, NULL, &err);

    if (rc < 0)
        say_error("%s", err.text);
    return rc;
}

int account_load(const struct common *common, const char *path)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(freep) char *text = NULL;
    unsigned int number = 0;
    char *rest;

    if (read_orders(path, &text) < 0 || link_open(common->config, &berth) < 0)
        return STATUS_FAILED;
    rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        struct err err = {0};

        number++;
        if (carry_out(berth, line, &err) == 0)
            continue;
        say_error("%s:%u: %s", path, number,
                  err.text[0] ? err.text : "this option does nothing in a file");
        return STATUS_FAILED;
    }
    return STATUS_OK;
}
