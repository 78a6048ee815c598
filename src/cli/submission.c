/* SPDX-License-Identifier: Apache-2.0
 *
 * submission.c - a batch script and its options, until they are a JobSpec
 */
#include "cli/submission.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/helper_pods.h"
#include "cli/image_ref.h"
#include "options/components.h"
#include "options/directives.h"
#include "options/inherit.h"
#include "options/job_env.h"
#include "options/script.h"

void submission_init(struct submission *sub)
{
    *sub = (struct submission){.script = NULL};
    job_args_init(&sub->args, time(NULL));
}

void submission_fini(struct submission *sub)
{
    free(sub->script);
    job_args_fini(&sub->args);
}

int submission_spell(struct submission *sub, int argc, char **argv)
{
    struct job_args scratch;
    int rc;

    job_args_init(&scratch, sub->args.now);
    rc = components_parse(FOR_SUBMIT, argc, argv, &scratch, &sub->next, &sub->err);
    str_replace(&sub->args.wrap, scratch.wrap);
    sub->args.quiet = scratch.quiet;
    sub->args.show = scratch.show;
    sub->args.ignore_pbs = scratch.ignore_pbs || getenv("SBATCH_IGNORE_PBS");
    job_args_fini(&scratch);
    return rc;
}

static int read_script(struct submission *sub, int argc, char **argv)
{
    const char *path = sub->next < argc ? argv[sub->next] : NULL;

    if (sub->args.wrap && path)
        return err_set(&sub->err, EINVAL, "--wrap and a script (%s) exclude each other",
                       path);
    if (sub->args.wrap) {
        sub->script = script_wrap(sub->args.wrap, &sub->script_len);
        return 0;
    }
    if (!path && isatty(STDIN_FILENO))
        say_info("reading the batch script from the terminal; Ctrl-D ends it");
    return script_read(path, &sub->script, &sub->script_len, &sub->err);
}

/* From the weakest source to the strongest. */
static int read_options(struct submission *sub, int argc, char **argv)
{
    struct job_args *args = &sub->args;
    int rc = directives_read(sub->script, sub->script_len, args, &sub->err);

    if (rc < 0)
        return err_wrap(&sub->err, "%s",
                        sub->next < argc ? argv[sub->next] : "the script");
    rc = job_env_read(environ, FOR_SUBMIT, false, args, &sub->err);
    if (rc < 0)
        return rc;
    rc = components_parse(FOR_SUBMIT, argc, argv, args, &sub->next, &sub->err);
    return rc < 0 ? rc : components_join(args, &sub->err);
}

static int complete(struct submission *sub, int argc, char **argv)
{
    bool has_path = sub->next < argc;
    struct spec_source source = {
        .env = environ,
        .command = say_name(),
        .argv = argv,
        .script = sub->script,
        .script_len = sub->script_len,
        .script_name = sub->args.wrap ? "wrap"
                       : has_path     ? argv[sub->next]
                                      : sub->default_name,
        .args = has_path ? argv + sub->next + 1 : NULL,
    };
    int rc = image_ref_resolve(sub->args.config, sub->args.spec->container, &sub->err);

    if (rc == -ENODATA && sub->args.dry_run)
        rc = 0;
    if (rc == 0)
        rc = spec_complete(&sub->args, &source, &sub->err);
    return rc < 0 ? rc : helper_pods_read(&sub->args, &sub->err);
}

int submission_read(struct submission *sub, int argc, char **argv)
{
    int rc = read_script(sub, argc, argv);

    if (rc == 0)
        rc = read_options(sub, argc, argv);
    return rc < 0 ? rc : complete(sub, argc, argv);
}

int submission_print(const struct job_args *args)
{
    json_t *doc = document_of(&args->spec->base, true);
    cleanup(freep) char *mask = xasprintf("%04o", args->spec->umask);

    json_object_set_new(doc, "umask", json_string(mask));

    if (args->json)
        document_print_json(doc, stdout);
    else if (document_print_yaml(doc, stdout) < 0)
        return STATUS_FAILED;
    return STATUS_OK;
}
