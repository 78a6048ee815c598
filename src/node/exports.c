/* SPDX-License-Identifier: Apache-2.0
 *
 * exports.c - what NFS servers export, mounted here for pods
 *
 *     AWAY --wanted--> MOUNTING --> THERE --the last pod has gone--> LEAVING --> AWAY
 *       ^------fails-------'                  (wanted meanwhile: mounted again)
 */
#include "node/exports.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "node/dir_guard.h"
#include "node/export_mount.h"
#include "node/export_rules.h"
#include "node/pod_grant.h"
#include "node/shepherd_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#define EXPORTS_OF_POD 64
#define ID_BYTES 8

enum stage { AWAY, MOUNTING, THERE, LEAVING };

struct user {
    uint32_t job, epoch;
    uid_t uid;
    struct user *prev, *next;
};

struct export
{
    struct node *node;
    char id[2 * ID_BYTES + 1];
    char *source; /* "SERVER:/PATH"; NULL: not asked for since the start */
    bool is_writable;
    char *gate, *dir, *records;
    enum stage stage;
    struct err why; /* it is AWAY again */
    struct user *users;
    struct export *prev, *next;
};

/* A lead that waits. */
struct request {
    struct node *node;
    uint32_t job, epoch;
    uid_t uid;
    uint64_t id;
    struct export *exports[EXPORTS_OF_POD];
    size_t n;
    struct request *prev, *next;
};

static struct export *exports;
static struct request *requests;

static void settle(struct export *export);

/* ---------------------------------------------------------------------- records */

static char *record_of(const struct export *export, uint32_t job, uint32_t epoch)
{
    return xasprintf("%s/%u.%u", export->records, job, epoch);
}

static struct user *find_user(const struct export *export, uint32_t job, uint32_t epoch)
{
    struct user *user;

    DL_FOREACH(export->users, user)
    if (user->job == job && user->epoch == epoch)
        return user;
    return NULL;
}

static void add_user(struct export *export, uint32_t job, uint32_t epoch, uid_t uid)
{
    struct user *user = xcalloc(1, sizeof(*user));

    user->job = job;
    user->epoch = epoch;
    user->uid = uid;
    DL_APPEND(export->users, user);
}

static bool has_uid(const uid_t *uids, size_t n, uid_t uid)
{
    for (size_t i = 0; i < n; i++)
        if (uids[i] == uid)
            return true;
    return false;
}

/* Whose pods use it may pass, and nobody else. Where the file system of run_dir can
 * tell no users apart it is left to the server whose files are whose. */
static int guard(const struct export *export, struct err *err)
{
    const struct user *user;
    cleanup(freep) uid_t *uids = NULL;
    size_t n = 0;
    int rc;

    DL_COUNT(export->users, user, n);
    uids = xcalloc(n + 1, sizeof(*uids));
    n = 0;
    DL_FOREACH(export->users, user)
    if (!has_uid(uids, n, user->uid))
        uids[n++] = user->uid;
    rc = dir_guard_set(export->gate, uids, n, err);
    if (rc != -ENOTSUP && rc != -ENOSPC && rc != -E2BIG)
        return rc;
    log_warn("%s; everybody here may look for what is mounted there", err->text);
    return chmod(export->gate, 0711) ? err_sys(err, errno, "%s", export->gate) : 0;
}

static void guard_or_warn(const struct export *export)
{
    struct err err;

    if (guard(export, &err) && err.code != ENOENT)
        log_warn("%s", err.text);
}

static int enter(struct export *export, const struct request *request, struct err *err)
{
    cleanup(freep) char *record = record_of(export, request->job, request->epoch);
    int rc;

    if (find_user(export, request->job, request->epoch))
        return 0;
    rc = io_mkdir_p(export->records, 0700, err);
    if (!rc)
        rc = io_write_file_atomic(record, "", 0, 0600, err);
    if (!rc)
        rc = io_mkdir_p(export->gate, 0711, err);
    if (rc)
        return rc;
    add_user(export, request->job, request->epoch, request->uid);
    return guard(export, err);
}

static void leave(struct export *export, struct user *user)
{
    cleanup(freep) char *record = record_of(export, user->job, user->epoch);

    (void)unlink(record);
    DL_DELETE(export->users, user);
    free(user);
    guard_or_warn(export);
}

/* ---------------------------------------------------------------------- exports */

static struct export *find_or_make(struct node *node, const char *id)
{
    struct export *export;
    cleanup(freep) char *top = NULL;

