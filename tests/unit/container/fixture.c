/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture.c - build the test image, run tasks, run all tests as each caller
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"

#define ORDINARY_UID 12345

static struct fixture the_fixture;
static char dir[] = "/tmp/berth-container-XXXXXX";

struct fixture *fixture(void)
{
    return &the_fixture;
}

static void put(const char *layer, const char *path, const char *text)
{
    cleanup(freep) char *full = xasprintf("%s/%s", layer, path);

    if (io_write_file_atomic(full, text, strlen(text), 0644, NULL))
        abort();
}

static void put_program(const char *layer, const char *path, const char *text)
{
    cleanup(freep) char *full = xasprintf("%s/%s", layer, path);

    if (io_write_file_atomic(full, text, strlen(text), 0755, NULL))
        abort();
}

static void put_dir(const char *layer, const char *path, mode_t mode)
{
    cleanup(freep) char *full = xasprintf("%s/%s", layer, path);

    if (mkdir(full, mode) || chmod(full, mode))
        abort();
}

static void put_link(const char *layer, const char *path, const char *to)
{
    cleanup(freep) char *full = xasprintf("%s/%s", layer, path);

    if (symlink(to, full))
        abort();
}

static void make_base(const char *base)
{
    cleanup(freep) char *program = NULL;
    cleanup(freep) char *to = xasprintf("%s/bin/probe", base);
    size_t len;

    put_dir(base, "", 0755);
    put_dir(base, "bin", 0755);
    put_dir(base, "etc", 0755);
    put_dir(base, "data", 0755);
    put_dir(base, "home", 0755);
    put_dir(base, "tmp", 0755);
    if (io_read_file(PROBE, 64 << 20, &program, &len, NULL) ||
        io_write_file_atomic(to, program, len, 0755, NULL))
        abort();
    put(base, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    put(base, "etc/group", "root:x:0:\nstaff:x:50:\n");
    put(base, "data/both", "base");
    put(base, "data/hidden", "base");
    put(base, "data/base", "base");
    put(base, "tmp/of-the-image", "");
    put_program(base, "bin/text", "echo no interpreter line\n");
    put_program(base, "bin/orphan-script", "#!/no/such/shell\n");
    put_link(base, "link", "/data");
    put_link(base, "proc-link", "/proc/self/root");
}

static void make_top(const char *top)
{
    cleanup(freep) char *whiteout = xasprintf("%s/data/hidden", top);

    put_dir(top, "", 0755);
    put_dir(top, "data", 0755);
    put(top, "data/both", "top");
    if (mknod(whiteout, S_IFCHR | 0600, 0))
        abort();
}

static void make_image(void)
{
    struct fixture *f = &the_fixture;

    if (!mkdtemp(dir) || chmod(dir, 01777))
        abort();
    f->base = xasprintf("%s/base", dir);
    f->top = xasprintf("%s/top", dir);
    f->layers[0] = f->top;
    f->layers[1] = f->base;
    make_base(f->base);
    make_top(f->top);
}

/* What belongs to the caller. */
static void make_caller(const char *kind)
{
    struct fixture *f = &the_fixture;
    char *work = xasprintf("%s/work-%s", dir, kind);

    free(f->outside);
    free(f->work);
    f->work = work;
    f->outside = xasprintf("%s/outside-%s", dir, kind);
    if (mkdir(work, 0700) || mkdir(f->outside, 0755))
        abort();
    put(f->outside, "file", "outside");
    put_link(f->base, kind, f->outside);
    f->spec = (struct container_spec){.layers = f->layers,
                                      .n_layers = 2,
                                      .user = "alice",
                                      .home = "/home/alice",
                                      .shell = "/bin/probe",
                                      .shm_bytes = 64 << 20,
                                      .work_dir = work};
}

static void become_ordinary(void)
{
    if (setgroups(0, NULL) || setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) ||
        setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) || chdir("/"))
        abort();
    /* Or the leak checker cannot look. */
    (void)prctl(PR_SET_DUMPABLE, 1);
}

static void write_map(const char *path, unsigned int id)
{
    cleanup(freep) char *text = xasprintf("%u %u 1", id, id);
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        abort();
    (void)close(fd);
}

