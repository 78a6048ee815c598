/* SPDX-License-Identifier: Apache-2.0
 *
 * test_stories.c - what pods do, story by story
 *
 * Each file of stories/ is told anew and must come out as it is. With STORIES=write
 * the files are written instead: read the difference.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/io.h"
#include "pod_test.h"
#include "story.h"

static char *story_path(const char *name)
{
    const char *top = getenv("srcdir");

    return xasprintf("%s/tests/unit/pod/stories%s%s", top ? top : ".", name ? "/" : "",
                     name ? name : "");
}

static char *read_story(const char *path)
{
    struct err err;
    char *text;

    if (io_read_file(path, 1 << 20, &text, NULL, &err) < 0)
        fail_msg("%s", err.text);
    return text;
}

static void write_story(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int is_story(const struct dirent *entry)
{
    return strstr(entry->d_name, ".story") != NULL;
}

/* The first line that differs, for whoever reads the failure. */
static void compare(const char *name, const char *told, const char *kept)
{
    size_t at = 0, line = 1;

    while (told[at] && told[at] == kept[at])
        line += told[at++] == '\n';
    if (told[at] == kept[at])
        return;
    while (at && told[at - 1] != '\n')
        at--;
    print_error("%s:%zu: told:\n%s", name, line, told + at);
    fail();
}

static void stories_are_told_as_they_are_kept(void **state)
{
    cleanup(freep) char *dir = story_path(NULL);
    const char *mode = getenv("STORIES");
    struct dirent **entries;
    int n = scandir(dir, &entries, is_story, alphasort);

    (void)state;
    assert_true(n > 25);
    for (int i = 0; i < n; i++) {
        cleanup(freep) char *path = story_path(entries[i]->d_name);
        cleanup(freep) char *kept = read_story(path);
        cleanup(freep) char *told = story_tell(entries[i]->d_name, kept);

        if (mode && strcmp(mode, "write") == 0)
            write_story(path, told);
        else
            compare(entries[i]->d_name, told, kept);
        free(entries[i]);
    }
    free(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_are_told_as_they_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
