/* SPDX-License-Identifier: Apache-2.0
 *
 * empty_volume.c - empty what a volume held, for the daemon of a node
 */
#include "cli/empty_volume.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/empty_dir.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"

static int read_id(const char *text, uint32_t *ret, struct err *err)
{
    int64_t id = 0;
    int rc = number_parse(text, 0, UINT32_MAX - 1, &id, err);

    *ret = (uint32_t)id;
    return rc < 0 ? rc : 0;
}

static int set_groups(const char *list, struct err *err)
{
    cleanup(strv_freep) char **texts = strv_split(list, ",");
    size_t n = strv_len(texts);
    cleanup(freep) gid_t *groups = xcalloc(n + 1, sizeof(*groups));
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++)
        rc = read_id(texts[i], &groups[i], err);
    if (rc == 0 && setgroups(n, groups))
        rc = err_sys(err, errno, "take the groups of the volume's user");
    return rc;
}

/* For good: all three ids. */
static int become(const char *user, const char *group, const char *groups,
                  struct err *err)
{
    uint32_t uid, gid;
    int rc = read_id(user, &uid, err);

    if (rc == 0)
        rc = read_id(group, &gid, err);
    if (rc || (geteuid() != 0 && geteuid() == uid))
        return rc;
    rc = set_groups(groups, err);
    if (rc == 0 && (setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
        rc = err_sys(err, errno, "become uid %u", uid);
    return rc;
}

int empty_volume_main(char **argv)
{
    cleanup(strv_freep) char **roots = strv_split(argv[3], ",");
    struct err err = {0};
    int rc;

    rc = become(argv[0], argv[1], argv[2], &err);
    if (rc == 0)
        rc = empty_dir_below(roots, argv[4], &err);
    if (rc) /* the daemon's words, as they are */
        (void)fputs(err.text, stderr);
    return rc != 0;
}
