/* SPDX-License-Identifier: Apache-2.0
 *
 * foreign.c - "#PBS -l walltime=1:00:00" and "#BSUB -n 4", in our options
 *
 * Options of PBS (both its families) and LSF that scripts in the wild carry. What
 * has no counterpart is told apart, so that somebody can say so.
 */
#include "options/foreign.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

static void add(struct foreign_options *to, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct foreign_options *to, const char *fmt, ...)
{
    char *word = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&word, fmt, ap);
    va_end(ap);
    if (n >= 0)
        strv_take(&to->words, word);
}

static void leave(struct foreign_options *to, const char *option, const char *value)
{
    strv_take(&to->left,
              xasprintf("%s%s%s", option, value ? " " : "", value ? value : ""));
}

static bool is_number(const char *s)
{
    return *s && strspn(s, "0123456789") == strlen(s);
}

/* "walltime=1:00" is "1:00" for the key "walltime"; NULL for another key. */
static const char *value_of(const char *item, const char *key)
{
    size_t len = strlen(key);

    return strncmp(item, key, len) == 0 && item[len] == '=' ? item + len + 1 : NULL;
}

/* -------------------------------------------------------------------------- PBS */

/* "2:ppn=4:gpus=1:prop" or "n1+n2". */
static void pbs_nodes(struct foreign_options *to, const char *value)
{
    cleanup(strv_freep) char **parts = strv_split(value, ":");

    strv_foreach (part, parts) {
        const char *ppn = value_of(*part, "ppn"), *gpus = value_of(*part, "gpus");

        if (part == parts && is_number(*part)) {
            add(to, "--nodes=%s", *part);
        } else if (part == parts) {
            for (char *c = *part; *c; c++)
                if (*c == '+')
                    *c = ',';
            add(to, "--nodelist=%s", *part);
        } else if (ppn) {
            add(to, "--ntasks-per-node=%s", ppn);
        } else if (gpus) {
            add(to, "--gpus-per-node=%s", gpus);
        } else if (strchr(*part, '=')) {
            leave(to, "-l nodes:", *part);
        } else {
            add(to, "--constraint=%s", *part);
        }
    }
}

/* "2:ncpus=8:mpiprocs=4:mem=16gb:ngpus=1", of one kind of chunk. */
static void pbs_select(struct foreign_options *to, const char *value)
{
    cleanup(strv_freep) char **parts = strv_split(value, ":");
    long ncpus = 0, ranks = 0;

    if (strchr(value, '+')) {
        leave(to, "-l select", value);
        return;
    }
    strv_foreach (part, parts) {
        const char *mem = value_of(*part, "mem"), *gpus = value_of(*part, "ngpus");

        if (is_number(*part))
            add(to, "--nodes=%s", *part);
        else if (mem)
            add(to, "--mem=%s", mem);
        else if (gpus)
            add(to, "--gpus-per-node=%s", gpus);
        else if (value_of(*part, "ncpus"))
            ncpus = atol(value_of(*part, "ncpus"));
        else if (value_of(*part, "mpiprocs"))
            ranks = atol(value_of(*part, "mpiprocs"));
        else if (!value_of(*part, "ompthreads"))
            leave(to, "-l select:", *part);
    }
    add(to, "--ntasks-per-node=%ld", ranks > 0 ? ranks : 1);
    if (ncpus > 0)
        add(to, "--cpus-per-task=%ld",
            ranks > 1 && ncpus >= ranks ? ncpus / ranks : ncpus);
}

static void pbs_resource(struct foreign_options *to, const char *item)
{
    static const struct {
        const char *key, *option;
    } plain[] = {
        {"mem", "mem"},
        {"pmem", "mem-per-cpu"},
        {"procs", "ntasks"},
        {"ncpus", "cpus-per-task"},
        {"host", "nodelist"},
        {"nice", "nice"},
        {"ngpus", "gpus-per-node"},
    };
    const char *value = value_of(item, "walltime");

    if (value) { /* a plain number is in seconds there */
        add(to, is_number(value) ? "--time=0:%s" : "--time=%s", value);
    } else if ((value = value_of(item, "nodes"))) {
        pbs_nodes(to, value);
    } else if ((value = value_of(item, "select"))) {
        pbs_select(to, value);
    } else if (strcmp(item, "naccesspolicy=singlejob") == 0 ||
               strcmp(item, "place=excl") == 0) {
        add(to, "--exclusive");
    } else {
        for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
            value = value_of(item, plain[i].key);
            if (value) {
                add(to, "--%s=%s", plain[i].option, value);
                return;
            }
        }
        leave(to, "-l", item);
    }
}

