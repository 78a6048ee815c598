/* SPDX-License-Identifier: Apache-2.0
 *
 * submit.c - from a template to 'berth submit'
 *
 * The command is run, rather than done again here: it knows options, images and
 * the environment. The native specification is a line of directives of the script
 * that it gets; attributes are its options, and so go before.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "drmaa/internal.h"

#define WORDS_MAX 65536

/* ------------------------------------------------------------------ options */

static void strbuf_finip(struct strbuf *sb)
{
    strbuf_fini(sb);
}

/* A path with the placeholders of DRMAA: for options that know patterns ('%' is then
 * doubled, and the index of a bulk job possible), or plain. */
static char *path_of(const char *text, const char *wd, bool has_patterns)
{
    cleanup(strbuf_finip) struct strbuf sb = STRBUF_INIT;
    const struct {
        const char *mark, *value;
    } marks[] = {
        {DRMAA_PLACEHOLDER_HD, getenv("HOME") ? getenv("HOME") : "/"},
        {DRMAA_PLACEHOLDER_WD, wd ? wd : "."},
        {DRMAA_PLACEHOLDER_INCR, has_patterns ? "%a" : ""},
    };

    while (*text) {
        size_t i;

        for (i = 0; i < ARRAY_SIZE(marks); i++)
            if (strncmp(text, marks[i].mark, strlen(marks[i].mark)) == 0)
                break;
        if (i < ARRAY_SIZE(marks)) {
            strbuf_puts(&sb, marks[i].value);
            text += strlen(marks[i].mark);
            continue;
        }
        if (*text == '%' && has_patterns)
            strbuf_putc(&sb, '%');
        strbuf_putc(&sb, *text++);
    }
    return strbuf_take(&sb);
}

static void add_file(char ***argv, const drmaa_job_template_t *jt, const char *name,
                     const char *option, const char *wd)
{
    const char *value = template_get(jt, name);
    cleanup(freep) char *path = NULL;

    if (!value)
        return;
    path = path_of(strchr(value, ':') + 1, wd, true);
    strv_take(argv, xasprintf("--%s=%s", option, path));
}

/* "[[h:]m:]s" as seconds; -1 when it is something else. */
static long seconds_of(const char *text)
{
    unsigned int a, b, c;
    char end;

    if (sscanf(text, "%u:%u:%u%c", &a, &b, &c, &end) == 3)
        return 3600l * a + 60l * b + c;
    if (sscanf(text, "%u:%u%c", &a, &b, &end) == 2)
        return 60l * a + b;
    return sscanf(text, "%u%c", &a, &end) == 1 ? (long)a : -1;
}

/* "[[[[CC]YY/]MM/]DD] hh:mm[:ss]" as --begin has it; NULL when it is something else. A
 * zone is not taken: the controller's clock counts. */
static char *begin_of(const char *text)
{
    time_t now = time(NULL);
    unsigned int y, m, d, h, min, s = 0;
    const char *clock = strrchr(text, ' ');
    struct tm tm;
    int n;

    (void)localtime_r(&now, &tm);
    y = (unsigned int)tm.tm_year + 1900;
    m = (unsigned int)tm.tm_mon + 1;
    d = (unsigned int)tm.tm_mday;
    n = sscanf(clock ? clock + 1 : text, "%2u:%2u:%2u", &h, &min, &s);
    if (n < 2)
        return NULL;
    if (clock && sscanf(text, "%u/%u/%u", &y, &m, &d) != 3 &&
        sscanf(text, "%u/%u", &m, &d) != 2 && sscanf(text, "%u", &d) != 1)
        return NULL;
    if (y < 100)
        y += 2000;
    return xasprintf("%04u-%02u-%02uT%02u:%02u:%02u", y, m, d, h, min, s);
}

