/* SPDX-License-Identifier: Apache-2.0
 *
 * words.h - the small languages inside of instructions: words, pairs, quotes
 */
#ifndef BERTH_BUILD_WORDS_H
#define BERTH_BUILD_WORDS_H

#include "build/containerfile.h"

/* Split at blanks outside of quotes; quotes and escapes stay in the words. NULL
 * when there is none. '*ret_open' (may be NULL): a quote was left open. */
char **words_split(const char *text, char escape, bool *ret_open);
/* At every blank: COPY and ADD know no quotes (a JSON list does). */
char **words_split_plain(const char *text);

/* The here-document that 'word' ("<<EOF", "3<<-'EOF'") announces, without its
 * text: 1, or 0 when it is none. */
int words_heredoc(const char *word, struct heredoc *ret);

/* NAME=VALUE pairs as ENV and LABEL have them, or their old form "NAME the rest";
 * for ARG 'bare' also takes NAME alone, and knows no old form. */
int words_pairs(const char *text, char escape, bool bare, struct pair **ret,
                size_t *ret_n, struct err *err);
void pairs_free(struct pair *pairs, size_t n);

#endif
