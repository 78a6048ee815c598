/* SPDX-License-Identifier: Apache-2.0
 *
 * batch_manifest.c - make a type of the options, and judge objects of it by them
 */
#include "cli/batch_manifest.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "cli/helper_pods.h"
#include "cli/image_ref.h"
#include "cli/say.h"
#include "options/directives.h"
#include "options/inherit.h"
#include "options/script.h"

#define OWN_FIELDS 4 /* script, command, args, pods */

static struct {
    struct mf_field *fields;    /* of the spec */
    const struct opt **options; /* beside them; NULL: a field of our own */
    size_t n;
    struct mf_type spec, whole;
    struct mf_field whole_fields[3];
    struct mf_kind kind;
} made;

/* Of the command at hand, not of the job. */
static bool is_of_command(const struct opt *opt)
{
    static const char *const names[] = {"config", "clusters", "key", "pod", "wrap"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(opt->name, names[i]) == 0)
            return true;
    return opt->set == set_args_flag || opt->set == opt_show;
}

static bool is_field(const struct opt *opt)
{
    return (!opt->where || opt->where & FOR_SUBMIT) && !is_of_command(opt);
}

/* "cpus-per-task" is cpusPerTask. */
static char *camel_case(const char *name)
{
    char *camel = xstrdup(name), *to = camel;

    for (; *name; name++)
        *to++ = *name == '-' && name[1] ? (char)toupper((unsigned char)*++name) : *name;
    *to = '\0';
    return camel;
}

static void add_field(struct mf_field field, const struct opt *option)
{
    made.fields[made.n] = field;
    made.options[made.n++] = option;
}

static bool is_without_effect(const struct opt *opt)
{
    return opt->set == set_unhonoured || opt->set == set_mail_type;
}

static struct mf_field field_of(const struct opt *opt)
{
    struct mf_field field = {
        .name = camel_case(opt->name),
        .value = opt->arg == OPT_NONE ? MF_BOOL : MF_SCALARS,
        .offset = MF_NO_MEMBER,
        .help = opt->help ? opt->help : xasprintf("as --%s", opt->name),
    };

    if (is_without_effect(opt)) {
        field.treatment = MF_WARNED;
        field.note = "Berth does not honour it";
        field.harmless = opt->set == set_mail_type ? "NONE" : NULL;
    } else if (opt->set == set_refused) {
        field.treatment = MF_REFUSED;
        field.note = opt->note;
    }
    return field;
}

static void make_spec(void)
{
    size_t n = OWN_FIELDS;

    for (const struct opt *opt = job_options; opt->name; opt++)
        n++;
    made.fields = xcalloc(n, sizeof(*made.fields));
    made.options = xcalloc(n, sizeof(*made.options));
    add_field((struct mf_field){.name = "script",
                                .value = MF_STRING,
                                .offset = MF_NO_MEMBER,
                                .help = "the batch script, whole"},
              NULL);
    add_field((struct mf_field){.name = "command",
                                .value = MF_STRINGS,
                                .offset = MF_NO_MEMBER,
                                .help = "or a program and its arguments"},
              NULL);
    add_field((struct mf_field){.name = "args",
                                .value = MF_STRINGS,
                                .offset = MF_NO_MEMBER,
                                .help = "arguments of the script"},
              NULL);
    add_field((struct mf_field){.name = "pods",
                                .value = MF_OBJECTS,
                                .offset = MF_NO_MEMBER,
                                .of = helper_pods_type(),
                                .help = "helper pods, which start and end with it"},
              NULL);
    for (const struct opt *opt = job_options; opt->name; opt++)
        if (is_field(opt))
            add_field(field_of(opt), opt);
    made.spec =
        (struct mf_type){.name = "BatchJobSpec",
                         .help = "What 'berth submit' can be told: its options, "
                                 "in camel case.",
                         .fields = made.fields,
                         .n_fields = made.n};
}

static int apply_value(const struct opt *opt, const struct node *value,
                       struct job_args *args, struct err *err)
{
    char number[32];
    const char *text = value->text;

    if (value->kind == NODE_INT) {
        snprintf(number, sizeof(number), "%" PRId64, value->number);
        text = number;
    }
    return opt->set(opt, text, args, err);
}

/* --no-NAME, if there is such. */
static const struct opt *opposite(const struct opt *opt)
{
    for (const struct opt *no = job_options; no->name; no++)
        if (strncmp(no->name, "no-", 3) == 0 && strcmp(no->name + 3, opt->name) == 0)
            return no;
    return NULL;
}

/* A truth value stands for an option without a value, if there is such. */
static int apply(const struct opt *opt, const struct node *value, struct job_args *args,
                 struct err *err)
{
    int rc = 0;

    if (value->kind == NODE_BOOL && opt->arg != OPT_NEEDED) {
        if (!value->truth)
            opt = opposite(opt);
        return opt ? opt->set(opt, NULL, args, err) : 0;
    }
    if (value->kind != NODE_LIST)
        return apply_value(opt, value, args, err);
    for (size_t i = 0; i < value->n_items && rc == 0; i++)
        rc = apply_value(opt, value->items[i], args, err);
    return rc;
}

static const struct opt *option_of(const char *field)
{
    for (size_t i = 0; i < made.n; i++)
        if (strcmp(made.fields[i].name, field) == 0)
            return made.options[i];
    return NULL;
}

/* The option that the name at 'i' stands for; NULL: nothing is to be done. */
static const struct opt *option_at(const struct node *spec, size_t i)
{
    const struct opt *opt = option_of(spec->items[i]->text);

    return opt && !is_without_effect(opt) ? opt : NULL;
}

