/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_output.c - where the output of a bag's commands goes
 */
#include "cli/bag_output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "cli/bag_spill.h"
#include "cli/sink.h"

#define BUCKETS 8192
#define SPILLED_FULL ((uint64_t)1 << 30) /* for a reader that is behind */

enum route { TO_SINK, TO_FILES, TO_NOBODY };

/* A command with output, or, in order, one that is on its way. */
struct entry {
    uint64_t index;
    struct bag_pieces pieces;
    bool is_opened[2]; /* its files have been begun */
    bool has_ended;
    struct entry *next_in_bucket, *next; /* next: in order, or to be shown */
};

struct list {
    struct entry *first, **last;
    size_t n;
};

struct bag_output {
    struct bag_output_options options;
    enum route routes[2];
    const char *patterns[2];
    struct sink *sinks[2];
    bool is_joined; /* stderr goes where stdout does */
    struct entry *buckets[BUCKETS];
    struct list order; /* keep_order: on their way, or held */
    struct list shown; /* what is written now, oldest first */
    size_t n_held;
    struct bag_spill *spill;
    bool in_line[2];
    int failure;
};

/* ----------------------------------------------------------------- entries */

static void append(struct list *list, struct entry *entry)
{
    entry->next = NULL;
    *(list->last ? list->last : &list->first) = entry;
    list->last = &entry->next;
    list->n++;
}

static struct entry *pop(struct list *list)
{
    struct entry *entry = list->first;

    list->first = entry->next;
    if (!list->first)
        list->last = NULL;
    list->n--;
    return entry;
}

static struct entry **slot_of(struct bag_output *o, uint64_t index)
{
    struct entry **slot = &o->buckets[index % BUCKETS];

    while (*slot && (*slot)->index != index)
        slot = &(*slot)->next_in_bucket;
    return slot;
}

static struct entry *entry_of(struct bag_output *o, uint64_t index)
{
    struct entry **slot = slot_of(o, index);

    if (!*slot) {
        *slot = xcalloc(1, sizeof(**slot));
        (*slot)->index = index;
    }
    return *slot;
}

static void forget(struct bag_output *o, struct entry *entry)
{
    struct entry **slot = slot_of(o, entry->index);

    if (*slot == entry)
        *slot = entry->next_in_bucket;
}

static void entry_free(struct bag_output *o, struct entry *entry)
{
    bag_pieces_clear(o->spill, &entry->pieces);
    free(entry);
}

/* ------------------------------------------------------------------- files */

static char *name_of(const struct bag_output *o, int i, uint64_t index,
                     const char *node)
{
    const struct pattern_values values = {
        .job = o->options.job,
        .step = o->options.step,
        .task = (uint32_t)index,
        .node_name = node,
        .user = o->options.user,
        .job_name = o->options.job_name,
    };

    return pattern_expand(o->patterns[i], &values);
}

static int open_at(const char *name, bool truncate)
{
    return open(name,
                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (truncate ? O_TRUNC : 0),
                0666);
}

static void note_failure(struct bag_output *o, int rc)
{
    if (rc < 0 && !o->failure)
        o->failure = rc;
}

/* Opened for each piece: there may be more commands than descriptors. */
static void write_file(struct bag_output *o, struct entry *entry, int i,
                       const char *node, const void *bytes, size_t len)
{
    cleanup(freep) char *name = name_of(o, i, entry->index, node);
    cleanup(closep) int fd = open_at(name, !entry->is_opened[i] && !o->options.append);

    entry->is_opened[i] = true;
    note_failure(o, fd < 0 ? -errno : io_write_full(fd, bytes, len));
}

/* ----------------------------------------------------------------- showing */

/* With the command's index before each line. */
static void put_labelled(struct bag_output *o, int i, uint64_t index, const char *bytes,
                         size_t len)
{
    char label[32];
    int label_len = snprintf(label, sizeof(label), "%" PRIu64 ": ", index);

    while (len) {
        const char *newline = memchr(bytes, '\n', len);
        size_t n = newline ? (size_t)(newline - bytes) + 1 : len;

        if (!o->in_line[i])
            sink_take(o->sinks[i], label, (size_t)label_len);
        sink_take(o->sinks[i], bytes, n);
        o->in_line[i] = !newline;
        bytes += n;
        len -= n;
    }
}

