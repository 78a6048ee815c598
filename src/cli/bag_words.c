/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_words.c - from a line of a bag to the program that it runs
 */
#include "cli/bag_words.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

#define BLANKS " \t"

/* Words that mean something to a shell, or that only a shell has. */
static const char *const shell_words[] = {
    "!",      ".",      ":",       "[[",       "alias",    "bg",      "break",
    "case",   "cd",     "command", "continue", "declare",  "do",      "done",
    "elif",   "else",   "esac",    "eval",     "exec",     "exit",    "export",
    "fc",     "fg",     "fi",      "for",      "function", "getopts", "hash",
    "if",     "in",     "jobs",    "let",      "local",    "read",    "readonly",
    "return", "select", "set",     "shift",    "source",   "then",    "time",
    "times",  "trap",   "type",    "typeset",  "ulimit",   "umask",   "unalias",
    "unset",  "until",  "wait",    "while",
};

static bool is_shell_word(const char *word, size_t len)
{
    for (size_t i = 0; i < ARRAY_SIZE(shell_words); i++)
        if (strlen(shell_words[i]) == len && memcmp(shell_words[i], word, len) == 0)
            return true;
    return false;
}

bool bag_line_is_simple(const char *line)
{
    const char *word = line + strspn(line, BLANKS);
    size_t first = strcspn(word, BLANKS);

    if (line[strcspn(line, "|&;<>()$`\\\"'*?[]{}\n\r")])
        return false;
    if (memchr(word, '=', first) || is_shell_word(word, first))
        return false;
    for (; *word; word += strcspn(word, BLANKS), word += strspn(word, BLANKS))
        if (*word == '~' || *word == '#')
            return false;
    return true;
}

static void add_word(struct strbuf *sb, const char *word, size_t len)
{
    strbuf_add(sb, word, len);
    strbuf_putc(sb, '\0');
}

void bag_line_argv(const char *line, struct strbuf *ret)
{
    strbuf_cut(ret, 0);
    if (!bag_line_is_simple(line)) {
        add_word(ret, "/bin/sh", 7);
        add_word(ret, "-c", 2);
        add_word(ret, line, strlen(line));
        return;
    }
    for (line += strspn(line, BLANKS); *line; line += strspn(line, BLANKS)) {
        size_t len = strcspn(line, BLANKS);

        add_word(ret, line, len);
        line += len;
    }
}

void bag_template_argv(char *const *words, const char *value, uint64_t index,
                       bool must_have, struct strbuf *ret)
{
    bool has = false;

    strbuf_cut(ret, 0);
    for (; *words; words++) {
        for (const char *p = *words; *p;) {
            if (strncmp(p, "{}", 2) == 0) {
                strbuf_puts(ret, value);
                has = true;
                p += 2;
            } else if (strncmp(p, "{#}", 3) == 0) {
                strbuf_printf(ret, "%" PRIu64, index);
                p += 3;
            } else {
                strbuf_putc(ret, *p++);
            }
        }
        strbuf_putc(ret, '\0');
    }
    if (must_have && !has)
        add_word(ret, value, strlen(value));
}

bool bag_line_is_empty(const char *line)
{
    line += strspn(line, BLANKS "\r");
    return *line == '\0' || *line == '#';
}

char *bag_argv_text(const void *argv, size_t len, size_t max)
{
    const char *bytes = argv;
    struct strbuf sb = STRBUF_INIT;
    size_t from = 0;

    /* Of a line for the shell the line is what was written. */
    if (len > 11 && memcmp(bytes, "/bin/sh\0-c", 11) == 0)
        from = 11;
    for (size_t i = from; i + 1 < len && sb.len < max; i++)
        strbuf_putc(&sb,
                    (unsigned char)bytes[i] < ' ' || bytes[i] == 127 ? ' ' : bytes[i]);
    if (from + sb.len + 1 < len && sb.len >= 3) {
        strbuf_cut(&sb, sb.len - 3);
        strbuf_puts(&sb, "...");
    }
    return strbuf_take(&sb);
}

uint64_t bag_argv_hash(const void *argv, size_t len)
{
    const unsigned char *bytes = argv;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}
