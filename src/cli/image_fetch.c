/* SPDX-License-Identifier: Apache-2.0
 *
 * image_fetch.c - berth image fetch: get a job's image to this node
 *
 * berthd runs it as the job's user. It writes words on stderr only when it fails:
 * they end up with the one who asked for the job.
 */
#include "cli/image_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "cli/image_importer.h"
#include "cli/registry_link.h"
#include "client/images.h"
#include "image/fetch.h"

#define STATUS_HELD 3 /* there was nothing to do */
#define ASK_FIRST_MS 100
#define ASK_MAX_MS 2000

static const struct usage usage = {
    .synopsis = "berth image fetch NAME --digest DIGEST [--from NODE=HOST:PORT]...",
    .about =
        "Get the image with that digest into this node's store, from the first of\n"
        "these nodes that has it. Exits with 3 when it is there already. This is\n"
        "what a node does before a job begins; people want 'berth image prefetch'.",
    .examples =
        "  berth image fetch hpcc --digest sha256:0123... --from n1=10.0.0.1:7818\n",
};

struct args {
    struct image_args image;
    const char *digest, *seen_in;
    bool site;
    char **from;
};

static int add_source(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    struct args *args = ctx;

    (void)opt;
    if (!strchr(value, '=') || !strrchr(value, ':'))
        return err_set(err, EINVAL, "'%s' is not NODE=HOST:PORT", value);
    strv_add(&args->from, value);
    return 0;
}

static const struct opt opts[] = {
    {.name = "digest",
     .arg = OPT_NEEDED,
     .meta = "DIGEST",
     .set = opt_string,
     .offset = offsetof(struct args, digest),
     .help = "of the image's manifest"},
    {.name = "from",
     .arg = OPT_NEEDED,
     .meta = "NODE=HOST:PORT",
     .set = add_source,
     .help = "who may have it; may be repeated"},
    {.name = "site",
     .set = opt_flag,
     .offset = offsetof(struct args, site),
     .help = "it is one of the site's: into the site's store, which root writes"},
    {.name = "seen-in",
     .arg = OPT_NEEDED,
     .meta = "DIR",
     .set = opt_string,
     .offset = offsetof(struct args, seen_in),
     .help = "a store that has it where it can be seen"},
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    strv_free(args->from);
    image_args_fini(&args->image);
}

/* ------------------------------------------------------------------ stores */

static bool has_image(const char *path, const char *digest)
{
    struct image_store *store;
    cleanup(image_freep) struct image *image = NULL;

    if (!path || image_store_open(path, false, &store, NULL) < 0)
        return false;
    (void)image_lookup(store, digest, &image, NULL);
    image_store_close(store);
    return image != NULL;
}

static bool is_held(const struct args *args)
{
    if (has_image(args->seen_in, args->digest))
        return true;
    for (size_t i = 0; i < args->image.stores.n; i++)
        if (has_image(args->image.stores.paths[i], args->digest))
            return true;
    return false;
}

/* ----------------------------------------------------------------- sources */

/* "n1=10.0.0.1:7818" */
static int open_source(const char *source, struct berth *berth, struct image_peer **ret,
                       struct err *err)
{
    cleanup(freep) char *host = xstrdup(strchr(source, '=') + 1);
    char *port = strrchr(host, ':');
    int64_t number;
    int rc;

    *port++ = '\0';
    rc = number_parse(port, 1, UINT16_MAX, &number, err);
    if (rc == 0)
        rc = image_peer_open(berth, host, (uint16_t)number, ret, err);
    return rc;
}

static void sleep_ms(unsigned int ms)
{
    struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = 1000000L * (ms % 1000)};

    (void)nanosleep(&ts, NULL);
}

/* It may be on its way there: another job needed it first. */
static int wait_for(struct image_peer *peer, const char *digest, struct err *err)
{
    for (unsigned int ms = ASK_FIRST_MS;; ms = ms < ASK_MAX_MS ? 2 * ms : ms) {
        cleanup(freep) char *found = NULL;
        bool is_coming;
        int rc = image_peer_find(peer, digest, &found, &is_coming, err);

        if (rc < 0 || !is_coming)
            return rc;
        sleep_ms(ms);
    }
}

static int fetch_from(const struct args *args, const char *source, struct berth *berth,
                      image_fetch_fn *fetch, struct image_store *store,
                      const char *name, struct err *err)
{
    cleanup(image_peer_closep) struct image_peer *peer = NULL;
    struct fetch_source blobs = {.read = image_peer_read};
    int rc = open_source(source, berth, &peer, err);

    if (rc == 0)
        rc = wait_for(peer, args->digest, err);
    blobs.ctx = peer;
    if (rc == 0)
        rc = fetch(store, args->digest, name, &blobs, NULL, NULL, err);
    if (rc < 0)
        (void)err_wrap(err, "from node %.*s", (int)strcspn(source, "="), source);
    return rc;
}

static int fetch_from_any(const struct args *args, struct image_store *store,
                          const char *name, struct err *err)
{
    struct berth_err words;
    image_fetch_fn *fetch;
    struct berth *berth;
    int rc = image_fetcher_load(&fetch, err);

    if (rc < 0)
        return rc;
    if (berth_open(args->image.common.config, &berth, &words) < 0)
        return err_set(err, words.code, "%s", words.text);
    rc = err_set(err, ENOENT,
                 "no node has it; 'berth image prefetch %s' where it is brings it to "
                 "the nodes",
                 name);
    strv_foreach (source, args->from) {
        rc = fetch_from(args, *source, berth, fetch, store, name, err);
        if (rc == 0)
            break;
    }
    berth_close(berth);
    return rc;
}

/* From where its name says, by its digest. */
static int pull(const struct args *args, struct image_store *store, const char *name,
                struct err *err)
{
    const struct registry_settings settings =
        registry_settings_of(args->image.stores.config);
    cleanup(freep) char *ref = xasprintf("%s@%s", name, args->digest);
    const struct registry_pull what = {.ref = ref, .name = name};
    struct registry_pulled pulled = {0};
    const struct registry_module *module;
    int rc = registry_link(&module, err);

    if (rc == 0)
        rc = module->pull(&settings, store, &what, &pulled, err);
    free(pulled.name);
    free(pulled.source);
    return rc;
}

static int get(const struct args *args, struct image_store *store, const char *name,
               struct err *err)
{
    int rc = fetch_from_any(args, store, name, err);

    if (rc < 0 && !args->site && registry_may_have(args->image.stores.config, name))
        rc = pull(args, store, name, err);
    return rc;
}

/* ----------------------------------------------------------------- command */

static int fetch_image(const struct args *args, const char *name, struct err *err)
{
    struct image_store *store;
    cleanup(closep) int lock = -1;
    int rc;

    if (is_held(args))
        return -EALREADY;
    rc = image_open_own(&args->image, &store, err);
    if (rc < 0)
        return rc;
    rc = fetch_lock(store, args->digest, &lock, err);
    if (rc == 0)
        rc = is_held(args) ? -EALREADY : get(args, store, name, err);
    image_store_close(store);
    return rc;
}

int cmd_image_fetch(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    struct err err;
    int next, status, rc;

    status = image_parse(&usage, opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1 || !args.digest) {
        say_error("fetch takes a name and --digest");
        return STATUS_USAGE;
    }
    rc = fetch_image(&args, argv[next], &err);
    if (rc == -EALREADY)
        return STATUS_HELD;
    return rc < 0 ? image_fail(&err) : STATUS_OK;
}
