/* SPDX-License-Identifier: Apache-2.0
 *
 * files.c - the directory of a cluster: key, configuration, pointer
 *
 *     DIR/berth.yaml cluster.json join.pid log/ munge/ run/NODE/
 *     DATA/controller/ node/NODE/ images/
 */
#include "cluster/cluster.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define KEY_BYTES 128
#define PODS_NODES_MAX 256 /* with 256 addresses each */

int cluster_check_name(const char *name, struct err *err)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && (i == 0 || !strchr("-_", name[i])))
            return err_set(err, EINVAL,
                           "'%.64s' cannot be a cluster's name: use letters, digits "
                           "and '-'",
                           name);
    if (len == 0 || len > CLUSTER_NAME_MAX)
        return err_set(err, EINVAL, "a cluster's name has 1 to %d letters",
                       CLUSTER_NAME_MAX);
    return 0;
}

static char *home_dir(void)
{
    const char *home = getenv("HOME");
    const struct passwd *pw = home && *home ? NULL : getpwuid(geteuid());

    if (pw)
        home = pw->pw_dir;
    return xstrdup(home && *home ? home : "/tmp");
}

static char *user_state(const char *rest)
{
    cleanup(freep) char *home = home_dir();

    return xasprintf("%s/.local/state/berth/%s", home, rest);
}

char *cluster_default_data(const char *name)
{
    cleanup(freep) char *rest = xasprintf("cluster/%s", name);

    if (geteuid() == 0)
        return xasprintf("/var/lib/berth/cluster-%s", name);
    return user_state(rest);
}

char *cluster_default_dir(const char *name)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (geteuid() == 0)
        return xasprintf("/run/berth/cluster-%s", name);
    if (runtime && *runtime == '/' && access(runtime, W_OK) == 0)
        return xasprintf("%s/berth/cluster-%s", runtime, name);
    return cluster_default_data(name);
}

/* The link to a cluster's berth.yaml, where config_find looks for it. */
static char *pointer_of(uid_t uid)
{
    return uid == 0 ? xstrdup("/run/berth/current.yaml") : user_state("current.yaml");
}

static char *pointed_dir(const char *pointer)
{
    char target[4096];
    ssize_t len = readlink(pointer, target, sizeof(target) - 1);
    char *slash;

    if (len <= 0)
        return NULL;
    target[len] = '\0';
    slash = strrchr(target, '/');
    if (slash)
        *slash = '\0';
    return slash ? xstrdup(target) : NULL;
}

/* The directory of the configuration in $BERTH_CONF, if a cluster is there. */
static char *named_dir(void)
{
    const char *conf = getenv("BERTH_CONF");
    const char *slash = conf ? strrchr(conf, '/') : NULL;
    cleanup(freep) char *dir =
        slash && conf[0] == '/' ? xstrndup(conf, (size_t)(slash - conf)) : NULL;
    cleanup(freep) char *state = dir ? xasprintf("%s/cluster.json", dir) : NULL;

    return state && access(state, F_OK) == 0 ? take(dir) : NULL;
}

char *cluster_current_dir(void)
{
    cleanup(freep) char *own = pointer_of(geteuid());
    cleanup(freep) char *root = pointer_of(0);
    char *dir = named_dir();

    if (!dir)
        dir = pointed_dir(own);
    return dir ? dir : pointed_dir(root);
}

bool cluster_is_meant(const struct cluster *c)
{
    cleanup(freep) char *named = named_dir();
    cleanup(freep) char *usual = cluster_default_dir(c->name);
    cleanup(freep) char *all = cluster_default_dir("*");
    cleanup(freep) char *pattern = xasprintf("%s/cluster.json", all);
    glob_t found = {0};
    bool is_alone;

    if (named)
        return strcmp(named, c->dir) == 0;
    is_alone = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1;
    globfree(&found);
    return is_alone && strcmp(usual, c->dir) == 0;
}

char *cluster_path(const struct cluster *c, const char *name)
{
    return xasprintf("%s/%s", c->dir, name);
}

static int make_dir(const char *base, const char *name, mode_t mode, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/%s", base, name);
    int rc = io_mkdir_p(path, 0755, err);

    if (rc == 0 && chmod(path, mode) < 0)
        rc = err_sys(err, errno, "%s", path);
    return rc;
}

static int make_node_dirs(const struct cluster *c, const char *node, struct err *err)
{
    cleanup(freep) char *run = xasprintf("run/%s", node);
    cleanup(freep) char *state = xasprintf("node/%s", node);
    int rc = make_dir(c->dir, run, 0755, err);

    return rc < 0 ? rc : make_dir(c->data, state, 0700, err);
}