static void put(struct bag_output *o, uint64_t index, const struct bag_piece *piece)
{
    int i = piece->stream == 2 && !o->is_joined;
    cleanup(freep) char *own = NULL;
    const char *bytes = bag_piece_bytes(o->spill, piece, &own);

    if (!bytes)
        note_failure(o, -EIO);
    else if (o->options.has_labels)
        put_labelled(o, i, index, bytes, piece->len);
    else
        sink_take(o->sinks[i], bytes, piece->len);
}

static void end_line(struct bag_output *o)
{
    for (int i = 0; i < 2; i++) {
        if (o->in_line[i])
            sink_take(o->sinks[i], "\n", 1);
        o->in_line[i] = false;
    }
}

static bool has_room(const struct bag_output *o)
{
    for (int i = 0; i < 2; i++)
        if (o->sinks[i] && sink_queued(o->sinks[i]) >= SINK_FULL)
            return false;
    return true;
}

/* As much as the sinks have room for. */
static void pump(struct bag_output *o)
{
    while (o->shown.first && has_room(o)) {
        struct entry *entry = o->shown.first;
        struct bag_piece *piece = bag_pieces_pop(&entry->pieces);

        if (piece) {
            put(o, entry->index, piece);
            bag_piece_free(o->spill, piece);
            continue;
        }
        end_line(o);
        entry_free(o, pop(&o->shown));
    }
}

/* In order: those at the front that have ended. */
static void show_ended(struct bag_output *o)
{
    while (o->order.first && o->order.first->has_ended) {
        struct entry *entry = pop(&o->order);

        o->n_held--;
        forget(o, entry);
        append(&o->shown, entry);
    }
    pump(o);
}

/* ------------------------------------------------------------------- create */

static bool is_for_each(const struct bag_output *o, int i)
{
    cleanup(freep) char *first = name_of(o, i, 1, "a");
    cleanup(freep) char *second = name_of(o, i, 2, "b");

    return strcmp(first, second) != 0;
}

static int open_route(struct bag_output *o, int i, const char *text, struct err *err)
{
    cleanup(freep) char *name = NULL;
    int fd;

    o->patterns[i] = text;
    o->routes[i] = TO_SINK;
    if (!text[0] || strcmp(text, "all") == 0) {
        o->sinks[i] = sink_create(NULL, i + 1);
        return 0;
    }
    if (strcmp(text, "none") == 0) {
        o->routes[i] = TO_NOBODY;
        return 0;
    }
    if (is_for_each(o, i)) {
        o->routes[i] = TO_FILES;
        return 0;
    }
    name = name_of(o, i, 0, "");
    fd = open_at(name, !o->options.append);
    if (fd < 0)
        return err_sys(err, errno, "%s", name);
    o->sinks[i] = sink_create(take(name), fd);
    return 0;
}

int bag_output_create(const struct bag_output_options *options, struct bag_output **ret,
                      struct err *err)
{
    struct bag_output *o = xcalloc(1, sizeof(*o));
    int rc;

    o->options = *options;
    o->spill = bag_spill_create(BAG_HELD_MAX);
    rc = open_route(o, 0, options->output, err);
    o->is_joined = !options->error[0] &&
                   (o->routes[0] != TO_SINK || (o->sinks[0] && o->sinks[0]->name));
    if (!rc && o->is_joined) {
        o->routes[1] = o->routes[0];
        o->patterns[1] = o->patterns[0];
    } else if (!rc) {
        rc = open_route(o, 1, options->error, err);
    }
    if (rc < 0)
        bag_output_destroy(o);
    else
        *ret = o;
    return rc;
}