/* As a personal cluster does: one user namespace around all of it. */
static void enter_user_namespace(void)
{
    int fd, status;
    pid_t pid;

    if (prctl(PR_SET_DUMPABLE, 1) ||
        unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID)) {
        (void)fprintf(stderr,
                      "skipped: no user namespaces for ordinary users here: %s\n",
                      strerror(errno));
        exit(0);
    }
    fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, "deny", 4) < 0)
        abort();
    (void)close(fd);
    write_map("/proc/self/uid_map", ORDINARY_UID);
    write_map("/proc/self/gid_map", ORDINARY_UID);
    pid = fork();
    if (pid) {
        (void)waitpid(pid, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    if (mount("proc", "/proc", "proc", 0, NULL))
        abort();
}

typedef void prepare_fn(void);

static int run_in_child(const char *name, const char *kind, prepare_fn *prepare,
                        prepare_fn *prepare_more, const struct CMUnitTest *tests,
                        size_t n)
{
    cleanup(freep) char *title = xasprintf("%s, %s", name, kind);
    int status;
    pid_t pid;

    (void)fflush(NULL);
    make_caller(kind);
    pid = fork();
    if (pid == 0) {
        if (prepare && lchown(the_fixture.spec.work_dir, ORDINARY_UID, ORDINARY_UID) +
                           lchown(the_fixture.outside, ORDINARY_UID, ORDINARY_UID))
            abort();
        if (prepare)
            prepare();
        if (prepare_more)
            prepare_more();
        exit(_cmocka_run_group_tests(title, tests, n, NULL, NULL) != 0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        abort();
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int run_as_each(const char *name, const struct CMUnitTest *tests, size_t n)
{
    struct err err;
    int failed;

    (void)umask(022);
    make_image();
    failed = run_in_child(name, "caller", NULL, NULL, tests, n);
    if (geteuid() == 0) {
        failed |= run_in_child(name, "ordinary", become_ordinary, NULL, tests, n);
        failed |= run_in_child(name, "nested", become_ordinary, enter_user_namespace,
                               tests, n);
    }
    if (io_remove_tree(dir, &err)) {
        (void)fprintf(stderr, "left behind: %s\n", err.text);
        failed = 1;
    }
    return failed;
}

struct container *start(const struct container_spec *spec)
{
    struct container *c = NULL;
    struct err err;

    if (container_create(spec, &c, &err) || container_wait_ready(c, &err))
        fail_msg("%s", err.text);
    return c;
}

const char *start_refused(const struct container_spec *spec)
{
    static struct err err;
    struct container *c = NULL;

    assert_int_equal(container_create(spec, &c, &err), 0);
    assert_int_not_equal(container_wait_ready(c, &err), 0);
    container_destroy(c);
    return err.text;
}

void container_destroyp(struct container **c)
{
    container_destroy(*c);
}

int inside_pid(const struct container *c)
{
    cleanup(freep) char *path = xasprintf("/proc/%d/status", container_init_pid(c));
    cleanup(freep) char *text = NULL;
    const char *line;

    assert_int_equal(io_read_file(path, 65536, &text, NULL, NULL), 0);
    line = strstr(text, "NSpid:");
    assert_non_null(line);
    line = strndupa(line, strcspn(line, "\n"));
    return atoi(strrchr(line, '\t') + 1);
}

void begin(struct container *c, uint32_t id, struct task_spec task, int *ret_out)
{
    static char path[] = "PATH=/nowhere:/bin";
    static char *env[] = {path, NULL};
    int out[2];
    struct err err;

    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    task.id = id;
    if (!task.env)
        task.env = env;
    if (!task.umask)
        task.umask = 022;
    task.new_session = true;
    task.fds[1] = out[1];
    task.fds[2] = out[1];
    if (container_spawn(c, &task, &err))
        fail_msg("%s", err.text);
    (void)close(out[1]);
    *ret_out = out[0];
}

void next_event(struct container *c, struct container_event *ret)
{
    struct pollfd pfd = {.fd = container_fd(c), .events = POLLIN};
    int rc;

    while ((rc = container_next_event(c, ret)) == 0)
        assert_int_equal(poll(&pfd, 1, 20000), 1);
    assert_int_equal(rc, 1);
}

void run_spec(struct container *c, struct task_spec task, struct outcome *ret)
{
    cleanup(closep) int out = -1;
    struct container_event e;
    ssize_t n;

    *ret = (struct outcome){0};
    begin(c, 7, task, &out);
    for (;;) {
        next_event(c, &e);
        if (e.kind == CONTAINER_GONE)
            fail_msg("the container is gone: %s", e.words);
        assert_int_equal(e.task, 7);
        if (e.kind == CONTAINER_TASK_ENDED)
            break;
        ret->started = true;
        ret->pid = e.pid;
    }
    ret->status = e.status;
    ret->max_rss_kib = e.max_rss_kib;
    memcpy(ret->words, e.words, sizeof(ret->words));
    assert_int_equal(fcntl(out, F_SETFL, O_NONBLOCK), 0);
    n = read(out, ret->out, sizeof(ret->out) - 1);
    ret->out[n > 0 ? n : 0] = 0;
}

void run_v(struct container *c, struct outcome *ret, char *const *argv)
{
    run_spec(c, (struct task_spec){.argv = argv, .cwd = "/"}, ret);
}

const char *probe_v(struct container *c, char *const *argv)
{
    static struct outcome o;
    size_t len;

    run_v(c, &o, argv);
    if (o.words[0])
        fail_msg("%s", o.words);
    len = strlen(o.out);
    if (len && o.out[len - 1] == '\n')
        o.out[len - 1] = 0;
    return o.out;
}
