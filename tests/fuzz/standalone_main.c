/* SPDX-License-Identifier: Apache-2.0
 *
 * standalone_main.c - run a fuzz target over files, without libFuzzer
 *
 * Arguments are files and directories; with none, the target's own corpus:
 * $srcdir/tests/fuzz/corpus/<what> for a program called fuzz_<what>. An empty
 * corpus fails.
 */
#include "fuzz.h"

#include "base/io.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX ((size_t)4 << 20)

static int run_file(const char *path)
{
    char *bytes = NULL;
    struct err err;
    void *exact;
    size_t len;

    if (io_read_file(path, INPUT_MAX, &bytes, &len, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    /* A copy of the exact size, so that AddressSanitizer sees the end. */
    exact = xmemdup(bytes, len);
    (void)LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    free(bytes);
    return 1;
}

/* The number of inputs run, or -1. */
static int run_path(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    int n = 0;

    if (!dir)
        return run_file(path);
    while (n >= 0 && (entry = readdir(dir))) {
        cleanup(freep) char *file = xasprintf("%s/%s", path, entry->d_name);

        if (entry->d_name[0] != '.')
            n = run_file(file) < 0 ? -1 : n + 1;
    }
    (void)closedir(dir);
    return n;
}

static char *own_corpus(void)
{
    const char *srcdir = getenv("srcdir");
    const char *what = strchr(program_invocation_short_name, '_');

    return xasprintf("%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
                     what ? what + 1 : "");
}

int main(int argc, char **argv)
{
    cleanup(freep) char *corpus = own_corpus();
    int total = 0;

    for (int i = 1; i < argc || i == 1; i++) {
        int n = run_path(argc > 1 ? argv[i] : corpus);

        if (n < 0)
            return 1;
        total += n;
    }
    (void)printf("%d inputs\n", total);
    return total ? 0 : 1;
}
