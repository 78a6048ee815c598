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
#include "wire/pack.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#define LIMIT_MS 600000
#define AT_ONCE 4
#define GROUPS_MAX 256
#define WORDS_MAX 400

struct reclaim {
    struct node *node;
    Berth__VolumeReclaim *order;
    char *path;   /* on this node */
    char *groups; /* "100,24", of the owner */
    uv_work_t work;
    uv_process_t process;
    uv_pipe_t out;
    uv_timer_t timer;
    unsigned int open; /* handles */
    char words[WORDS_MAX + 1];
    size_t n_words;
    bool is_late;
    int64_t status;
    int signo;
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

static void on_closed(uv_handle_t *handle)
{
    struct reclaim *r = handle->data;

    if (--r->open)
        return;
    r->words[r->n_words] = '\0';
    if (r->is_late)
        finish(r, ETIMEDOUT, "it took more than ten minutes");
    else if (r->signo || (r->status && !r->n_words))
        finish(r, EIO, "the program that removes files has failed");
    else
        finish(r, r->status ? EIO : 0, r->status ? r->words : "");
}

static void close_one(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* ------------------------------------------------------------------ the program */

static void on_exit_of(uv_process_t *process, int64_t status, int signo)
{
    struct reclaim *r = process->data;

    r->status = status;
    r->signo = signo;
    close_one((uv_handle_t *)process);
    close_one((uv_handle_t *)&r->timer);
}

static void on_late(uv_timer_t *timer)
{
    struct reclaim *r = timer->data;

    r->is_late = true;
    (void)uv_process_kill(&r->process, SIGKILL);
}

static void offer_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    static char rest[4096];
    struct reclaim *r = handle->data;
    size_t room = WORDS_MAX - r->n_words;

    (void)wanted;
    *buf = room ? uv_buf_init(r->words + r->n_words, (unsigned int)room)
                : uv_buf_init(rest, sizeof(rest));
}

static void on_words(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct reclaim *r = stream->data;

    if (n < 0)
        close_one((uv_handle_t *)stream);
    else if (buf->base == r->words + r->n_words)
        r->n_words += (size_t)n;
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

static void spawn(struct reclaim *r)
{
    cleanup(strv_freep) char **argv = program_argv(r);
    char *env[] = {NULL};
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    uv_process_options_t options = {.file = argv[0],
                                    .args = argv,
                                    .env = env,
                                    .cwd = "/",
                                    .stdio = stdio,
                                    .stdio_count = ARRAY_SIZE(stdio),
                                    .exit_cb = on_exit_of};
    int rc;

    (void)uv_pipe_init(r->node->loop, &r->out, 0);
    (void)uv_timer_init(r->node->loop, &r->timer);
    r->out.data = r->timer.data = r->process.data = r;
    r->open = 3;
    stdio[2].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    stdio[2].data.stream = (uv_stream_t *)&r->out;
    rc = uv_spawn(r->node->loop, &r->process, &options);
    if (rc) {
        r->status = 1;
        r->n_words = (size_t)snprintf(r->words, sizeof(r->words), "%.300s: %s", argv[0],
                                      uv_strerror(rc));
        close_one((uv_handle_t *)&r->out);
        close_one((uv_handle_t *)&r->process);
        close_one((uv_handle_t *)&r->timer);
        return;
    }
    (void)uv_read_start((uv_stream_t *)&r->out, offer_room, on_words);
    (void)uv_timer_start(&r->timer, on_late, LIMIT_MS, 0);
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
    spawn(work->data);
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
