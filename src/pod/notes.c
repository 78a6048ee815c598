/* SPDX-License-Identifier: Apache-2.0
 *
 * notes.c - what people are told of a pod, kept until it is taken
 *
 * Reasons are those that tools for Kubernetes look for.
 */
#include "pod/notes.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "pod/probes.h"

#define NOTES_MAX 512

void pod_say(struct pod *pod, size_t i, bool is_warning, const char *reason,
             const char *fmt, ...)
{
    struct notes *notes = &pod->notes;
    char words[1024];
    va_list args;

    if (notes->n == NOTES_MAX)
        return;
    va_start(args, fmt);
    vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    notes->items = xrealloc(notes->items, notes->n + 1, sizeof(*notes->items));
    notes->items[notes->n++] = (struct pod_note){
        .is_warning = is_warning,
        .reason = reason,
        .container = i,
        .words = xstrdup(words),
    };
}

void pod_add_note(struct pod *pod, bool is_warning, const char *reason,
                  const char *words)
{
    pod_say(pod, SIZE_MAX, is_warning, reason, "%s", words);
}

bool pod_take_note(struct pod *pod, struct pod_note *ret)
{
    struct notes *notes = &pod->notes;

    if (notes->first == notes->n)
        return false;
    *ret = notes->items[notes->first++];
    if (notes->first == notes->n)
        notes->first = notes->n = 0;
    return true;
}

void notes_fini(struct notes *notes)
{
    for (size_t i = notes->first; i < notes->n; i++)
        free(notes->items[i].words);
    free(notes->items);
}

void note_probe(struct pod *pod, size_t i, enum pod_probe k, const char *words)
{
    const char *word = probe_word(k);

    pod_say(pod, i, true, "Unhealthy", "%c%s probe failed%s%s", toupper(word[0]),
            word + 1, words ? ": " : "", words ? words : "");
}

void note_stop(struct pod *pod, size_t i, enum stop_cause cause)
{
    const char *name = pod_container(pod, i)->name;
    const char *after =
        pod->manifest->spec->restart == MF_RESTART_NEVER ? "" : "; it is started anew";

    switch (cause) {
    case STOP_NO:
    case STOP_POD:
        pod_say(pod, i, false, "Killing", "Stopping container %s", name);
        break;
    case STOP_LIVENESS:
    case STOP_STARTUP:
        pod_say(pod, i, false, "Killing", "Container %s failed its %s probe%s", name,
                probe_word(cause == STOP_LIVENESS ? POD_LIVENESS : POD_STARTUP), after);
        break;
    case STOP_HOOK:
        pod_say(pod, i, false, "Killing", "Container %s failed its postStart hook",
                name);
        break;
    }
}

void note_back_off(struct pod *pod, size_t i)
{
    pod_say(pod, i, true, "BackOff", "Back-off restarting failed container %s",
            pod_container(pod, i)->name);
}