static int add_times(char ***argv, const drmaa_job_template_t *jt, DRMAA_DIAG)
{
    const char *limit = template_get(jt, DRMAA_WCT_HLIMIT);
    const char *start = template_get(jt, DRMAA_START_TIME);
    cleanup(freep) char *begin = start ? begin_of(start) : NULL;
    long seconds = limit ? seconds_of(limit) : 0;

    if (seconds < 0)
        return drmaa_fail(error_diagnosis, error_diag_len,
                          DRMAA_ERRNO_INVALID_ATTRIBUTE_FORMAT,
                          DRMAA_WCT_HLIMIT "=%s: it has the form [[h:]m:]s", limit);
    if (start && !begin)
        return drmaa_fail(
            error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ATTRIBUTE_FORMAT,
            DRMAA_START_TIME "=%s: it has the form [YY/MM/DD] hh:mm[:ss]", start);
    if (seconds)
        strv_take(argv, xasprintf("--time=%ld:%02ld", seconds / 60, seconds % 60));
    if (begin)
        strv_take(argv, xasprintf("--begin=%s", begin));
    return DRMAA_ERRNO_SUCCESS;
}

static void add_name(char ***argv, const drmaa_job_template_t *jt)
{
    const char *name = template_get(jt, DRMAA_JOB_NAME);
    const char *command = template_get(jt, DRMAA_REMOTE_COMMAND);
    const char *slash = strrchr(command, '/');

    strv_take(argv, xasprintf("--job-name=%s", name    ? name
                                               : slash ? slash + 1
                                                       : command));
}

static int make_argv(const drmaa_job_template_t *jt, const char *array, char ***ret,
                     DRMAA_DIAG)
{
    const char *command = template_get(jt, DRMAA_REMOTE_COMMAND);
    const char *wd = template_get(jt, DRMAA_WD), *state;
    cleanup(freep) char *dir = wd ? path_of(wd, NULL, false) : NULL;
    const char *join = template_get(jt, DRMAA_JOIN_FILES);
    int rc;

    if (!command)
        return drmaa_fail(error_diagnosis, error_diag_len,
                          DRMAA_ERRNO_CONFLICTING_ATTRIBUTE_VALUES,
                          DRMAA_REMOTE_COMMAND " was not set");
    strv_add(ret, "berth");
    strv_add(ret, "submit");
    strv_add(ret, "--parsable");
    if (session_config())
        strv_take(ret, xasprintf("--config=%s", session_config()));
    if (array)
        strv_take(ret, xasprintf("--array=%s", array));
    if (dir)
        strv_take(ret, xasprintf("--chdir=%s", dir));
    add_name(ret, jt);
    add_file(ret, jt, DRMAA_INPUT_PATH, "input", dir);
    add_file(ret, jt, DRMAA_OUTPUT_PATH, "output", dir);
    if (!join || strcmp(join, "y") != 0)
        add_file(ret, jt, DRMAA_ERROR_PATH, "error", dir);
    state = template_get(jt, DRMAA_JS_STATE);
    if (state && strcmp(state, DRMAA_SUBMISSION_STATE_HOLD) == 0)
        strv_add(ret, "--hold");
    rc = add_times(ret, jt, error_diagnosis, error_diag_len);
    strv_add(ret, "/dev/stdin");
    strv_add(ret, command);
    for (char *const *arg = template_get_vector(jt, DRMAA_V_ARGV); arg && *arg; arg++)
        strv_add(ret, *arg);
    return rc;
}

/* -------------------------------------------------------------- the command */