static void pbs_mail(struct foreign_options *to, const char *value)
{
    static const struct {
        char letter;
        const char *type;
    } types[] = {{'a', "FAIL"}, {'b', "BEGIN"}, {'e', "END"}, {'n', "NONE"}};

    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (strchr(value, types[i].letter))
            add(to, "--mail-type=%s", types[i].type);
}

static void pbs_attribute(struct foreign_options *to, const char *value)
{
    const char *depend = value_of(value, "depend");

    if (depend)
        add(to, "--dependency=%s", depend);
    else
        leave(to, "-W", value);
}

static void pbs_list(struct foreign_options *to, const char *value)
{
    cleanup(strv_freep) char **items = strv_split(value, ",");

    strv_foreach (item, items)
        pbs_resource(to, *item);
}

/* Options with a value that mean one of ours. */
static const char *pbs_plain(char letter)
{
    switch (letter) {
    case 'A':
        return "account";
    case 'd':
    case 'w':
        return "chdir";
    case 'e':
        return "error";
    case 'J':
    case 't':
        return "array";
    case 'M':
        return "mail-user";
    case 'N':
        return "job-name";
    case 'o':
        return "output";
    case 'P':
        return "wckey";
    case 'v':
        return "export";
    default:
        return NULL;
    }
}

static void pbs_option(struct foreign_options *to, const char *option,
                       const char *value)
{
    const char *plain = pbs_plain(option[1]);

    if (plain)
        add(to, "--%s=%s", plain, value);
    else if (option[1] == 'l')
        pbs_list(to, value);
    else if (option[1] == 'm')
        pbs_mail(to, value);
    else if (option[1] == 'W')
        pbs_attribute(to, value);
    else if (option[1] == 'q')
        add(to, "--partition=%.*s", (int)strcspn(value, "@"), value);
    else if (option[1] == 'r')
        add(to, value[0] == 'n' ? "--no-requeue" : "--requeue");
    else if (option[1] != 'j' && option[1] != 'S') /* which hold already */
        leave(to, option, value);
}

/* ------------------------------------------------------------------------- BSUB */

/* %J and %I of LSF's file names. */
static char *bsub_file(const char *value)
{
    struct strbuf sb = STRBUF_INIT;

    for (const char *p = value; *p; p++) {
        strbuf_putc(&sb, *p);
        if (*p == '%' && (p[1] == 'J' || p[1] == 'I'))
            strbuf_putc(&sb, *++p == 'J' ? 'j' : 'a');
    }
    return strbuf_take(&sb);
}

/* "name[1-10]%4" */
static void bsub_name(struct foreign_options *to, const char *value)
{
    size_t len = strcspn(value, "[");
    const char *end = strchr(value, ']');

    if (len)
        add(to, "--job-name=%.*s", (int)len, value);
    if (value[len] && end)
        add(to, "--array=%.*s%s", (int)(end - value - (ptrdiff_t)len - 1),
            value + len + 1, end + 1);
}

/* "[hours:]minutes[/host]" */
static void bsub_limit(struct foreign_options *to, const char *value)
{
    int len = (int)strcspn(value, "/");
    bool has_hours = memchr(value, ':', (size_t)len) != NULL;

    add(to, has_hours ? "--time=%.*s:00" : "--time=%.*s", len, value);
}

/* "done(17)", "ended(17)", "exit(17)" */
static void bsub_depend(struct foreign_options *to, const char *value)
{
    static const struct {
        const char *word, *kind;
    } kinds[] = {{"done", "afterok"},
                 {"ended", "afterany"},
                 {"exit", "afternotok"},
                 {"started", "after"}};
    size_t word = strcspn(value, "("),
           id = strspn(value + word + (value[word] != 0), "0123456789");
    const char *rest = value[word] ? value + word + 1 + id : value;

    for (size_t i = 0; id && strcmp(rest, ")") == 0 && i < ARRAY_SIZE(kinds); i++)
        if (strlen(kinds[i].word) == word && strncmp(kinds[i].word, value, word) == 0) {
            add(to, "--dependency=%s:%.*s", kinds[i].kind, (int)id, value + word + 1);
            return;
        }
    leave(to, "-w", value);
}

static void bsub_resource(struct foreign_options *to, const char *value)
{
    const char *per_host = strstr(value, "ptile=");

    if (strncmp(value, "span[", 5) == 0 && per_host)
        add(to, "--ntasks-per-node=%.*s", (int)strspn(per_host + 6, "0123456789"),
            per_host + 6);
    else if (strcmp(value, "span[hosts=1]") == 0)
        add(to, "--nodes=1");
    else
        leave(to, "-R", value);
}

