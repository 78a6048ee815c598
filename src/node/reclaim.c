/* SPDX-License-Identifier: Apache-2.0
 *
 * reclaim.c - remove what a volume held whose claim has gone
 *
 *     order --> groups of its owner, in a worker --> program --> VolumeReclaimed
 */
#include "node/reclaim.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "node/program.h"
#include "wire/pack.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#define LIMIT_MS 600000
#define AT_ONCE 4
#define GROUPS_MAX 256

struct reclaim {
    struct node *node;
    Berth__VolumeReclaim *order;
    char *path;   /* on this node */
    char *groups; /* "100,24", of the owner */
    uv_work_t work;
    struct reclaim *prev, *next;
};

static struct reclaim *reclaims;

/* ------------------------------------------------------------------- the answer */

static void tell(struct node *node, const Berth__VolumeReclaim *order, int code,
                 const char *words)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__VolumeReclaimed told = BERTH__VOLUME_RECLAIMED__INIT;

    told.uid = order->uid;
    told.code = (uint32_t)code;
    told.words = (char *)(uintptr_t)words;
    env.body_case = BERTH__ENVELOPE__BODY_VOLUME_RECLAIMED;
    env.volume_reclaimed = &told;
    /* Lost with the connection: the controller asks again. */
    uplink_tell(node->uplink, &env);
}

static void finish(struct reclaim *r, int code, const char *words)
{
    if (code)
        log_warn("volume %s: %s", r->order->name, words);
    else
        log_info("volume %s: %s is empty", r->order->name, r->path);
    tell(r->node, r->order, code, words);
    DL_DELETE(reclaims, r);
    free_message(r->order);
    free(r->path);
    free(r->groups);
    free(r);
}

/* ------------------------------------------------------------------ the program */

static void on_end(void *ctx, const struct program_end *end)
{
    if (end->is_late)
        finish(ctx, ETIMEDOUT, "it took more than ten minutes");
    else if (program_ended_well(end))
        finish(ctx, 0, "");
    else if (end->signo || !end->words[0])
        finish(ctx, EIO, "the program that removes files has failed");
    else
        finish(ctx, EIO, end->words);
}

static char **program_argv(const struct reclaim *r)
{
    const char *tools = getenv("BERTH_TOOLS_DIR");
    const char *roots = r->node->config->pods.reclaim_paths;
    char **argv = NULL;

    strv_take(&argv, xasprintf("%s/berth", tools ? tools : BERTH_LIBEXECDIR "/bin"));
    strv_add(&argv, ".empty");
    strv_take(&argv, xasprintf("%u", r->order->owner_uid));
    strv_take(&argv, xasprintf("%u", r->order->owner_gid));
    strv_add(&argv, r->groups);
    strv_add(&argv, roots ? roots : "");
    strv_add(&argv, r->path);
    return argv;
}

static void empty(struct reclaim *r)
{
    cleanup(strv_freep) char **argv = program_argv(r);
    char *env[] = {NULL};
    const struct program_wish wish = {.argv = argv, .env = env, .limit_ms = LIMIT_MS};

    program_run(r->node->loop, &wish, on_end, r);
}

/* -------------------------------------------------------------------- the order */

/* The name service may take its time. */
static void find_groups(uv_work_t *work)
{
    struct reclaim *r = work->data;
    struct passwd pw, *found = NULL;
    struct strbuf list = STRBUF_INIT;
    char buffer[4096];
    gid_t groups[GROUPS_MAX];
    int n = GROUPS_MAX;

    strbuf_printf(&list, "%u", r->order->owner_gid);
    if (getpwuid_r(r->order->owner_uid, &pw, buffer, sizeof(buffer), &found) == 0 &&
        found && getgrouplist(pw.pw_name, r->order->owner_gid, groups, &n) >= 0)
        for (int i = 0; i < n; i++)
            strbuf_printf(&list, ",%u", groups[i]);
    r->groups = strbuf_take(&list);
}

static void after_groups(uv_work_t *work, int status)
{
    (void)status;
    empty(work->data);
}

/* Where this node has "SERVER:/PATH" mounted for pods; heap, NULL: nowhere. */
static char *mounted_at(const struct node *node, const char *server, const char *path)
{
    const char *mounts = node->config->pods.nfs_mounts;
    cleanup(strv_freep) char **list = strv_split(mounts ? mounts : "", ",");
    size_t best = 0;
    char *found = NULL;

    strv_foreach (rule, list) {
        char *export = strstr(*rule, ":/"), *dir = export ? strstr(export, "=/") : NULL;
        size_t len;

        if (!dir)
            continue;
        *export ++ = *dir++ = '\0';
        dir[strcspn(dir, ":")] = '\0';
        len = strcmp(export, "/") == 0 ? 0 : strlen(export);
        if (strcmp(*rule, server) != 0 || strncmp(path, export, len) != 0 ||
            path[len] != '/' || (found && len < best))
            continue;
        best = len;
        free(found);
        found = xasprintf("%s%s", dir, path + len);
    }
    return found;
}

static bool is_begun(const Berth__VolumeReclaim *order, unsigned int *ret_n)
{
    const struct reclaim *r;
    bool begun = false;

    *ret_n = 0;
    DL_FOREACH(reclaims, r)
    {
        begun |= strcmp(r->order->uid, order->uid) == 0;
        ++*ret_n;
    }
    return begun;
}

void reclaim_order(struct node *node, const Berth__VolumeReclaim *order)
{
    struct reclaim *r;
    unsigned int n;

    if (is_begun(order, &n))
        return;
    if (n >= AT_ONCE) {
        tell(node, order, EAGAIN, "other volumes are being emptied here");
        return;
    }
    if (geteuid() != 0 && geteuid() != order->owner_uid) {
        tell(node, order, EPERM,
             "this node's daemon is not root, and the files are "
             "another user's");
        return;
    }
    r = xcalloc(1, sizeof(*r));
    r->node = node;
    r->order = copy_message(&order->base);
    r->path = order->server[0] ? mounted_at(node, order->server, order->path)
                               : xstrdup(order->path);
    DL_APPEND(reclaims, r);
    if (!r->path) {
        finish(r, ENODEV, "this node has not mounted it (pods.nfs_mounts)");
        return;
    }
    r->work.data = r;
    (void)uv_queue_work(node->loop, &r->work, find_groups, after_groups);
}