void bag_output_destroy(struct bag_output *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (o->buckets[i]) {
            struct entry *entry = o->buckets[i];

            o->buckets[i] = entry->next_in_bucket;
            entry_free(o, entry);
        }
    }
    while (o->shown.first)
        entry_free(o, pop(&o->shown));
    sink_destroy(o->sinks[0]);
    sink_destroy(o->sinks[1]);
    bag_spill_destroy(o->spill);
    free(o);
}

/* ------------------------------------------------------------------- events */

void bag_output_begin(struct bag_output *o, uint64_t index)
{
    if (o->options.keep_order)
        append(&o->order, entry_of(o, index));
}

void bag_output_take(struct bag_output *o, uint64_t index, uint32_t stream,
                     const char *node, const void *bytes, size_t len)
{
    int i = stream == 2;

    if (o->routes[i] == TO_NOBODY || stream < 1 || stream > 2)
        return;
    if (o->routes[i] == TO_FILES)
        write_file(o, entry_of(o, index), i && !o->is_joined, node, bytes, len);
    else
        note_failure(o, bag_pieces_add(o->spill, &entry_of(o, index)->pieces, stream,
                                       bytes, len));
}

/* A command that wrote nothing has its files all the same. */
static void touch_files(struct bag_output *o, uint64_t index, const char *node)
{
    struct entry *entry = *slot_of(o, index);

    for (int i = 0; i < (o->is_joined ? 1 : 2); i++) {
        struct entry none = {.index = index};

        if (o->routes[i] == TO_FILES && !(entry && entry->is_opened[i]))
            write_file(o, entry ? entry : &none, i, node, "", 0);
    }
    if (entry)
        entry->is_opened[0] = entry->is_opened[1] = false;
}

void bag_output_end(struct bag_output *o, uint64_t index, const char *node,
                    bool is_final)
{
    struct entry *entry;

    touch_files(o, index, node);
    entry = *slot_of(o, index);
    if (!entry)
        return;
    if (!is_final) {
        bag_pieces_clear(o->spill, &entry->pieces);
        return;
    }
    if (o->options.keep_order) {
        entry->has_ended = true;
        o->n_held++;
        show_ended(o);
        return;
    }
    forget(o, entry);
    append(&o->shown, entry);
    pump(o);
}

void bag_output_finish(struct bag_output *o)
{
    while (o->order.first) {
        struct entry *entry = pop(&o->order);

        forget(o, entry);
        append(&o->shown, entry);
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (o->buckets[i]) {
            struct entry *entry = o->buckets[i];

            forget(o, entry);
            append(&o->shown, entry);
        }
    }
    o->n_held = 0;
    pump(o);
}

/* -------------------------------------------------------------------- state */

bool bag_output_is_full(const struct bag_output *o)
{
    return o->shown.first && bag_spill_size(o->spill) >= SPILLED_FULL;
}

size_t bag_output_held(const struct bag_output *o)
{
    return o->n_held;
}

bool bag_output_is_empty(const struct bag_output *o)
{
    return !o->shown.first && (!o->sinks[0] || !sink_queued(o->sinks[0])) &&
           (!o->sinks[1] || !sink_queued(o->sinks[1]));
}

size_t bag_output_poll(const struct bag_output *o, struct pollfd fds[2])
{
    size_t n = 0;

    for (int i = 0; i < 2; i++)
        if (o->sinks[i] && sink_queued(o->sinks[i]))
            fds[n++] = (struct pollfd){.fd = o->sinks[i]->fd, .events = POLLOUT};
    return n;
}

void bag_output_flush(struct bag_output *o, const struct pollfd *fds, size_t n)
{
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < 2; i++)
            if (fds[k].revents && o->sinks[i] && o->sinks[i]->fd == fds[k].fd)
                sink_flush(o->sinks[i]);
    pump(o);
}

int bag_output_failure(const struct bag_output *o)
{
    for (int i = 0; i < 2; i++)
        if (o->sinks[i] && o->sinks[i]->failure)
            return o->sinks[i]->failure;
    return o->failure;
}
