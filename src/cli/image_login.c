/* SPDX-License-Identifier: Apache-2.0
 *
 * image_login.c - berth image login, logout: credentials for registries
 */
#include "cli/image_command.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "cli/registry_link.h"

#define SECRET_MAX 65536

static const struct usage login_usage = {
    .synopsis = "berth image login HOST[:PORT] [options]",
    .about =
        "Check a user name and password with a registry, and keep them where docker\n"
        "keeps its own (~/.docker/config.json, or a credential helper that it\n"
        "names; $REGISTRY_AUTH_FILE instead). On a terminal both are asked for; else\n"
        "stdin holds the password.",
    .examples = "  berth image login registry.example.org\n"
                "  berth image login registry.example.org --user me < password\n",
};

static const struct usage logout_usage = {
    .synopsis = "berth image logout HOST[:PORT] [options]",
    .about = "Forget the credentials that 'berth image login' keeps.",
    .examples = "  berth image logout registry.example.org\n",
};

struct args {
    struct image_args image;
    struct registry_args registry;
    const char *user;
};

static const struct opt login_opts[] = {
    {.name = "user",
     .letter = 'u',
     .arg = OPT_NEEDED,
     .meta = "NAME",
     .set = opt_string,
     .offset = offsetof(struct args, user),
     .help = "the user's name there"},
    OPTS_REGISTRY(struct args, registry),
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static const struct opt logout_opts[] = {
    OPTS_IMAGE(struct args, image),
    OPTS_END,
};

static void args_fini(struct args *args)
{
    image_args_fini(&args->image);
}

/* A line of the terminal; 'is_secret': it does not show. The caller frees it. */
static char *ask_line(const char *prompt, bool is_secret)
{
    struct termios before, quiet;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    (void)fputs(prompt, stderr);
    (void)fflush(stderr);
    if (is_secret && tcgetattr(STDIN_FILENO, &before) == 0) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    } else {
        is_secret = false;
    }
    n = getline(&line, &room, stdin);
    if (is_secret) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        (void)fputc('\n', stderr);
    }
    if (n < 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

static char *read_stdin(void)
{
    char *bytes = NULL;

    if (io_read_fd(STDIN_FILENO, SECRET_MAX, &bytes, NULL, NULL) < 0)
        return NULL;
    bytes[strcspn(bytes, "\r\n")] = '\0';
    return bytes;
}

static int log_in(const struct args *args, const char *host, const char *user,
                  const char *password)
{
    struct registry_settings settings =
        registry_settings(&args->image, &args->registry);
    const struct registry_module *module;
    cleanup(freep) char *where = NULL;
    struct err err;
    int r = registry_link(&module, &err);

    if (r == 0)
        r = module->login(&settings, host, user, password, &where, &err);
    if (r < 0)
        return image_fail(&err);
    if (args->image.common.json)
        return image_print_json(json_pack("{s:s, s:s, s:s}", "registry", host, "user",
                                          user, "kept", where));
    printf("Logged in to %s as %s; kept in %s\n", host, user, where);
    return STATUS_OK;
}

static bool is_host(const char *host)
{
    if (*host && !strchr(host, '/'))
        return true;
    say_error("'%s' is no registry: HOST or HOST:PORT", host);
    return false;
}

int cmd_image_login(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    cleanup(freep) char *user = NULL, *password = NULL;
    bool is_terminal = isatty(STDIN_FILENO);
    int next, status;

    status =
        image_parse(&login_usage, login_opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1) {
        say_error("login needs one registry: berth image login HOST[:PORT]");
        return STATUS_USAGE;
    }
    if (!is_host(argv[next]))
        return STATUS_USAGE;
    if (!args.user && !is_terminal) {
        say_error("login needs --user when stdin is no terminal");
        return STATUS_USAGE;
    }
    user = args.user ? xstrdup(args.user) : ask_line("User name: ", false);
    password = is_terminal ? ask_line("Password: ", true) : read_stdin();
    if (!user || !*user || !password || !*password) {
        say_error("login needs a user name and a password");
        return STATUS_USAGE;
    }
    return log_in(&args, argv[next], user, password);
}

int cmd_image_logout(int argc, char **argv)
{
    cleanup(args_fini) struct args args = {0};
    const struct registry_module *module;
    cleanup(freep) char *where = NULL;
    int next, r, status;
    struct err err;

    status =
        image_parse(&logout_usage, logout_opts, argc, argv, &args, &args.image, &next);
    if (status >= 0)
        return status;
    if (argc - next != 1) {
        say_error("logout needs one registry: berth image logout HOST[:PORT]");
        return STATUS_USAGE;
    }
    r = registry_link(&module, &err);
    if (r == 0)
        r = module->logout(argv[next], &where, &err);
    if (r < 0)
        return image_fail(&err);
    if (args.image.common.json)
        return image_print_json(
            json_pack("{s:s, s:s}", "registry", argv[next], "kept", where));
    printf("Logged out of %s (%s)\n", argv[next], where);
    return STATUS_OK;
}
