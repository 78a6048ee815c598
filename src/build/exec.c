/* SPDX-License-Identifier: Apache-2.0
 *
 * exec.c - start a container, run one program in it, wait
 */
#include "build/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"

static struct container_spec spec_of(const struct exec_job *job)
{
    return (struct container_spec){
        .layers = (const char *const *)job->layers,
        .n_layers = strv_len(job->layers),
        .overlay = job->overlay,
        .image_etc = true,
        .image_tmp = true,
        .as_root = true,
        .no_network = job->no_network,
        .fake_ids = true,
        .mounts = job->mounts,
        .n_mounts = job->n_mounts,
        .user = "root",
        .home = "/root",
        .shell = "/bin/sh",
        .work_dir = job->work_dir,
    };
}

static int spawn(const struct exec_job *job, struct container *c, struct err *err)
{
    cleanup(closep) int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct task_spec task = {
        .argv = job->argv,
        .env = job->env,
        .cwd = job->cwd,
        .fds = {null, job->out, job->err},
        .umask = 022,
        /* A terminal's Ctrl-C is the builder's to hear. */
        .new_session = true,
    };

    if (null < 0)
        return err_sys(err, errno, "/dev/null");
    return container_spawn(c, &task, err);
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Take what waits: 1 when the program has ended, with its status. */
static int take_events(struct container *c, int *ret_status, struct err *err)
{
    struct container_event event;
    int rc;

    while ((rc = container_next_event(c, &event)) > 0) {
        if (event.kind == CONTAINER_GONE)
            return err_set(err, ECHILD, "the container ended%s%s",
                           *event.words ? ": " : "", event.words);
        if (event.kind != CONTAINER_TASK_ENDED)
            continue;
        if (*event.words)
            return err_set(err, WEXITSTATUS(event.status) == 127 ? ENOENT : EACCES,
                           "%s", event.words);
        *ret_status = status_of(event.status);
        return 1;
    }
    return rc < 0 ? err_sys(err, -rc, "hear from the container") : 0;
}

static int wait_for_end(const struct exec_job *job, struct container *c,
                        int *ret_status, struct err *err)
{
    int rc = 0;

    while (!rc) {
        struct pollfd fds[] = {{.fd = container_fd(c), .events = POLLIN},
                               {.fd = job->stop_fd, .events = POLLIN}};

        if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
            return err_sys(err, errno, "poll");
        if (fds[1].revents)
            return err_set(err, ECANCELED, "interrupted");
        rc = take_events(c, ret_status, err);
    }
    return rc < 0 ? rc : 0;
}

int exec_run(const struct exec_job *job, int *ret_status, struct err *err)
{
    struct container_spec spec = spec_of(job);
    struct container *c = NULL;
    int rc = container_create(&spec, &c, err);

    if (!rc)
        rc = container_wait_ready(c, err);
    if (!rc)
        rc = spawn(job, c, err);
    if (!rc)
        rc = wait_for_end(job, c, ret_status, err);
    container_destroy(c);
    return rc;
}