static void judge_options(const struct rules *r, const struct node *spec)
{
    struct job_args args;
    struct err err;

    job_args_init(&args, time(NULL));
    for (size_t i = 0; i < spec->n_items; i += 2) {
        const struct opt *opt = option_at(spec, i);

        if (opt && apply(opt, spec->items[i + 1], &args, &err) < 0)
            rule_broken(r, below("spec", ".%s", spec->items[i]->text).s, "%s",
                        err.text);
    }
    job_args_fini(&args);
}

static void judge_batch(const struct rules *r, const void *closure)
{
    const struct node *meta = node_get(r->root, "metadata");
    const struct node *spec = node_get(r->root, "spec");
    const char *script = node_string(spec, "script");
    bool has_command = !node_is_nothing(node_get(spec, "command"));

    (void)closure;
    if (!node_string(meta, "name") && !node_string(meta, "generateName"))
        rule_broken(r, "metadata.name", "a name, or generateName, is required");
    rule_one_of(r, "spec", (script && *script) + has_command, "script and command");
    if (script && *script && strncmp(script, "#!", 2) != 0)
        rule_broken(r, "spec.script",
                    "it begins with '#!' and an interpreter: #!/bin/sh");
    if (has_command && node_get(spec, "args"))
        rule_broken(r, "spec.args", "they are of a script: say them in command");
    helper_pods_judge(r, "spec.pods", node_get(spec, "pods"));
    judge_options(r, spec);
}

static void fill_batch(struct node_tree *tree, struct node *root)
{
    helper_pods_fill(tree, node_get(node_get(root, "spec"), "pods"));
}

/* ------------------------------------------------------------------ submitting */

static void add_word(struct strbuf *text, const char *word)
{
    strbuf_puts(text, " '");
    for (; *word; word++)
        if (*word == '\'')
            strbuf_puts(text, "'\\''");
        else
            strbuf_putc(text, *word);
    strbuf_putc(text, '\'');
}

/* 'command' as a script: the caller frees it. */
static char *script_of(const struct node *command, size_t *ret_len)
{
    struct strbuf text = STRBUF_INIT;
    cleanup(freep) char *line = NULL;

    strbuf_puts(&text, "exec");
    for (size_t i = 0; i < command->n_items; i++)
        add_word(&text, command->items[i]->text);
    line = strbuf_take(&text);
    return script_wrap(line, ret_len);
}

static int set_options(const struct node *spec, struct job_args *args, struct err *err)
{
    for (size_t i = 0; i < spec->n_items; i += 2) {
        const struct opt *opt = option_at(spec, i);

        if (opt && apply(opt, spec->items[i + 1], args, err) < 0)
            return err_wrap(err, "spec.%s", spec->items[i]->text);
    }
    return 0;
}

static char **args_of(const struct node *spec)
{
    const struct node *list = node_get(spec, "args");
    char **words = NULL;

    for (size_t i = 0; list && i < list->n_items; i++)
        strv_add(&words, list->items[i]->text);
    return words;
}

static int add_pods(const struct node *list, struct job_args *args, struct err *err)
{
    for (size_t i = 0; list && i < list->n_items; i++) {
        int rc = helper_pods_add(args->spec, list->items[i], err);

        if (rc)
            return err_wrap(err, "spec.pods[%zu]", i);
    }
    return 0;
}

int batch_manifest_read(const struct mf_object *object, struct job_args *args,
                        struct err *err)
{
    const struct node *spec = node_get(object->root, "spec");
    const struct node *meta = node_get(object->root, "metadata");
    const char *said = node_string(spec, "script");
    size_t len = said ? strlen(said) : 0;
    cleanup(freep) char *script =
        said && *said ? xstrdup(said) : script_of(node_get(spec, "command"), &len);
    cleanup(strv_freep) char **words = args_of(spec);
    const char *name = node_string(meta, "name");
    struct spec_source source = {.env = environ,
                                 .command = say_name(),
                                 .script = script,
                                 .script_len = len,
                                 .script_name =
                                     name ? name : node_string(meta, "generateName"),
                                 .args = words};
    int rc = directives_read(script, len, args, err);

    if (rc == 0)
        rc = set_options(spec, args, err);
    if (rc == 0)
        rc = image_ref_resolve(args->config, args->spec->container, err);
    if (rc == 0)
        rc = spec_complete(args, &source, err);
    if (rc == 0)
        rc = helper_pods_read(args, err);
    return rc ? rc : add_pods(node_get(spec, "pods"), args, err);
}

/* ------------------------------------------------------------------------ the kind */

const struct mf_kind *batch_kind(void)
{
    const struct mf_type *meta = mf_kinds[0].type->fields[0].of;

    if (made.n)
        return &made.kind;
    make_spec();
    made.whole_fields[0] = (struct mf_field){.name = "metadata",
                                             .value = MF_OBJECT,
                                             .is_required = true,
                                             .offset = MF_NO_MEMBER,
                                             .of = meta,
                                             .help = "name and labels"};
    made.whole_fields[1] = (struct mf_field){.name = "spec",
                                             .value = MF_OBJECT,
                                             .is_required = true,
                                             .offset = MF_NO_MEMBER,
                                             .of = &made.spec,
                                             .help = "what is wanted"};
    made.whole = (struct mf_type){.name = "BatchJob",
                                  .help = "A batch job, as 'berth submit' makes it.",
                                  .fields = made.whole_fields,
                                  .n_fields = 2};
    made.kind = (struct mf_kind){.id = MF_BATCH_JOB,
                                 .api = "berth/v1",
                                 .name = "BatchJob",
                                 .type = &made.whole,
                                 .has_namespace = true,
                                 .fill = fill_batch,
                                 .judge = judge_batch};
    return &made.kind;
}
