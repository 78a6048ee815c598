/* SPDX-License-Identifier: Apache-2.0
 *
 * patience.h - how long a step waits for nodes whose daemons are away, and when it
 * asks again (pure)
 *
 *     miss --> wait, longer each time --> ask again --> miss ... | all reached: clear
 *                  |            |
 *                  |            +-- after some seconds: words for who waits
 *                  +-- after the limit: over
 *
 * Times are milliseconds of the caller's clock.
 */
#ifndef BERTH_SHEPHERD_PATIENCE_H
#define BERTH_SHEPHERD_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In place of a node's index: what is missed is no launch. */
#define PATIENCE_NO_INDEX UINT32_MAX

struct patience {
    uint64_t since;        /* when one was missed first; meaningful while 'is_on' */
    uint64_t ask_at;       /* not before that */
    uint64_t limit_ms;     /* from 'since' on */
    unsigned int pause_ms; /* before the next time */
    bool is_on, has_told;
    uint32_t *indexes; /* of nodes to be asked again */
    size_t n_indexes;
    char *words; /* whom it waits for, and why */
};

/* Does a launch that fails with this code mean that a node's daemon was not there? */
bool patience_forgives(int code);

/* A node was not reached, now: 'index' in the step's nodes, its name, and why. The
 * first miss starts the clock. */
void patience_miss(struct patience *p, uint32_t index, const char *node,
                   const char *why, uint64_t now);
/* All that was missed is there. It may begin anew. */
void patience_clear(struct patience *p);

bool patience_misses(const struct patience *p, uint32_t index);
/* It has lasted too long. */
bool patience_is_over(const struct patience *p, uint64_t now);
/* Those of 'indexes' are to be asked now; the caller takes them: ret_n of them, to be
 * freed, perhaps none. False: not yet. */
bool patience_ask(struct patience *p, uint64_t now, uint32_t **ret, size_t *ret_n);
/* Something has changed: what is to be asked may be asked at once. */
void patience_hurry(struct patience *p, uint64_t now);
/* What to say to who waits, once, when it is time for that; NULL. The caller frees
 * it. */
char *patience_tell(struct patience *p, uint64_t now);
/* Milliseconds until one of these has something to say. 'is_asking': an answer is on
 * its way, so nothing is to be asked meanwhile. */
uint64_t patience_left(const struct patience *p, uint64_t now, bool is_asking);

#endif