/* Where each user may make a directory of his own. */
static int make_users_dir(const struct cluster *c, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/users", c->images);
    int rc = io_mkdir_p(path, 0755, err);

    if (rc == 0 && chmod(path, 01777) < 0)
        rc = err_sys(err, errno, "%s", path);
    return rc;
}

static int make_dirs(const struct cluster *c, struct err *err)
{
    int rc = make_dir(c->dir, "log", 0755, err);

    if (rc == 0)
        rc = make_dir(c->dir, "munge", 0755, err);
    if (rc == 0)
        rc = make_dir(c->data, "controller", 0700, err);
    if (rc == 0)
        rc = io_mkdir_p(c->images, 0755, err);
    if (rc == 0 && c->local_images)
        rc = make_users_dir(c, err);
    for (size_t i = 0; rc == 0 && i < c->n_nodes; i++)
        rc = make_node_dirs(c, c->nodes[i].name, err);
    return rc;
}

static int make_munge_key(const struct cluster *c, struct err *err)
{
    cleanup(freep) char *path = cluster_path(c, "munge/key");
    unsigned char key[KEY_BYTES];

    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return err_sys(err, errno, "cannot make a munge key");
    return io_write_file_atomic(path, key, sizeof(key), 0600, err);
}

/* 's' as a YAML string between double quotes. */
static void add_quoted(struct strbuf *sb, const char *s)
{
    strbuf_putc(sb, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_putc(sb, '\\');
        strbuf_putc(sb, *s);
    }
    strbuf_putc(sb, '"');
}

static void add_path(struct strbuf *sb, const char *key, const char *dir,
                     const char *rest)
{
    cleanup(freep) char *path = xasprintf("%s%s", dir, rest);

    strbuf_printf(sb, "%s: ", key);
    add_quoted(sb, path);
    strbuf_putc(sb, '\n');
}

char *cluster_fake_names(const struct cluster *c)
{
    cleanup(freep) char *last = xasprintf("%zu", c->n_fake);

    return xasprintf("f[%0*d-%s]", (int)strlen(last), 1, last);
}

static void add_hardware(struct strbuf *sb, const struct cluster_hardware *hardware)
{
    if (hardware->memory)
        strbuf_printf(sb, "    memory: %lluM\n", (unsigned long long)hardware->memory);
    if (hardware->topology)
        add_path(sb, "    topology", hardware->topology, "");
}

/* Nobody calls fake nodes: their names serve as addresses. */
static void add_nodes(struct strbuf *sb, const struct cluster *c,
                      const struct cluster_hardware *real,
                      const struct cluster_hardware *fake)
{
    cleanup(freep) char *fakes = cluster_fake_names(c);

    strbuf_puts(sb, "nodes:\n");
    if (c->n_nodes) {
        strbuf_printf(sb, "  - names: \"n[1-%zu]\"\n    address: \"%s.[1-%zu]\"\n",
                      c->n_nodes, c->subnet, c->n_nodes);
        add_hardware(sb, real);
    }
    if (c->n_fake) {
        strbuf_printf(sb, "  - names: \"%s\"\n", fakes);
        add_hardware(sb, fake);
    }
    strbuf_puts(sb, "partitions:\n");
    if (c->n_nodes)
        strbuf_printf(sb, "  - {name: batch, nodes: \"n[1-%zu]\", default: true}\n",
                      c->n_nodes);
    if (c->n_fake)
        strbuf_printf(sb, "  - {name: fake, nodes: \"%s\", default: %s}\n", fakes,
                      c->n_nodes ? "false" : "true");
}

/* Thousands of nodes need not say every five seconds that they are there. */
static void add_pace(struct strbuf *sb, const struct cluster *c)
{
    unsigned heartbeat = 5 + (unsigned)(c->n_fake / 500);

    strbuf_printf(sb, "node:\n  heartbeat: %us\n  lost_after: %us\n  kill_grace: 10s\n",
                  heartbeat, 6 * heartbeat);
}

/* It is on a machine of its owner's: pods may see what he may, and
 * take ports as he may. Only root can give them
 * a network; that of fake nodes would be a long list for nothing. */
static void add_pods(struct strbuf *sb, const struct cluster *c)
{
    strbuf_puts(sb, "pods:\n  host_paths: \"/:rw\"\n  host_ports: 1024-65535\n");
    if (c->uid == 0 && c->n_nodes && c->n_nodes + c->n_fake <= PODS_NODES_MAX)
        strbuf_printf(sb, "  cidr: 10.%d.0.0/16\n",
                      strncmp(c->subnet, "10.88.", 6) == 0 ? 89 : 88);
}

static char *service_user(uid_t uid)
{
    const struct passwd *pw = getpwuid(uid);

    return pw ? xstrdup(pw->pw_name) : xasprintf("%u", uid);
}

