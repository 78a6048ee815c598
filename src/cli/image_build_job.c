/* SPDX-License-Identifier: Apache-2.0
 *
 * image_build_job.c - put a build into a job's command line
 *
 * The job runs on the node's own root, without an image: a build makes containers of
 * its own, which the filter on an image's programs would not let it.
 */
#include "cli/image_build_job.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/command.h"

static bool is_job_option(const char *word)
{
    return strncmp(word, "--jo", 4) == 0;
}

/* Paths are said from the root: the job may begin elsewhere. */
static void add_word(char ***words, const char *word, const char *context,
                     const char *file)
{
    char *whole = NULL;

    if (word == context || (word == file && strcmp(file, "-") != 0))
        whole = realpath(word, NULL);
    if (whole)
        strv_take(words, whole);
    else
        strv_add(words, word);
}

static void add_epoch(char ***words)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");

    if (!epoch)
        return;
    strv_add(words, "/usr/bin/env");
    strv_take(words, xasprintf("SOURCE_DATE_EPOCH=%s", epoch));
}

int image_build_job(const char *job, int argc, char **argv, const char *context,
                    const char *file)
{
    cleanup(strv_freep) char **words = NULL;
    char **options = strv_split(job ? job : "", " \t");
    static const char *const fixed[] = {"--image=none", "-n1"};

    strv_add(&words, "run");
    strv_foreach (option, options)
        strv_add(&words, *option);
    strv_free(options);
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        strv_add(&words, fixed[i]);
    /* Of a namespace without capabilities, the kernel lets uid 0 be handed on to
     * another one by nobody. */
    if (geteuid() == 0)
        strv_add(&words, "--as-root");
    strv_add(&words, "--");
    add_epoch(&words);
    strv_add(&words,
             access(BERTH_BINDIR "/berth", X_OK) ? "berth" : BERTH_BINDIR "/berth");
    strv_add(&words, "image");
    strv_add(&words, "build");
    for (int i = 1; i < argc; i++) {
        if (!is_job_option(argv[i]))
            add_word(&words, argv[i], context, file);
    }
    say_set_name("berth run");
    return cmd_run((int)strv_len(words), words);
}
