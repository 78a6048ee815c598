/* SPDX-License-Identifier: Apache-2.0
 *
 * expand.h - variables, quotes and escapes, as Containerfiles have them
 *
 *     $name ${name}
 *     ${name:-word} ${name:+word} ${name:?word}   and without the colon
 *     ${name#pattern} ## % %%  ${name/pattern/word} //
 *
 * Pure; what a variable is comes from the caller. Inside of quotes and words the
 * escape character takes the meaning from the next one. A '$' that begins no
 * variable is one.
 */
#ifndef BERTH_BUILD_EXPAND_H
#define BERTH_BUILD_EXPAND_H

#include "base/err.h"

#define EXPAND_BYTES_MAX (1U << 20)
#define EXPAND_DEPTH_MAX 16
#define EXPAND_WORDS_MAX 4096
/* Patterns are tried at each place of a value: longer ones are refused. */
#define EXPAND_PATTERN_VALUE_MAX 4096

struct expansion {
    /* The value of a variable, NULL when it has none; borrowed. */
    const char *(*get)(const void *ctx, const char *name);
    const void *ctx;
    char escape;
};

/* One word: variables replaced, quotes taken off. */
int expand_word(const struct expansion *ex, const char *word, char **ret,
                struct err *err);

/* A text as several words, split at blanks outside of quotes, in a strv; what a
 * variable holds is split as well. */
int expand_words(const struct expansion *ex, const char *text, char ***ret,
                 struct err *err);

/* A here-document: variables only. A backslash keeps '$' and '\' as they are. */
int expand_text(const struct expansion *ex, const char *text, char **ret,
                struct err *err);

#endif
