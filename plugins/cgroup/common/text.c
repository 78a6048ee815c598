/* SPDX-License-Identifier: Apache-2.0
 *
 * text.c - the little formats of control groups' files (pure)
 */
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The line after this one; NULL after the last. */
static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end && end[1] ? end + 1 : NULL;
}

uint64_t text_field(const char *text, const char *key)
{
    size_t len = strlen(key);

    for (const char *line = text; line && *line; line = next_line(line))
        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return strtoull(line + len + 1, NULL, 10);
    return 0;
}

/* The number after "KEY=" in this line. */
static uint64_t field_of_line(const char *line, const char *key)
{
    size_t len = strlen(key), end = strcspn(line, "\n");

    for (size_t i = 0; i + len < end; i++)
        if ((i == 0 || line[i - 1] == ' ') && strncmp(line + i, key, len) == 0)
            return strtoull(line + i + len, NULL, 10);
    return 0;
}

void text_io_stat(const char *text, uint64_t *ret_read, uint64_t *ret_write)
{
    for (const char *line = text; line && *line; line = next_line(line)) {
        *ret_read += field_of_line(line, "rbytes=");
        *ret_write += field_of_line(line, "wbytes=");
    }
}

void text_blkio(const char *text, uint64_t *ret_read, uint64_t *ret_write)
{
    for (const char *line = text; line && *line; line = next_line(line)) {
        uint64_t number;
        char what[16];

        if (sscanf(line, "%*u:%*u %15s %" SCNu64, what, &number) != 2)
            continue;
        if (strcmp(what, "Read") == 0)
            *ret_read += number;
        else if (strcmp(what, "Write") == 0)
            *ret_write += number;
    }
}

float text_pressure(const char *text)
{
    float avg;

    return sscanf(text, "some avg10=%f", &avg) == 1 ? avg : 0;
}

int text_has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    while (*text) {
        size_t n = strcspn(text, " ,\n");

        if (n == len && strncmp(text, word, n) == 0)
            return 1;
        text += n;
        text += strspn(text, " ,\n");
    }
    return 0;
}

static int is_octal(const char *s)
{
    return s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
           s[3] >= '0' && s[3] <= '7';
}

/* "\040" is a space. */
static void unescape(char *s)
{
    char *to = s;

    for (; *s; to++) {
        if (is_octal(s)) {
            *to = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
            s += 4;
        } else {
            *to = *s++;
        }
    }
    *to = '\0';
}

/* "31 23 0:28 /root /point rw,relatime shared:1 - cgroup cgroup rw,memory" */
int text_mount(char *line, struct text_mount *ret)
{
    char *rest = strstr(line, " - "), *save, *root, *point, *type;

    if (!rest)
        return 0;
    *rest = '\0';
    rest += 3;
    for (int i = 0; i < 3; i++)
        (void)strtok_r(i ? NULL : line, " ", &save);
    root = strtok_r(NULL, " ", &save);
    point = strtok_r(NULL, " ", &save);
    type = strtok_r(rest, " ", &save);
    (void)strtok_r(NULL, " ", &save);
    ret->options = strtok_r(NULL, " \n", &save);
    if (!root || !point || !type || !ret->options || strncmp(type, "cgroup", 6) != 0)
        return 0;
    unescape(root);
    unescape(point);
    ret->root = root;
    ret->point = point;
    ret->type = type;
    return 1;
}

int text_membership(char *line, const char **ret_controllers, const char **ret_path)
{
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;

    if (!path)
        return 0;
    *path++ = '\0';
    path[strcspn(path, "\n")] = '\0';
    *ret_controllers = controllers + 1;
    *ret_path = path;
    return 1;
}
