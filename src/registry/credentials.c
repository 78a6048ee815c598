/* SPDX-License-Identifier: Apache-2.0
 *
 * credentials.c - which file, which helper
 */
#include "registry/credentials.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "registry/helper.h"

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static char *docker_file(void)
{
    if (variable("DOCKER_CONFIG"))
        return xasprintf("%s/config.json", variable("DOCKER_CONFIG"));
    if (variable("HOME"))
        return xasprintf("%s/.docker/config.json", variable("HOME"));
    return NULL;
}

static char **files_to_read(void)
{
    char **files = NULL, *docker = docker_file();

    if (variable("REGISTRY_AUTH_FILE")) {
        strv_add(&files, variable("REGISTRY_AUTH_FILE"));
        free(docker);
        return files;
    }
    if (variable("XDG_RUNTIME_DIR"))
        strv_take(&files,
                  xasprintf("%s/containers/auth.json", variable("XDG_RUNTIME_DIR")));
    if (variable("XDG_CONFIG_HOME"))
        strv_take(&files,
                  xasprintf("%s/containers/auth.json", variable("XDG_CONFIG_HOME")));
    else if (variable("HOME"))
        strv_take(&files,
                  xasprintf("%s/.config/containers/auth.json", variable("HOME")));
    if (docker)
        strv_take(&files, docker);
    return files;
}

static int ask_helper(const char *helper, const char *host, struct credentials *ret,
                      struct err *err)
{
    cleanup(freep) char *output = NULL;
    struct err words = {0};
    size_t len;
    int r = helper_run(helper, "get", host, &output, &len, &words);

    if (r == -ENOENT)
        return 0;
    if (r == 0)
        r = dockercfg_parse_helper(output, len, ret, &words);
    if (r < 0)
        return err_set(err, words.code, "credential helper '%.40s': %s", helper,
                       words.text);
    return 0;
}

static int ask_file(const char *file, const char *host, const char *path,
                    struct credentials *ret, struct err *err)
{
    cleanup(dockercfg_answer_fini) struct dockercfg_answer answer = {0};
    cleanup(freep) char *bytes = NULL;
    size_t len;
    int r;

    if (access(file, F_OK) < 0)
        return 0;
    r = io_read_file(file, DOCKERCFG_MAX, &bytes, &len, err);
    if (r < 0)
        return r;
    r = dockercfg_find(bytes, len, host, path, &answer, err);
    if (r < 0)
        return err_wrap(err, "%s", file);
    if (answer.helper)
        return ask_helper(answer.helper, host, ret, err);
    *ret = answer.credentials;
    answer.credentials = (struct credentials){0};
    return 0;
}

int credentials_find(const char *host, const char *path, struct credentials *ret,
                     struct err *err)
{
    cleanup(strv_freep) char **files = files_to_read();

    *ret = (struct credentials){0};
    strv_foreach (file, files) {
        int r = ask_file(*file, host, path, ret, err);

        if (r < 0 || ret->password || ret->token)
            return r;
    }
    return 0;
}

/* The file to write, and what it holds now (NULL: it is not there). */
static int open_own(char **ret_file, char **ret_bytes, size_t *ret_len,
                    struct dockercfg_answer *ret, const char *host, struct err *err)
{
    const char *given = variable("REGISTRY_AUTH_FILE");
    cleanup(freep) char *file = given ? xstrdup(given) : docker_file();
    int r = 0;

    if (!file)
        return err_set(err, ENOENT, "there is no HOME to keep credentials in");
    if (access(file, F_OK) == 0) {
        r = io_read_file(file, DOCKERCFG_MAX, ret_bytes, ret_len, err);
        if (r == 0)
            r = dockercfg_find(*ret_bytes, *ret_len, host, "", ret, err);
        if (r < 0)
            return err_wrap(err, "%s", file);
    }
    *ret_file = take(file);
    return r;
}

static int write_own(const char *file, const char *text, struct err *err)
{
    cleanup(freep) char *dir = xstrdup(file);
    char *slash = strrchr(dir, '/');
    int r = 0;

    if (slash && slash != dir) {
        *slash = '\0';
        r = io_mkdir_p(dir, 0700, err);
    }
    return r < 0 ? r : io_write_file_atomic(file, text, strlen(text), 0600, err);
}

static int change(const char *file, const char *bytes, size_t len, const char *host,
                  const char *user, const char *password, struct err *err)
{
    cleanup(freep) char *text = NULL;
    int r = dockercfg_change(bytes, len, host, user, password, &text, err);

    return r < 0 ? r : write_own(file, text, err);
}

static int tell_helper(const char *helper, const char *verb, const char *input,
                       struct err *err)
{
    cleanup(freep) char *output = NULL;
    size_t len;

    return helper_run(helper, verb, input, &output, &len, err);
}

int credentials_store(const char *host, const char *user, const char *password,
                      char **ret_where, struct err *err)
{
    cleanup(dockercfg_answer_fini) struct dockercfg_answer answer = {0};
    cleanup(freep) char *file = NULL, *bytes = NULL, *input = NULL;
    size_t len = 0;
    json_t *json;
    int r = open_own(&file, &bytes, &len, &answer, host, err);

    if (r < 0)
        return r;
    if (!answer.helper) {
        r = change(file, bytes, len, host, user, password, err);
        *ret_where = r < 0 ? NULL : take(file);
        return r;
    }
    json = json_pack("{s:s, s:s, s:s}", "ServerURL", host, "Username", user, "Secret",
                     password);
    input = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    r = tell_helper(answer.helper, "store", input ? input : "", err);
    if (r == 0)
        *ret_where = xasprintf("docker-credential-%s", answer.helper);
    return r;
}

int credentials_erase(const char *host, char **ret_where, struct err *err)
{
    cleanup(dockercfg_answer_fini) struct dockercfg_answer answer = {0};
    cleanup(freep) char *file = NULL, *bytes = NULL;
    size_t len = 0;
    int r = open_own(&file, &bytes, &len, &answer, host, err);

    if (r < 0)
        return r;
    if (answer.helper) {
        r = tell_helper(answer.helper, "erase", host, err);
        if (r == 0)
            *ret_where = xasprintf("docker-credential-%s", answer.helper);
        return r;
    }
    r = change(file, bytes, len, host, NULL, NULL, err);
    if (r == 0)
        *ret_where = take(file);
    return r;
}
