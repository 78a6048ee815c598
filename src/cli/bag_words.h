/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_words.h - from a line of a bag to the program that it runs
 *
 * Pure. What comes out is an argument vector as it travels: each argument ends with a
 * NUL.
 */
#ifndef BERTH_CLI_BAG_WORDS_H
#define BERTH_CLI_BAG_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Longest line: what the kernel takes as one argument. */
#define BAG_LINE_MAX (128u << 10)

/* Whether a shell would do nothing for this line but split it into words and execute
 * the first. Then it is executed at once. */
bool bag_line_is_simple(const char *line);
/* Overwrite 'ret': the words of a simple line, else /bin/sh -c LINE. */
void bag_line_argv(const char *line, struct strbuf *ret);

/* Overwrite 'ret': 'words' with each {} replaced by 'value' and each {#} by 'index'. If
 * 'must_have' and no word has {}, the value is one more word. */
void bag_template_argv(char *const *words, const char *value, uint64_t index,
                       bool must_have, struct strbuf *ret);

/* A line of the input that is no command: blank, or a comment. */
bool bag_line_is_empty(const char *line);

/* The command for people: one line of at most 'max' bytes; the caller frees it. */
char *bag_argv_text(const void *argv, size_t len, size_t max);

/* Tells a command from another one (FNV-1a). */
uint64_t bag_argv_hash(const void *argv, size_t len);

#endif