    DL_FOREACH(exports, export)
    if (strcmp(export->id, id) == 0)
        return export;
    export = xcalloc(1, sizeof(*export));
    export->node = node;
    (void)snprintf(export->id, sizeof(export->id), "%s", id);
    /* Without links, as the kernel lists mounts. */
    top = realpath(node->run_dir, NULL);
    export->gate = xasprintf("%s/nfs/%s", top ? top : node->run_dir, id);
    export->dir = xasprintf("%s/root", export->gate);
    export->records = xasprintf("%s/nfs/%s", node->state_dir, id);
    DL_APPEND(exports, export);
    return export;
}

/* Readers and writers have mounts of their own, should the site change its mind. */
static struct export *export_of(struct node *node, const char *source, bool is_writable)
{
    cleanup(freep) char *text = xasprintf("%s:%s", source, is_writable ? "rw" : "ro");
    unsigned char digest[16];
    char id[2 * ID_BYTES + 1];
    struct export *export;

    (void)crypto_generichash(digest, sizeof(digest), (const unsigned char *)text,
                             strlen(text), NULL, 0);
    (void)sodium_bin2hex(id, sizeof(id), digest, ID_BYTES);
    export = find_or_make(node, id);
    str_replace(&export->source, source);
    export->is_writable = is_writable;
    return export;
}

static void export_free(struct export *export)
{
    DL_DELETE(exports, export);
    free(export->source);
    free(export->gate);
    free(export->dir);
    free(export->records);
    free(export);
}

/* ---------------------------------------------------------------------- answers */

static struct shepherd *lead_of(const struct request *request)
{
    struct shepherd *lead = shepherd_find(request->node, request->job, STEP_LEAD);

    return lead && lead->epoch == request->epoch && lead->ch ? lead : NULL;
}

static void answer(const struct request *request, const struct err *why)
{
    const struct shepherd *lead = lead_of(request);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__PodMounted mounted = BERTH__POD_MOUNTED__INIT;
    cleanup(strv_freep) char **rules = NULL;

    if (!lead)
        return;
    env.id = request->id;
    if (why) {
        channel_reply_status(lead->ch, &env, why->code, why->text);
        return;
    }
    for (size_t i = 0; i < request->n; i++)
        strv_take(&rules, xasprintf("%s=%s%s", request->exports[i]->source,
                                    request->exports[i]->dir,
                                    request->exports[i]->is_writable ? ":rw" : ""));
    mounted.rules = rules;
    mounted.n_rules = request->n;
    env.reply = true;
    env.body_case = BERTH__ENVELOPE__BODY_POD_MOUNTED;
    env.pod_mounted = &mounted;
    channel_send(lead->ch, &env);
}

static void request_free(struct request *request)
{
    DL_DELETE(requests, request);
    free(request);
}

/* All are there, or one failed: answered, and over. */
static void look_at(struct request *request)
{
    size_t n_there = 0;

    for (size_t i = 0; i < request->n; i++) {
        const struct export *export = request->exports[i];

        if (export->stage == AWAY && export->why.code) {
            answer(request, &export->why);
            request_free(request);
            return;
        }
        n_there += export->stage == THERE;
    }
    if (n_there < request->n)
        return;
    answer(request, NULL);
    request_free(request);
}

static void look_at_all(void)
{
    struct request *request, *next;

    DL_FOREACH_SAFE(requests, request, next)
    look_at(request);
}

/* ---------------------------------------------------------------------- mounting */

static void on_mounted(void *ctx, const struct err *err)
{
    struct export *export = ctx;

    export->stage = err ? AWAY : THERE;
    export->why = err ? *err : (struct err){0};
    if (err)
        log_warn("%s: %s", export->source, err->text);
    else
        log_info("%s is mounted for pods", export->source);
    look_at_all();
    settle(export);
}

static void begin(struct export *export)
{
    struct export_wish wish = {.source = export->source,
                               .dir = export->dir,
                               .is_writable = export->is_writable,
                               .options = export->node->config->pods.nfs_options};

    export->stage = MOUNTING;
    export->why = (struct err){0};
    export_mount(export->node->loop, &wish, on_mounted, export);
}

static bool is_awaited(const struct export *export)
{
    const struct request *request;

    DL_FOREACH(requests, request)
    for (size_t i = 0; i < request->n; i++)
        if (request->exports[i] == export)
            return true;
    return false;
}

static void on_unmounted(void *ctx, const struct err *err)
{
    struct export *export = ctx;

    if (err)
        log_warn("%s: %s", export->dir, err->text);
    export->stage = AWAY;
    settle(export);
}

/* What is to be done about it now. It may be gone then. */
static void settle(struct export *export)
{
    bool is_used = export->users != NULL;

    if (export->stage == AWAY && is_used && is_awaited(export) && !export->why.code) {
        begin(export);
    } else if (export->stage == THERE && !is_used) {
        export->stage = LEAVING;
        export_unmount(export->node->loop, export->dir, on_unmounted, export);
    } else if (export->stage == AWAY && !is_used && !is_awaited(export)) {
        (void)rmdir(export->records);
        (void)rmdir(export->gate);
        export_free(export);
    }
}

