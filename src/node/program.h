/* SPDX-License-Identifier: Apache-2.0
 *
 * program.h - run a program, and learn how it ended and what it said
 *
 * What it says last of all is of use to nobody: the first PROGRAM_WORDS_MAX bytes are
 * kept, the rest is read and forgotten.
 */
#ifndef BERTH_NODE_PROGRAM_H
#define BERTH_NODE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#define PROGRAM_WORDS_MAX 400

struct program_wish {
    char **argv; /* begins with its path */
    char **env;
    bool has_user; /* and group; only for root */
    uid_t uid;
    gid_t gid;
    unsigned int limit_ms; /* it is killed then; 0: never */
    unsigned int stuck_ms; /* and this long after it not waited for: who is stuck in the
                            * kernel does not die of it. 0: always waited for */
    /* A session of its own: what is left of it dies with the program. */
    bool has_session;
    bool shares_stderr; /* says all to where this daemon does, so there are no words */
    const char *fault;  /* why it cannot be run, or NULL: told as if it had failed */
};

struct program_end {
    int64_t status; /* 0: it ended well; of one that could not be run 127 */
    int signo;      /* it died of, or 0 */
    bool is_late;   /* it was killed for the time it took */
    char
        *words; /* what it said on stderr, or why it could not be run; may be changed */
};

typedef void program_end_fn(void *ctx, const struct program_end *end);

/* 'fn' is called once, later, from the loop. The wish is read at once. Children of the
 * program that hold on to its stderr are not waited for. */
void program_run(uv_loop_t *loop, const struct program_wish *wish, program_end_fn *fn,
                 void *ctx);

/* True when it was run, and ended by itself with status 0. */
bool program_ended_well(const struct program_end *end);

#endif