/* Its stdin: the script. */
static int make_script(const drmaa_job_template_t *jt)
{
    const char *native = template_get(jt, DRMAA_NATIVE_SPECIFICATION);
    cleanup(freep) char *text =
        xasprintf("#!/bin/sh\n%s%s\nexec \"$@\"\n", native ? "#BERTH " : "",
                  native ? native : "");
    int fd = memfd_create("script", MFD_CLOEXEC);

    if (fd >= 0 && (io_write_full(fd, text, strlen(text)) || lseek(fd, 0, SEEK_SET))) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static int start(char *const *argv, char *const *env, const int fds[3], pid_t *ret)
{
    const char *program = getenv("BERTH_COMMAND");
    posix_spawn_file_actions_t actions;
    int rc;

    (void)posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 3; i++)
        (void)posix_spawn_file_actions_adddup2(&actions, fds[i], i);
    rc = posix_spawn(ret, program ? program : BERTH_BINDIR "/berth", &actions, NULL,
                     argv, env);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* Words and output go to files, so that neither can hold up the other. */
static int run(const drmaa_job_template_t *jt, char *const *argv, char **ret_out,
               char **ret_words)
{
    cleanup(closep) int script = make_script(jt);
    cleanup(closep) int out = memfd_create("out", MFD_CLOEXEC);
    cleanup(closep) int words = memfd_create("words", MFD_CLOEXEC);
    cleanup(strv_freep) char **env = strv_dup(environ);
    int status = -1;
    pid_t pid;

    for (char *const *v = template_get_vector(jt, DRMAA_V_ENV); v && *v; v++) {
        cleanup(freep) char *name = xstrndup(*v, (size_t)(strchr(*v, '=') - *v));

        strv_setenv(&env, name, strchr(*v, '=') + 1);
    }
    if (script < 0 || out < 0 || words < 0 ||
        start(argv, env, (int[3]){script, out, words}, &pid))
        return -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    (void)lseek(out, 0, SEEK_SET);
    (void)lseek(words, 0, SEEK_SET);
    if (io_read_fd(out, WORDS_MAX, ret_out, NULL, NULL) ||
        io_read_fd(words, WORDS_MAX, ret_words, NULL, NULL))
        return -1;
    return status;
}

static int submit(const drmaa_job_template_t *jt, const char *array, uint32_t *ret_id,
                  DRMAA_DIAG)
{
    cleanup(strv_freep) char **argv = NULL;
    cleanup(freep) char *out = NULL;
    cleanup(freep) char *words = NULL;
    int rc = make_argv(jt, array, &argv, error_diagnosis, error_diag_len), status;

    if (rc == DRMAA_ERRNO_SUCCESS)
        rc = session_watch(error_diagnosis, error_diag_len);
    if (rc)
        return rc;
    status = run(jt, argv, &out, &words);
    *ret_id = out ? (uint32_t)strtoul(out, NULL, 10) : 0;
    if (status == 0 && *ret_id)
        return DRMAA_ERRNO_SUCCESS;
    if (words && words[0])
        words[strcspn(words, "\n")] = '\0';
    return drmaa_fail(error_diagnosis, error_diag_len,
                      words ? DRMAA_ERRNO_DENIED_BY_DRM : DRMAA_ERRNO_INTERNAL_ERROR,
                      "%s", words && words[0] ? words : "'berth submit' cannot be run");
}

EXPORT int drmaa_run_job(char *job_id, size_t job_id_len,
                         const drmaa_job_template_t *jt, DRMAA_DIAG)
{
    cleanup(freep) char *text = NULL;
    uint32_t id;
    int rc;

    if (!jt || !job_id)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "no template, or nowhere to put the job's id");
    rc = session_enter(error_diagnosis, error_diag_len);
    if (rc)
        return rc;
    rc = submit(jt, NULL, &id, error_diagnosis, error_diag_len);
    if (rc == DRMAA_ERRNO_SUCCESS) {
        session_add(id, NO_TASK);
        text = job_id_format(id, NO_TASK);
        rc = drmaa_give(job_id, job_id_len, text);
    }
    session_leave();
    return rc;
}

EXPORT int drmaa_run_bulk_jobs(drmaa_job_ids_t **job_ids,
                               const drmaa_job_template_t *jt, int start_index, int end,
                               int incr, DRMAA_DIAG)
{
    bool falls = incr < 0;
    long step = labs((long)incr), low = falls ? end : start_index;
    long high = falls ? start_index : end;
    cleanup(freep) char *array = NULL;
    char **texts = NULL;
    uint32_t id;
    int rc;

    if (!jt || !job_ids || step == 0 || low < 1 || high < low)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "a bulk from %d to %d by %d", start_index, end, incr);
    rc = session_enter(error_diagnosis, error_diag_len);
    if (rc)
        return rc;
    if (falls)
        low = high - (high - low) / step * step;
    array = xasprintf("%ld-%ld:%ld", low, high, step);
    rc = submit(jt, array, &id, error_diagnosis, error_diag_len);
    for (long i = low; rc == DRMAA_ERRNO_SUCCESS && i <= high; i += step) {
        session_add(id, (uint32_t)i);
        strv_take(&texts, job_id_format(id, (uint32_t)i));
    }
    if (rc == DRMAA_ERRNO_SUCCESS)
        *job_ids = list_create(texts);
    session_leave();
    return rc;
}
