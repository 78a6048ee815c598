/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_berth.c - a libberth whose step connection plays a prepared list
 *
 * Its descriptor is an eventfd: readable while the next envelope may be taken,
 * and always writable.
 */
#include "fake_berth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

struct berth_steps {
    int fd;
    Berth__Envelope *coming[FAKE_MAX], *sent[FAKE_MAX];
    size_t after[FAKE_MAX];
    size_t n_coming, n_taken, n_sent;
};

static Berth__Envelope *copy(const Berth__Envelope *env)
{
    size_t len = berth__envelope__get_packed_size(env);
    cleanup(freep) uint8_t *packed = xmalloc(len + 1);

    berth__envelope__pack(env, packed);
    return berth__envelope__unpack(NULL, len, packed);
}

static bool has_next(const struct berth_steps *steps)
{
    return steps->n_taken < steps->n_coming &&
           steps->after[steps->n_taken] <= steps->n_sent;
}

static void update_fd(struct berth_steps *steps)
{
    uint64_t count = 1;
    ssize_t n;

    if (has_next(steps))
        n = write(steps->fd, &count, sizeof(count));
    else
        n = read(steps->fd, &count, sizeof(count));
    (void)n;
}

struct berth_steps *fake_steps_create(void)
{
    struct berth_steps *steps = xcalloc(1, sizeof(*steps));

    steps->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return steps;
}

void fake_steps_push(struct berth_steps *steps, const Berth__Envelope *env)
{
    BUG_ON(steps->n_coming == FAKE_MAX);
    steps->coming[steps->n_coming++] = copy(env);
    update_fd(steps);
}

void fake_steps_after_sent(struct berth_steps *steps, size_t n_sent)
{
    steps->after[steps->n_coming - 1] = n_sent;
    update_fd(steps);
}

size_t fake_steps_sent(const struct berth_steps *steps)
{
    return steps->n_sent;
}

const Berth__Envelope *fake_steps_get(const struct berth_steps *steps, size_t i)
{
    return steps->sent[i];
}

void berth_steps_close(struct berth_steps *steps)
{
    for (size_t i = 0; i < steps->n_sent; i++)
        berth__envelope__free_unpacked(steps->sent[i], NULL);
    for (size_t i = steps->n_taken; i < steps->n_coming; i++)
        berth__envelope__free_unpacked(steps->coming[i], NULL);
    close(steps->fd);
    free(steps);
}

int berth_steps_send(struct berth_steps *steps, Berth__Envelope *env,
                     struct berth_err *err)
{
    (void)err;
    BUG_ON(steps->n_sent == FAKE_MAX);
    steps->sent[steps->n_sent++] = copy(env);
    update_fd(steps);
    return 0;
}

int berth_steps_recv(struct berth_steps *steps, int timeout_ms, Berth__Envelope **ret,
                     struct berth_err *err)
{
    BUG_ON(timeout_ms != 0);
    if (steps->n_taken == steps->n_coming) {
        err->code = ECONNRESET;
        snprintf(err->text, sizeof(err->text), "the list is over");
        return -ECONNRESET;
    }
    if (!has_next(steps))
        return -EAGAIN;
    *ret = steps->coming[steps->n_taken++];
    update_fd(steps);
    return 0;
}

int berth_steps_fd(const struct berth_steps *steps)
{
    return steps->fd;
}

void berth_free(void *reply)
{
    if (reply)
        protobuf_c_message_free_unpacked(reply, NULL);
}