static void bsub_memory(struct foreign_options *to, const char *value)
{
    add(to, "--mem=%s%s", value, is_number(value) ? "K" : "");
}

static void bsub_gpus(struct foreign_options *to, const char *value)
{
    const char *num = strstr(value, "num=");

    if (num)
        add(to, "--gpus-per-node=%.*s", (int)strspn(num + 4, "0123456789"), num + 4);
    else
        leave(to, "-gpu", value);
}

static void bsub_tasks(struct foreign_options *to, const char *value)
{
    add(to, "--ntasks=%.*s", (int)strcspn(value, ","), value);
}

static void bsub_output(struct foreign_options *to, const char *value)
{
    cleanup(freep) char *file = bsub_file(value);

    add(to, "--output=%s", file);
}

static void bsub_error(struct foreign_options *to, const char *value)
{
    cleanup(freep) char *file = bsub_file(value);

    add(to, "--error=%s", file);
}

static const struct {
    const char *option;
    bool has_value;
    const char *plain; /* one of ours, with the value if there is one */
    void (*read)(struct foreign_options *to, const char *value);
} bsub_options[] = {
    {"-B", false, "mail-type=BEGIN", NULL},
    {"-H", false, "hold", NULL},
    {"-J", true, NULL, bsub_name},
    {"-M", true, NULL, bsub_memory},
    {"-N", false, "mail-type=END", NULL},
    {"-P", true, "account", NULL},
    {"-R", true, NULL, bsub_resource},
    {"-W", true, NULL, bsub_limit},
    {"-cwd", true, "chdir", NULL},
    {"-e", true, NULL, bsub_error},
    {"-eo", true, NULL, bsub_error},
    {"-gpu", true, NULL, bsub_gpus},
    {"-i", true, "input", NULL},
    {"-m", true, "nodelist", NULL},
    {"-n", true, NULL, bsub_tasks},
    {"-o", true, NULL, bsub_output},
    {"-oo", true, NULL, bsub_output},
    {"-q", true, "partition", NULL},
    {"-r", false, "requeue", NULL},
    {"-rn", false, "no-requeue", NULL},
    {"-u", true, "mail-user", NULL},
    {"-w", true, NULL, bsub_depend},
    {"-x", false, "exclusive", NULL},
};

/* ------------------------------------------------------------------------ lines */

/* The value of words[*i]: what follows the letter, or else the next word. */
static const char *next_value(char *const *words, size_t *i)
{
    if (words[*i][2])
        return words[*i] + 2;
    return words[*i + 1] ? words[++*i] : NULL;
}

static int pbs_words(char *const *words, struct foreign_options *ret, struct err *err)
{
    for (size_t i = 0; words[i]; i++) {
        char option[] = {'-', words[i][0] ? words[i][1] : '\0', '\0'};
        const char *value;

        if (words[i][0] != '-' || !option[1]) {
            leave(ret, words[i], NULL);
        } else if (option[1] == 'V') {
            add(ret, "--export=ALL");
        } else if (option[1] == 'h') {
            add(ret, "--hold");
        } else if (strchr("IXzf", option[1])) { /* without a value */
            leave(ret, option, NULL);
        } else {
            value = next_value(words, &i);
            if (!value)
                return err_set(err, EINVAL, "#PBS %s: needs a value", option);
            pbs_option(ret, option, value);
        }
    }
    return 0;
}

static int bsub_word(char *const *words, size_t *i, struct foreign_options *ret,
                     struct err *err)
{
    for (size_t k = 0; k < ARRAY_SIZE(bsub_options); k++) {
        const char *option = words[*i], *value = NULL;

        if (strcmp(bsub_options[k].option, option) != 0)
            continue;
        if (bsub_options[k].has_value && !(value = words[++*i]))
            return err_set(err, EINVAL, "#BSUB %s: needs a value", option);
        if (bsub_options[k].read)
            bsub_options[k].read(ret, value);
        else
            add(ret, "--%s%s%s", bsub_options[k].plain, value ? "=" : "",
                value ? value : "");
        return 0;
    }
    leave(ret, words[*i], NULL);
    return 0;
}

int foreign_translate(enum foreign kind, char *const *words,
                      struct foreign_options *ret, struct err *err)
{
    int rc = 0;

    *ret = (struct foreign_options){.words = NULL};
    if (!words)
        return 0;
    if (kind == FOREIGN_PBS)
        return pbs_words(words, ret, err);
    for (size_t i = 0; rc == 0 && words[i]; i++)
        rc = bsub_word(words, &i, ret, err);
    return rc;
}

void foreign_fini(struct foreign_options *options)
{
    strv_free(options->words);
    strv_free(options->left);
}
