/* SPDX-License-Identifier: Apache-2.0
 *
 * step_words.c - how tasks ended, in words
 */
#include "cli/step_words.h"

#include <sys/wait.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "cli/say.h"

/* "0-3,7", in the order given. */
static void add_ranks(struct strbuf *sb, const uint32_t *ranks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t first = i;

        while (i + 1 < n && ranks[i + 1] == ranks[i] + 1)
            i++;
        strbuf_printf(sb, "%s%u", first ? "," : "", ranks[first]);
        if (i > first)
            strbuf_printf(sb, "-%u", ranks[i]);
    }
}

char *step_ended_words(const uint32_t *ranks, size_t n, int status, const char *node)
{
    struct strbuf sb = STRBUF_INIT;

    if (n == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return NULL;
    strbuf_puts(&sb, n == 1 ? "task " : "tasks ");
    add_ranks(&sb, ranks, n);
    if (node[0] != '\0')
        strbuf_printf(&sb, " on %s", node);
    if (WIFSIGNALED(status))
        strbuf_printf(&sb, ": killed by %s%s", signal_name(WTERMSIG(status)),
                      WCOREDUMP(status) ? " (core dumped)" : "");
    else
        strbuf_printf(&sb, ": exited with code %d", WEXITSTATUS(status));
    return strbuf_take(&sb);
}

void step_say_ended(const Berth__TaskEnded *ended)
{
    size_t n = ended->n_ranks < ended->n_statuses ? ended->n_ranks : ended->n_statuses;
    cleanup(freep) uint32_t *same = xcalloc(n + 1, sizeof(*same));

    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *words = NULL;
        size_t n_same = 0, before = 0;

        for (size_t j = 0; j < n; j++) {
            if (ended->statuses[j] != ended->statuses[i])
                continue;
            before += j < i;
            same[n_same++] = ended->ranks[j];
        }
        if (before)
            continue; /* said with the first of its kind */
        words = step_ended_words(same, n_same, ended->statuses[i], ended->node);
        if (words)
            say_error("%s", words);
    }
}
