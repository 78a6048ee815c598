/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_image.c - the image of a pod's container: here, or pulled
 */
#include "shepherd/pod_image.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/units.h"
#include "base/strv.h"
#include "shepherd/images.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 400
#define JITTER 1000 /* thousandths: a back-off may be twice as long */

/* The program that pulls, from its start until both its end and that of its words. */
struct puller {
    struct pod_member *member; /* NULL: nobody waits */
    uv_process_t process;
    uv_pipe_t words;
    char text[WORDS_MAX];
    size_t len;
    int64_t status;
    unsigned int open; /* handles */
};

struct pod_image {
    char digest[IMAGE_DIGEST_MAX]; /* "": not found yet */
    struct puller *puller;
    bool was_pulled; /* as Always has it, once a pod */
};

static struct pod_image *image_of(struct pod_member *member)
{
    if (!member->image)
        member->image = xcalloc(1, sizeof(*member->image));
    return member->image;
}

static int look(const struct pod_member *member, const char *digest, struct image **ret,
                struct err *err)
{
    Berth__ContainerSpec spec = BERTH__CONTAINER_SPEC__INIT;

    spec.image = member->spec->image;
    spec.image_digest = (char *)(uintptr_t)digest;
    return images_find(member->of->sh, &spec, ret, err);
}

int pod_image_open(const struct pod_member *member, struct image **ret, struct err *err)
{
    return look(member, member->image ? member->image->digest : "", ret, err);
}

/* ---------------------------------------------------------------------- told */

static void tell_found(struct pod_member *member, const char *stop_signal)
{
    struct pod_event event = {.kind = POD_IMAGE_FOUND,
                              .container = member->index,
                              .words = member->image->digest};

    /* An image may say what it likes: what is no signal is as if not said. */
    if (stop_signal && signal_parse(stop_signal, &event.signal, NULL))
        event.signal = 0;
    pod_lead_tell(member->of, &event);
}

static void tell(struct pod_member *member, enum pod_event_kind kind, const char *words)
{
    const struct pod_event event = {.kind = kind,
                                    .container = member->index,
                                    .words = words,
                                    .jitter = (unsigned int)random() % JITTER};

    pod_lead_tell(member->of, &event);
}

/* False: it is not here, and '*err' says so. */
static bool find(struct pod_member *member, struct err *err)
{
    cleanup(image_freep) struct image *image = NULL;
    struct pod_image *own = image_of(member);

    if (look(member, "", &image, err))
        return false;
    memcpy(own->digest, image->digest, sizeof(own->digest));
    tell_found(member, image->stop_signal);
    return true;
}

/* -------------------------------------------------------------------- pulling */

/* With 'Always' an image that is here is taken all the same when there is nobody to
 * ask for a newer one: nodes of a cluster often have no way out. */
static void settle(struct pod_member *member, const struct puller *puller)
{
    struct err here;

    if (find(member, &here)) {
        if (puller->status)
            log_info("job %u: container %s: the image that is here is used: %s",
                     member->of->sh->job, member->spec->name, puller->text);
        return;
    }
    tell(member, POD_IMAGE_FAILED,
         puller->status == 0 ? here.text
         : puller->text[0]   ? puller->text
                             : "the program that pulls images ended early");
}

static void on_closed(uv_handle_t *handle)
{
    struct puller *puller = handle->data;

    if (--puller->open)
        return;
    puller->text[strcspn(puller->text, "\n")] = '\0';
    if (puller->member) {
        puller->member->image->puller = NULL;
        settle(puller->member, puller);
    }
    free(puller);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signo)
{
    struct puller *puller = process->data;

    puller->status = signo ? 128 + signo : status;
    uv_close((uv_handle_t *)process, on_closed);
}

static void offer_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    static char spill[4096];
    struct puller *puller = handle->data;
    size_t room = sizeof(puller->text) - 1 - puller->len;

    (void)wanted;
    *buf = room ? uv_buf_init(puller->text + puller->len, (unsigned int)room)
                : uv_buf_init(spill, sizeof(spill));
}

static void on_words(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct puller *puller = stream->data;

    if (n < 0)
        uv_close((uv_handle_t *)stream, on_closed);
    else if (buf->base == puller->text + puller->len)
        puller->len += (size_t)n;
}

static char **pull_argv(const struct pod_member *member)
{
    const char *config = member->of->sh->assignment->config_path;
    char **argv = NULL;

    strv_add(&argv, BERTH_BINDIR "/berth");
    strv_add(&argv, "image");
    strv_add(&argv, "pull");
    strv_add(&argv, "--quiet");
    if (config[0]) {
        strv_add(&argv, "--config");
        strv_add(&argv, config);
    }
    strv_add(&argv, "--");
    strv_add(&argv, member->spec->image);
    return argv;
}

static char **pull_env(const struct shepherd *sh)
{
    char **env = NULL;

    strv_setenv(&env, "PATH", "/usr/local/bin:/usr/bin:/bin");
    strv_setenv(&env, "HOME", sh->owner.home);
    strv_setenv(&env, "USER", sh->owner.name);
    strv_setenv(&env, "BERTH_NODE", sh->assignment->node_name);
    return env;
}

static void pull(struct pod_member *member)
{
    struct shepherd *sh = member->of->sh;
    cleanup(strv_freep) char **argv = pull_argv(member);
    cleanup(strv_freep) char **env = pull_env(sh);
    struct puller *puller = xcalloc(1, sizeof(*puller));
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&puller->words},
    };
    uv_process_options_t options = {.file = argv[0],
                                    .args = argv,
                                    .env = env,
                                    .cwd = "/",
                                    .stdio = stdio,
                                    .stdio_count = ARRAY_SIZE(stdio),
                                    .exit_cb = on_exit_of};
    int rc;

    puller->member = member;
    puller->process.data = puller->words.data = puller;
    puller->open = 2;
    image_of(member)->puller = puller;
    (void)uv_pipe_init(sh->loop, &puller->words, 0);
    tell(member, POD_IMAGE_PULLING, member->spec->image);
    rc = uv_spawn(sh->loop, &puller->process, &options);
    if (!rc) {
        (void)uv_read_start((uv_stream_t *)&puller->words, offer_room, on_words);
        return;
    }
    (void)snprintf(puller->text, sizeof(puller->text), "%s: %s", argv[0],
                   uv_strerror(rc));
    puller->status = 127;
    uv_close((uv_handle_t *)&puller->process, on_closed);
    uv_close((uv_handle_t *)&puller->words, on_closed);
}

void pod_image_get(struct pod_member *member)
{
    struct pod_image *image = image_of(member);
    bool wants_newer = member->spec->pull == MF_PULL_ALWAYS && !image->was_pulled;
    struct err err;

    if (image->puller)
        return;
    if (!wants_newer && find(member, &err))
        return;
    if (member->spec->pull == MF_PULL_NEVER) {
        tell(member, POD_IMAGE_ABSENT, member->spec->image);
        return;
    }
    image->was_pulled = true;
    pull(member);
}

void pod_image_free(struct pod_member *member)
{
    struct pod_image *image = take(member->image);

    if (image && image->puller) {
        image->puller->member = NULL;
        (void)uv_process_kill(&image->puller->process, SIGTERM);
    }
    free(image);
}