/* ------------------------------------------------------------------------ wishes */

static int want(struct request *request, const struct shepherd *lead,
                const Berth__PodExport *wish, struct err *err)
{
    struct node *node = request->node;
    const char *rules = node->config->pods.nfs;
    bool is_writable = false;
    cleanup(freep) char *source =
        export_rule_find(rules, wish->server, wish->path, &is_writable);
    struct export *export;

    if (!source)
        return err_set(err, EPERM,
                       "this site mounts %.64s:%.128s for no pod (pods.nfs: %.200s)",
                       wish->server, wish->path, rules ? rules : "nothing");
    if (!pod_grant_has_export(lead->granted, wish->server, wish->path))
        return err_set(err, EACCES, "job %u was not granted %.64s:%.128s", lead->job,
                       wish->server, wish->path);
    export = export_of(node, source, is_writable);
    for (size_t i = 0; i < request->n; i++)
        if (request->exports[i] == export)
            return 0;
    request->exports[request->n++] = export;
    /* It failed for another pod: this one has a try of its own. */
    if (export->stage == AWAY)
        export->why = (struct err){0};
    return enter(export, request, err);
}

static int take_order(struct request *request, const struct shepherd *lead,
                      const Berth__PodMount *order, struct err *err)
{
    int rc = 0;

    if (geteuid() != 0)
        return err_set(err, EPERM,
                       "this node's daemon is not root, and mounts nothing: "
                       "have it mounted (pods.nfs_mounts)");
    if (order->n_exports > EXPORTS_OF_POD)
        return err_set(err, E2BIG, "a pod may have %d directories of NFS servers",
                       EXPORTS_OF_POD);
    for (size_t i = 0; i < order->n_exports && !rc; i++)
        rc = want(request, lead, order->exports[i], err);
    return rc;
}

static void drop_request(uint32_t job, uint32_t epoch)
{
    struct request *request, *next;

    DL_FOREACH_SAFE(requests, request, next)
    if (request->job == job && request->epoch == epoch)
        request_free(request);
}

void exports_order(struct shepherd *lead, const Berth__Envelope *env)
{
    struct request *request = xcalloc(1, sizeof(*request));
    struct export *export, *next;
    struct err err;

    drop_request(lead->job, lead->epoch);
    request->node = lead->node;
    request->job = lead->job;
    request->epoch = lead->epoch;
    request->uid = lead->uid;
    request->id = env->id;
    DL_APPEND(requests, request);
    if (take_order(request, lead, env->pod_mount, &err)) {
        answer(request, &err);
        request_free(request);
    }
    DL_FOREACH_SAFE(exports, export, next)
    settle(export);
    look_at_all();
}

void exports_lead_gone(uint32_t job, uint32_t epoch)
{
    struct export *export, *next;

    drop_request(job, epoch);
    DL_FOREACH_SAFE(exports, export, next)
    {
        struct user *user = find_user(export, job, epoch);

        if (user)
            leave(export, user);
        settle(export);
    }
}

/* ------------------------------------------------------------------------- start */

/* Users whose leads are here are still that; records of others go. */
static void take_up_users(struct export *export)
{
    DIR *dir = opendir(export->records);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        cleanup(freep) char *path = xasprintf("%s/%s", export->records, entry->d_name);
        unsigned int job, epoch;
        const struct shepherd *lead;

        if (sscanf(entry->d_name, "%u.%u", &job, &epoch) != 2)
            continue;
        lead = shepherd_find(export->node, job, STEP_LEAD);
        if (lead && lead->epoch == epoch)
            add_user(export, job, epoch, lead->uid);
        else
            (void)unlink(path);
    }
    if (dir)
        (void)closedir(dir);
    guard_or_warn(export);
}

static void take_up(struct node *node, const char *top)
{
    cleanup(freep) char *path = xasprintf("%s/nfs", top);
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (strlen(entry->d_name) == 2 * ID_BYTES &&
            strspn(entry->d_name, "0123456789abcdef") == 2 * ID_BYTES)
            (void)find_or_make(node, entry->d_name);
    if (dir)
        (void)closedir(dir);
}

void exports_start(struct node *node)
{
    struct export *export, *next;

    if (geteuid() != 0)
        return;
    take_up(node, node->state_dir);
    take_up(node, node->run_dir);
    DL_FOREACH_SAFE(exports, export, next)
    {
        take_up_users(export);
        /* Mounted or not: what nobody uses is unmounted, which does no harm. */
        export->stage = export_is_mounted(export->dir) || !export->users ? THERE : AWAY;
        settle(export);
    }
}