static char *config_text(const struct cluster *c, const struct cluster_hardware *real,
                         const struct cluster_hardware *fake)
{
    cleanup(freep) char *user = service_user(c->uid);
    struct strbuf sb = STRBUF_INIT;

    strbuf_puts(&sb,
                "# Made by 'berth cluster up'; 'berth cluster down' removes it.\n");
    strbuf_printf(&sb, "cluster: %s\ncontroller:\n  host: %s\n  port: %u\n", c->name,
                  c->address, c->port);
    add_path(&sb, "  user", user, "");
    add_path(&sb, "  state_dir", c->data, "/controller");
    add_pace(&sb, c);
    add_path(&sb, "  state_dir", c->data, "/node/%n");
    add_path(&sb, "  run_dir", c->dir, "/run/%n");
    strbuf_puts(&sb, "munge:\n");
    add_path(&sb, "  socket", c->dir, "/munge/socket");
    strbuf_puts(&sb, "image:\n");
    add_path(&sb, "  store", c->images, c->local_images ? "/%n" : "");
    if (c->local_images)
        add_path(&sb, "  user_store", c->images, "/users/%u/%n");
    add_pods(&sb, c);
    if (c->uid)
        add_path(&sb, "join_pid_file", c->dir, "/join.pid");
    add_nodes(&sb, c, real, fake);
    return strbuf_take(&sb);
}

int cluster_make_files(const struct cluster *c, const struct cluster_hardware *real,
                       const struct cluster_hardware *fake, struct err *err)
{
    cleanup(freep) char *path = cluster_path(c, "berth.yaml");
    cleanup(freep) char *text = config_text(c, real, fake);
    int rc = make_dirs(c, err);

    if (rc == 0)
        rc = make_munge_key(c, err);
    if (rc == 0)
        rc = io_write_file_atomic(path, text, strlen(text), 0644, err);
    return rc;
}

int cluster_write_join_file(const struct cluster *c, struct err *err)
{
    cleanup(freep) char *path = cluster_path(c, "join.pid");
    cleanup(freep) char *text =
        xasprintf("%d %llu\n", (int)c->head.pid, (unsigned long long)c->head.start);

    return io_write_file_atomic(path, text, strlen(text), 0644, err);
}

int cluster_point_here(const struct cluster *c, struct err *err)
{
    cleanup(freep) char *pointer = pointer_of(c->uid);
    cleanup(freep) char *parent =
        xstrndup(pointer, (size_t)(strrchr(pointer, '/') - pointer));
    cleanup(freep) char *beside = xasprintf("%s.new", pointer);
    cleanup(freep) char *target = cluster_path(c, "berth.yaml");
    int rc = io_mkdir_p(parent, 0755, err);

    if (rc < 0)
        return rc;
    (void)unlink(beside);
    if (symlink(target, beside) < 0 || rename(beside, pointer) < 0)
        return err_sys(err, errno, "cannot make %s", pointer);
    return 0;
}

static void remove_pointer(const struct cluster *c)
{
    cleanup(freep) char *pointer = pointer_of(c->uid);
    cleanup(freep) char *dir = pointed_dir(pointer);

    if (dir && strcmp(dir, c->dir) == 0)
        (void)unlink(pointer);
}

/* Remove 'path' and those of its parents that only ever hold clusters, as far
 * as they are empty. */
static void remove_empty(const char *path)
{
    cleanup(freep) char *dir = xstrdup(path);

    while (rmdir(dir) == 0) {
        char *slash = strrchr(dir, '/');
        const char *parent;

        if (!slash || slash == dir)
            return;
        *slash = '\0';
        parent = strrchr(dir, '/');
        if (!parent ||
            (strcmp(parent, "/berth") != 0 && strcmp(parent, "/cluster") != 0))
            return;
    }
}

static int remove_data(const struct cluster *c, const char *name, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/%s", c->data, name);

    return io_remove_tree(path, err);
}

int cluster_remove_files(const struct cluster *c, bool keep_images, struct err *err)
{
    static const char *const own[] = {"log", "munge", "run", "join.pid", "berth.yaml"};
    cleanup(freep) char *state = cluster_path(c, "cluster.json");
    int rc;

    remove_pointer(c);
    rc = remove_data(c, "controller", err);
    if (rc == 0)
        rc = remove_data(c, "node", err);
    if (rc == 0 && c->own_images && !keep_images)
        rc = io_remove_tree(c->images, err);
    for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(own); i++) {
        cleanup(freep) char *path = cluster_path(c, own[i]);

        rc = io_remove_tree(path, err);
    }
    if (rc < 0)
        return rc;
    /* The record goes last: until then 'down' can be repeated. */
    (void)unlink(state);
    (void)rmdir(c->images);
    remove_empty(c->data);
    remove_empty(c->dir);
    return 0;
}
