/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - berthctld: options, start, signals, exit status
 */
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "controller/controller.h"

#include <errno.h>
#include <getopt.h>
#include <munge.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum exit_status { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CONFIG = 3 };

static const char help[] =
    "Usage: berthctld [--config FILE] [--foreground]\n"
    "The controller of a Berth cluster: keeps the queue, places jobs, tells nodes.\n"
    "\n"
    "  -c, --config FILE  read FILE (default: $BERTH_CONF, else berth.yaml)\n"
    "  -F, --foreground   stay in the foreground (always so; for habit's sake)\n"
    "  -V, --version      print the version\n"
    "  -h, --help         print this\n"
    "\n"
    "It stops on SIGTERM and SIGINT; running jobs go on, and a new start finds\n"
    "them. Exit status: 0 stopped, 1 failed, 2 wrong usage, 3 wrong configuration.\n"
    "\n"
    "Example:\n"
    "  berthctld --config /etc/berth/berth.yaml\n";

struct options {
    const char *config;
    enum { RUN, SHOW_VERSION, SHOW_HELP } what;
};

static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option table[] = {{"config", required_argument, NULL, 'c'},
                                          {"foreground", no_argument, NULL, 'F'},
                                          {"version", no_argument, NULL, 'V'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int c;

    while ((c = getopt_long(argc, argv, "c:FVh", table, NULL)) != -1) {
        if (c == 'c')
            options->config = optarg;
        else if (c == 'V')
            options->what = SHOW_VERSION;
        else if (c == 'h')
            options->what = SHOW_HELP;
        else if (c != 'F')
            return -EINVAL;
    }
    if (optind == argc)
        return 0;
    (void)fprintf(stderr, "berthctld: unexpected argument '%s'\n", argv[optind]);
    return -EINVAL;
}

/* Without MUNGE no connection could be opened: say so now. */
static int check_munge(const struct config *config, struct err *err)
{
    const char *path = config->munge.socket;
    munge_ctx_t munge = munge_ctx_create();
    char *credential = NULL;
    munge_err_t rc = EMUNGE_SUCCESS;

    if (path && *path)
        rc = munge_ctx_set(munge, MUNGE_OPT_SOCKET, path);
    if (rc == EMUNGE_SUCCESS)
        rc = munge_encode(&credential, munge, NULL, 0);
    free(credential);
    if (rc != EMUNGE_SUCCESS)
        (void)err_set(err, ENOENT, "munge: %s",
                      munge_ctx_strerror(munge) ? munge_ctx_strerror(munge)
                                                : munge_strerror(rc));
    munge_ctx_destroy(munge);
    return rc == EMUNGE_SUCCESS ? 0 : -ENOENT;
}

/* Each connection is a descriptor; the default of 1024 is too few. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

struct daemon {
    struct controller *ctl;
    uv_signal_t term, interrupt;
};

static void on_signal(uv_signal_t *handle, int signo)
{
    struct daemon *daemon = handle->data;

    log_info("stopping on %s", signo == SIGTERM ? "SIGTERM" : "SIGINT");
    uv_close((uv_handle_t *)&daemon->term, NULL);
    uv_close((uv_handle_t *)&daemon->interrupt, NULL);
    controller_close(take(daemon->ctl));
}

static void watch_signals(uv_loop_t *loop, struct daemon *daemon)
{
    uv_signal_init(loop, &daemon->term);
    uv_signal_init(loop, &daemon->interrupt);
    daemon->term.data = daemon;
    daemon->interrupt.data = daemon;
    uv_signal_start(&daemon->term, on_signal, SIGTERM);
    uv_signal_start(&daemon->interrupt, on_signal, SIGINT);
}

static int run(const struct config *config, struct err *err)
{
    uv_loop_t *loop = uv_default_loop();
    struct daemon daemon = {0};
    int rc = check_munge(config, err);

    if (rc == 0)
        rc = controller_create(loop, config, &daemon.ctl, err);
    if (rc)
        return rc;
    watch_signals(loop, &daemon);
    log_info("cluster %s: %zu nodes, listening on port %u", config->cluster,
             config->n_nodes, controller_port(daemon.ctl));
    uv_run(loop, UV_RUN_DEFAULT);
    /* Still there: the store failed, and the words are in the log. */
    return daemon.ctl ? err_set(err, EIO, "the store has failed") : 0;
}

static int start(const struct options *options)
{
    cleanup(freep) char *path = NULL;
    cleanup(config_freep) struct config *config = NULL;
    struct err err;

    if (config_find(options->config, &path, &err) || config_load(path, &config, &err)) {
        (void)fprintf(stderr, "berthctld: %s\n", err.text);
        return EXIT_CONFIG;
    }
    log_init("berthctld", (enum log_level)log_level_parse(config->log_level));
    if (run(config, &err)) {
        (void)fprintf(stderr, "berthctld: %s\n", err.text);
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

/* What one burst of requests took the next one needs again: it is not given back and
 * fetched anew, page by page, with each batch. */
static void keep_memory(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, 16 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
    (void)mallopt(M_TOP_PAD, 1 << 20);
}

int main(int argc, char **argv)
{
    struct options options = {0};

    io_open_std();
    if (parse_options(argc, argv, &options)) {
        (void)fprintf(stderr, "Try 'berthctld --help'.\n");
        return EXIT_USAGE;
    }
    if (options.what == SHOW_VERSION)
        return printf("berthctld %s\n", PACKAGE_VERSION) < 0;
    if (options.what == SHOW_HELP)
        return fputs(help, stdout) < 0;
    /* The database holds the key that signs grants. */
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    keep_memory();
    return start(&options);
}
