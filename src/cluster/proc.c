/* SPDX-License-Identifier: Apache-2.0
 *
 * proc.c - namespaces, the processes that hold them, the daemons
 */
#include "cluster/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"

#define MUNGED_TRIES 250
#define TRY_INTERVAL_NS 20000000

uint64_t cluster_ns_of(pid_t pid, const char *kind)
{
    cleanup(freep) char *path = xasprintf("/proc/%d/ns/%s", (int)pid, kind);
    struct stat st;

    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static int write_self(const char *path, const char *text)
{
    cleanup(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd < 0 ? -errno : io_write_full(fd, text, strlen(text));
}

/* The ids are the same inside and outside, so that MUNGE tells the truth. */
static int map_own_ids(uid_t uid, gid_t gid)
{
    cleanup(freep) char *uids = xasprintf("%u %u 1\n", uid, uid);
    cleanup(freep) char *gids = xasprintf("%u %u 1\n", gid, gid);
    int rc = write_self("/proc/self/setgroups", "deny");

    if (rc == 0)
        rc = write_self("/proc/self/uid_map", uids);
    if (rc == 0)
        rc = write_self("/proc/self/gid_map", gids);
    return rc;
}

static int lo_up(void)
{
    cleanup(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return -errno;
    return 0;
}

int cluster_enter_new(struct err *err)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int rc;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return err_sys(err, errno,
                       "this machine does not let ordinary users make user "
                       "namespaces, run 'berth cluster up' as root");
    rc = map_own_ids(uid, gid);
    if (rc == 0)
        rc = lo_up();
    if (rc < 0)
        return err_sys(err, -rc,
                       "this machine limits what ordinary users do in user "
                       "namespaces, run 'berth cluster up' as root");
    return 0;
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

    memset(none, 0, sizeof(none));
    (void)syscall(SYS_capset, &head, none);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int signo = 1; signo < 32; signo++)
        (void)signal(signo, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int make_node_namespaces(const char *name)
{
    if (unshare(CLONE_NEWNET | CLONE_NEWUTS) < 0 || sethostname(name, strlen(name)) < 0)
        return -errno;
    return lo_up();
}

/* In the child: report on 'ready', then wait to be killed. */
static void __attribute__((noreturn)) hold(const char *node, int ready)
{
    int rc = node ? make_node_namespaces(node) : 0;

    reset_signals();
    (void)setsid();
    (void)chdir("/");
    (void)prctl(PR_SET_NAME, "berth-holder");
    (void)io_write_full(ready, &rc, sizeof(rc));
    drop_capabilities();
    (void)close_range(0, ~0U, 0);
    for (;;)
        (void)pause();
}

int cluster_hold(const char *node, struct process *ret, struct err *err)
{
    cleanup(closep) int read_end = -1;
    cleanup(closep) int write_end = -1;
    int fds[2], rc, result;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_sys(err, errno, "cannot make a namespace");
    read_end = fds[0];
    write_end = fds[1];
    pid = fork();
    if (pid < 0)
        return err_sys(err, errno, "cannot make a namespace");
    if (pid == 0)
        hold(node, write_end);
    closep(&write_end);
    rc = io_read_full(read_end, &result, sizeof(result));
    if (rc == 0)
        rc = result;
    if (rc == 0)
        rc = process_find(pid, ret);
    if (rc == 0)
        return 0;
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    return err_sys(err, -rc, "cannot make the namespaces of %s",
                   node ? node : "the cluster");
}

int cluster_enter_node(const struct cluster_node *node, struct err *err)
{
    cleanup(closep) int fd = process_open(&node->holder);

    if (fd < 0)
        return err_set(err, ESRCH, "node %s has lost its namespace", node->name);
    if (setns(fd, CLONE_NEWNET | CLONE_NEWUTS) < 0)
        return err_sys(err, errno, "cannot enter the namespace of node %s", node->name);
    return 0;
}

static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Our own programs: where they are installed, and where they are built. */
static char *find_beside(const char *name)
{
    static const char *const places[] = {".", "../sbin", "../libexec/berth", ".."};
    char exe[4096];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    if (len <= 0)
        return NULL;
    exe[len] = '\0';
    *strrchr(exe, '/') = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        cleanup(freep) char *path = xasprintf("%s/%s/%s", exe, places[i], name);

        if (is_program(path))
            return realpath(path, NULL);
    }
    return NULL;
}

static char *find_in_path(const char *name)
{
    const char *env = getenv("PATH");
    cleanup(freep) char *all =
        xasprintf("%s:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", env ? env : "");
    cleanup(strv_freep) char **dirs = strv_split(all, ":");

    strv_foreach (dir, dirs) {
        cleanup(freep) char *path = xasprintf("%s/%s", *dir, name);

        if (is_program(path))
            return take(path);
    }
    return NULL;
}

static char *find_in_libexec(const char *name)
{
    cleanup(freep) char *path = xasprintf(BERTH_LIBEXECDIR "/%s", name);

    return is_program(path) ? take(path) : NULL;
}

int cluster_find_program(const char *name, const char *package, char **ret_path,
                         struct err *err)
{
    char *path = package ? NULL : find_beside(name);

    if (!path)
        path = find_in_path(name);
    if (!path && !package)
        path = find_in_libexec(name);
    if (!path && package)
        return err_set(err, ENOENT, "%s is missing: install the package %s", name,
                       package);
    if (!path)
        return err_set(err, ENOENT, "%s is neither beside berth nor in PATH", name);
    *ret_path = path;
    return 0;
}

struct launch {
    const char *path, *log;
    char *const *argv;
    const struct cluster_node *node; /* NULL: where this process is */
    const char *mark;                /* DIR, for the environment */
};

static int prepare(const struct launch *l)
{
    int log = open(l->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (log < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        return -errno;
    if (l->node && cluster_enter_node(l->node, NULL) < 0)
        return -ESRCH;
    reset_signals();
    (void)setsid();
    (void)umask(022);
    if (chdir("/") < 0 || setenv("BERTH_CLUSTER_DIR", l->mark, 1) < 0)
        return -errno;
    io_cloexec_from(3);
    return 0;
}

static void __attribute__((noreturn)) exec_daemon(const struct launch *l, int report)
{
    int rc = prepare(l);

    if (rc == 0) {
        (void)execv(l->path, l->argv);
        rc = -errno;
    }
    (void)io_write_full(report, &rc, sizeof(rc));
    _exit(127);
}

static int launch(const struct launch *l, struct process *ret, struct err *err)
{
    cleanup(closep) int read_end = -1;
    cleanup(closep) int write_end = -1;
    int fds[2], failure;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_sys(err, errno, "cannot start %s", l->path);
    read_end = fds[0];
    write_end = fds[1];
    pid = fork();
    if (pid < 0)
        return err_sys(err, errno, "cannot start %s", l->path);
    if (pid == 0)
        exec_daemon(l, write_end);
    closep(&write_end);
    if (io_read_full(read_end, &failure, sizeof(failure)) == 0) {
        (void)waitpid(pid, NULL, 0);
        return err_sys(err, -failure, "cannot start %s", l->path);
    }
    if (process_find(pid, ret) < 0)
        return err_set(err, ESRCH, "%s ended as soon as it started", l->path);
    return 0;
}

static int start(const struct cluster *c, const struct cluster_node *node,
                 char *const *argv, const char *log, struct process *ret,
                 struct err *err)
{
    cleanup(freep) char *log_path = xasprintf("%s/log/%s", c->dir, log);
    cleanup(freep) char *path = NULL;
    const char *package = strcmp(argv[0], "munged") == 0 ? "munge" : NULL;
    int rc = cluster_find_program(argv[0], package, &path, err);
    struct launch l = {path, log_path, argv, node, c->dir};

    return rc < 0 ? rc : launch(&l, ret, err);
}

static void add_path(char ***argv, const char *option, const char *dir,
                     const char *name)
{
    strv_add(argv, option);
    strv_take(argv, xasprintf("%s/%s", dir, name));
}

static int wait_for_munged(const struct cluster *c, struct err *err)
{
    const struct timespec interval = {.tv_nsec = TRY_INTERVAL_NS};
    cleanup(freep) char *path = cluster_path(c, "munge/socket");
    cleanup(freep) char *words = NULL;

    for (int i = 0; i < MUNGED_TRIES && process_is_alive(&c->munged); i++) {
        if (access(path, F_OK) == 0)
            return 0;
        (void)nanosleep(&interval, NULL);
    }
    words = cluster_last_words(c, "munged.log");
    return err_set(err, EIO, "munged did not start: %s", words);
}

int cluster_start_munged(struct cluster *c, struct err *err)
{
    cleanup(strv_freep) char **argv = strv_split("munged --foreground --force", " ");
    int rc;

    add_path(&argv, "--socket", c->dir, "munge/socket");
    add_path(&argv, "--key-file", c->dir, "munge/key");
    add_path(&argv, "--pid-file", c->dir, "munge/pid");
    add_path(&argv, "--seed-file", c->dir, "munge/seed");
    rc = start(c, NULL, argv, "munged.log", &c->munged, err);
    return rc < 0 ? rc : wait_for_munged(c, err);
}

int cluster_start_controller(struct cluster *c, struct err *err)
{
    cleanup(strv_freep) char **argv = strv_split("berthctld", " ");

    add_path(&argv, "--config", c->dir, "berth.yaml");
    return start(c, NULL, argv, "berthctld.log", &c->controller, err);
}

int cluster_start_node(struct cluster *c, size_t i, struct err *err)
{
    struct cluster_node *node = &c->nodes[i];
    cleanup(strv_freep) char **argv = strv_split("berthd", " ");
    cleanup(freep) char *log = xasprintf("%s.log", node->name);

    add_path(&argv, "--config", c->dir, "berth.yaml");
    strv_add(&argv, "--node");
    strv_add(&argv, node->name);
    return start(c, node, argv, log, &node->daemon, err);
}

int cluster_start_fake(struct cluster *c, struct err *err)
{
    cleanup(strv_freep) char **argv = strv_split("berth-fake", " ");

    add_path(&argv, "--config", c->dir, "berth.yaml");
    strv_add(&argv, "--nodes");
    strv_take(&argv, cluster_fake_names(c));
    if (c->fake_runtime) {
        strv_add(&argv, "--runtime");
        strv_add(&argv, c->fake_runtime);
    }
    return start(c, NULL, argv, "berth-fake.log", &c->fake, err);
}

char *cluster_last_words(const struct cluster *c, const char *log)
{
    enum { TAIL = 1024 };
    cleanup(freep) char *path = xasprintf("%s/log/%s", c->dir, log);
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char tail[TAIL + 1];
    ssize_t len;
    char *line;
    off_t size;

    if (fd < 0)
        return xstrdup("");
    size = lseek(fd, 0, SEEK_END);
    len = pread(fd, tail, TAIL, size > TAIL ? size - TAIL : 0);
    while (len > 0 && tail[len - 1] == '\n')
        len--;
    tail[len > 0 ? len : 0] = '\0';
    line = strrchr(tail, '\n');
    return xstrdup(line ? line + 1 : tail);
}
