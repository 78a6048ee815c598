/* SPDX-License-Identifier: Apache-2.0
 *
 * job_spec.c - refuse what no cluster could run, and say which option it was
 */
#include "state/job_spec.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "spec/cdi_name.h"
#include "wire/container_name.h"
#include "wire/job_component.h"
#include "state/job_spec_wants.h"
#include "wire/pack.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#define WORD_MAX 1024  /* names, accounts, comments */
#define LIST_MAX 65536 /* host lists, submit line */
#define ITEMS_MAX 65536
#define MOUNTS_MAX 256
#define DEVICES_MAX 64
#define COUNT_MAX 1000000
#define PATH_BYTES_MAX 4096
#define ENTRIES_MAX 1024
#define ENTRY_BYTES_MAX 32768
#define HOST_BYTES_MAX 64
#define PROFILE_BYTES_MAX (256u << 10)

/* ------------------------------------------------------------------ texts */

struct text_rule {
    size_t offset;
    const char *option;
    size_t max;
};

#define TEXT(field, option, max)                     \
    {                                                \
        offsetof(Berth__JobSpec, field), option, max \
    }
static const struct text_rule text_rules[] = {
    TEXT(name, "--job-name", WORD_MAX),
    TEXT(partition, "--partition", WORD_MAX),
    TEXT(account, "--account", WORD_MAX),
    TEXT(qos, "--qos", WORD_MAX),
    TEXT(comment, "--comment", WORD_MAX),
    TEXT(nodelist, "--nodelist", LIST_MAX),
    TEXT(exclude, "--exclude", LIST_MAX),
    TEXT(output, "--output", PATH_BYTES_MAX),
    TEXT(error, "--error", PATH_BYTES_MAX),
    TEXT(input, "--input", PATH_BYTES_MAX),
    TEXT(cwd, "--chdir", PATH_BYTES_MAX),
    TEXT(submit_host, "submit host", WORD_MAX),
    TEXT(wckey, "--wckey", WORD_MAX),
    TEXT(reservation, "--reservation", WORD_MAX),
    TEXT(array, "--array", LIST_MAX),
    TEXT(dependency, "--dependency", LIST_MAX),
    TEXT(constraint, "--constraint", LIST_MAX),
    TEXT(prefer, "--prefer", LIST_MAX),
    TEXT(gres, "--gres", LIST_MAX),
    TEXT(gpus, "--gpus", LIST_MAX),
    TEXT(gpus_per_node, "--gpus-per-node", LIST_MAX),
    TEXT(gpus_per_task, "--gpus-per-task", LIST_MAX),
    TEXT(gpus_per_socket, "--gpus-per-socket", LIST_MAX),
    TEXT(licences, "--licenses", LIST_MAX),
    TEXT(switches, "--switches", WORD_MAX),
    TEXT(kill_on_invalid_dep, "--kill-on-invalid-dep", WORD_MAX),
    TEXT(requeue, "--requeue", WORD_MAX),
    TEXT(distribution, "--distribution", WORD_MAX),
    TEXT(cpu_bind, "--cpu-bind", LIST_MAX),
    TEXT(mem_bind, "--mem-bind", LIST_MAX),
    TEXT(gpu_bind, "--gpu-bind", LIST_MAX),
    TEXT(hint, "--hint", WORD_MAX),
};

static int check_text(const char *option, const char *text, size_t max, struct err *err)
{
    if (strnlen(text, max + 1) > max)
        return err_set(err, E2BIG, "%s: more than %zu characters", option, max);
    for (const char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c))
            return err_set(err, EINVAL,
                           "%s: holds the control character \\x%02x at position %zu",
                           option, (unsigned char)*c, (size_t)(c - text) + 1);
    return 0;
}

static int check_texts(const Berth__JobSpec *spec, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(text_rules); i++) {
        const struct text_rule *rule = &text_rules[i];
        char *const *field =
            (char *const *)(const void *)((const char *)spec + rule->offset);
        int rc = check_text(rule->option, *field, rule->max, err);

        if (rc)
            return rc;
    }
    if (strnlen(spec->submit_line, LIST_MAX + 1) > LIST_MAX)
        return err_set(err, E2BIG, "the command line: more than %d characters",
                       LIST_MAX);
    if (spec->cwd[0] && spec->cwd[0] != '/')
        return err_set(err, EINVAL, "--chdir=%s: must be an absolute path", spec->cwd);
    return 0;
}

/* ------------------------------------------------------------------ the script */

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isspace((unsigned char)text[i]))
            return false;
    return true;
}

static bool has_dos_breaks(const char *text, size_t len)
{
    const char *end = text + len;

    for (const char *c = text; (c = memchr(c, '\r', (size_t)(end - c))); c++)
        if (c + 1 < end && c[1] == '\n')
            return true;
    return false;
}

static int check_script(const Berth__JobSpec *spec, struct err *err)
{
    const char *text = (const char *)spec->script.data;
    size_t len = spec->script.len;

    if (len == 0 && spec->pod && spec->pod->manifest.len)
        return 0;
    if (len == 0)
        return spec->interactive ? 0 : err_set(err, EINVAL, "Batch script is empty!");
    if (len > JOB_SCRIPT_MAX)
        return err_set(err, E2BIG, "Batch script has %zu bytes: at most %u", len,
                       JOB_SCRIPT_MAX);
    if (is_blank(text, len))
        return err_set(err, EINVAL, "Batch script contains only whitespace!");
    if (len < 3 || memcmp(text, "#!", 2) != 0)
        return err_set(err, EINVAL,
                       "This does not look like a batch script.  The first line must "
                       "start with #! followed by the path to an interpreter. For "
                       "instance: #!/bin/sh");
    if (memchr(text, '\0', len))
        return err_set(err, EINVAL, "Batch script contains a NUL byte");
    if (has_dos_breaks(text, len))
        return err_set(err, EINVAL,
                       "Batch script contains DOS line breaks (\\r\\n) instead of "
                       "expected UNIX line breaks (\\n).");
    return 0;
}

/* ------------------------------------------------------------------ lists */

static int check_env(const Berth__JobSpec *spec, struct err *err)
{
    size_t bytes = 0;

    if (spec->n_args > ITEMS_MAX || spec->n_env > ITEMS_MAX)
        return err_set(err, E2BIG, "more than %d arguments or environment variables",
                       ITEMS_MAX);
    for (size_t i = 0; i < spec->n_args; i++)
        bytes += strlen(spec->args[i]) + 1;
    for (size_t i = 0; i < spec->n_env; i++) {
        const char *pair = spec->env[i];

        if (pair[0] == '=' || !strchr(pair, '='))
            return err_set(err, EINVAL, "--export: '%.80s' is not NAME=value", pair);
        bytes += strlen(pair) + 1;
    }
    if (bytes > JOB_ENV_MAX)
        return err_set(err, E2BIG,
                       "arguments and environment have %zu bytes: at most %u; "
                       "--export=NONE leaves the environment behind",
                       bytes, JOB_ENV_MAX);
    return 0;
}

static int check_rlimits(const Berth__JobSpec *spec, struct err *err)
{
    if (spec->umask > 0777)
        return err_set(err, EINVAL, "umask %o: at most 777", spec->umask);
    if (spec->n_rlimits > RLIM_NLIMITS)
        return err_set(err, E2BIG, "more than %d resource limits", RLIM_NLIMITS);
    for (size_t i = 0; i < spec->n_rlimits; i++) {
        const Berth__Rlimit *limit = spec->rlimits[i];

        if (limit->resource >= RLIM_NLIMITS || limit->soft > limit->hard)
            return err_set(err, EINVAL, "resource limit %u is impossible",
                           limit->resource);
    }
    return 0;
}

static bool is_digest(const char *text)
{
    static const char prefix[] = "sha256:";
    const size_t n = sizeof(prefix) - 1;

    return strncmp(text, prefix, n) == 0 && strlen(text) == n + 64 &&
           strspn(text + n, "0123456789abcdef") == 64;
}

static int check_mount(const Berth__Mount *mount, struct err *err)
{
    int rc = check_text("--mount", mount->source, PATH_BYTES_MAX, err);

    if (rc == 0)
        rc = check_text("--mount", mount->target, PATH_BYTES_MAX, err);
    if (rc)
        return rc;
    if (mount->source[0] != '/' || mount->target[0] != '/')
        return err_set(err, EINVAL, "--mount=%s:%s: both paths must be absolute",
                       mount->source, mount->target);
    return 0;
}

static int check_device(const char *name, struct err *err)
{
    int rc = cdi_check_name(name, err);

    return rc ? err_wrap(err, "--device") : 0;
}

/* "PATH" or "PATH:BYTES". */
static int check_tmpfs(const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');
    int rc = check_text("--tmpfs", text, PATH_BYTES_MAX, err);

    if (rc)
        return rc;
    if (text[0] != '/' || (colon && (!colon[1] || strlen(colon + 1) > 18 ||
                                     colon[1 + strspn(colon + 1, "0123456789")])))
        return err_set(err, EINVAL, "--tmpfs=%.80s: not /PATH or /PATH:BYTES", text);
    return 0;
}

static int check_place(const char *option, const char *path, struct err *err)
{
    int rc = check_text(option, path, PATH_BYTES_MAX, err);

    if (rc == 0 && path[0] && path[0] != '/')
        rc = err_set(err, EINVAL, "%s=%.80s: it must be absolute", option, path);
    return rc;
}

static int check_list(const char *option, char *const *list, size_t n, size_t max,
                      struct err *err)
{
    int rc = n > max ? err_set(err, E2BIG, "%s: more than %zu", option, max) : 0;

    for (size_t i = 0; i < n && !rc; i++)
        if (strnlen(list[i], ENTRY_BYTES_MAX + 1) > ENTRY_BYTES_MAX)
            rc = err_set(err, E2BIG, "%s: more than %d bytes", option, ENTRY_BYTES_MAX);
    return rc;
}

/* What lies over an image, and how its programs begin. */
static int check_surface(const Berth__ContainerSpec *c, struct err *err)
{
    const struct {
        const char *option;
        bool is_asked;
    } of_images[] = {{"--read-only", c->read_only},
                     {"--writable-tmpfs", c->writable_tmpfs},
                     {"--host-mpi", c->host_mpi[0] != '\0'},
                     {"--overlay", c->overlay[0] != '\0'},
                     {"--container-entrypoint", c->has_entrypoint && !c->n_entrypoint}};
    int rc;

    for (size_t i = 0; i < ARRAY_SIZE(of_images); i++)
        if (of_images[i].is_asked && !c->image[0])
            return err_set(err, EINVAL, "%s: there is no image: add --image",
                           of_images[i].option);
    if ((rc = check_place("--overlay", c->overlay, err)) ||
        (rc = check_place("--workdir", c->workdir, err)) ||
        (rc = check_list("--entrypoint", c->entrypoint, c->n_entrypoint, ENTRIES_MAX,
                         err)) ||
        (rc = check_list("--env", c->env, c->n_env, ENTRIES_MAX, err)) ||
        (rc = check_text("--host-mpi", c->host_mpi, HOST_BYTES_MAX, err)) ||
        (rc = check_text("--hostname", c->hostname, HOST_BYTES_MAX, err)))
        return rc;
    if (strnlen(c->seccomp, PROFILE_BYTES_MAX + 1) > PROFILE_BYTES_MAX)
        return err_set(err, E2BIG, "--seccomp: longer than %u KiB",
                       PROFILE_BYTES_MAX >> 10);
    if (c->network[0] && strcmp(c->network, "host") && strcmp(c->network, "none"))
        return err_set(err, EINVAL, "--network=%.40s: neither host nor none",
                       c->network);
    if (c->n_tmpfs > MOUNTS_MAX)
        return err_set(err, E2BIG, "--tmpfs: more than %d mounts", MOUNTS_MAX);
    for (size_t i = 0; i < c->n_tmpfs && !rc; i++)
        rc = check_tmpfs(c->tmpfs[i], err);
    return rc;
}

static int check_container(const Berth__ContainerSpec *container, struct err *err)
{
    char name[CONTAINER_NAME_MAX + 1];
    enum container_name_mode mode;
    int rc = 0;

    if (!container)
        return 0;
    rc = check_text("--image", container->image, PATH_BYTES_MAX, err);
    if (rc == 0)
        rc = check_text("--image", container->image_store, PATH_BYTES_MAX, err);
    if (rc == 0)
        rc = check_text("home directory", container->home, PATH_BYTES_MAX, err);
    if (rc)
        return rc;
    if (container->image[0] && !is_digest(container->image_digest))
        return err_set(err, EINVAL, "--image=%s: '%.80s' is not an image's digest",
                       container->image, container->image_digest);
    if (container->name[0] && container_name_parse(container->name, name, &mode, err))
        return err_wrap(err, "--container-name");
    if (container->name[0] && !container->image[0])
        return err_set(
            err, EINVAL,
            "--container-name=%s: a new job has no container yet, and there is "
            "no --image to make it of",
            container->name);
    if (container->n_mounts > MOUNTS_MAX)
        return err_set(err, E2BIG, "--mount: more than %d mounts", MOUNTS_MAX);
    for (size_t i = 0; rc == 0 && i < container->n_mounts; i++)
        rc = check_mount(container->mounts[i], err);
    if (rc == 0 && container->runtime[0] && strcmp(container->runtime, "native") != 0 &&
        strcmp(container->runtime, "oci") != 0)
        rc = err_set(err, EINVAL, "--runtime=%.40s: is neither native nor oci",
                     container->runtime);
    if (rc == 0 && container->n_devices > DEVICES_MAX)
        rc = err_set(err, E2BIG, "--device: more than %d devices", DEVICES_MAX);
    for (size_t i = 0; rc == 0 && i < container->n_devices; i++)
        rc = check_device(container->devices[i], err);
    return rc ? rc : check_surface(container, err);
}

/* ------------------------------------------------------------------ sizes */

static int check_counts(const Berth__JobSpec *spec, struct err *err)
{
    const struct {
        const char *option;
        uint32_t value;
    } counts[] = {{"--nodes", spec->nodes_min},
                  {"--ntasks", spec->tasks},
                  {"--cpus-per-task", spec->cpus_per_task},
                  {"--ntasks-per-node", spec->tasks_per_node},
                  {"--ntasks-per-socket", spec->tasks_per_socket},
                  {"--ntasks-per-core", spec->tasks_per_core},
                  {"--ntasks-per-gpu", spec->tasks_per_gpu},
                  {"--cpus-per-gpu", spec->cpus_per_gpu}};

    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        if (counts[i].value > COUNT_MAX)
            return err_set(err, EINVAL, "%s=%u: at most %d", counts[i].option,
                           counts[i].value, COUNT_MAX);
    if (spec->nodes_max && spec->nodes_max < spec->nodes_min)
        return err_set(err, EINVAL, "--nodes=%u-%u: the second number is smaller",
                       spec->nodes_min, spec->nodes_max);
    if (spec->tasks && spec->tasks_per_node && spec->nodes_min &&
        (uint64_t)spec->tasks_per_node *
                (spec->nodes_max ? spec->nodes_max : spec->nodes_min) <
            spec->tasks)
        return err_set(err, EINVAL,
                       "--ntasks=%u: more than --ntasks-per-node=%u on --nodes=%u",
                       spec->tasks, spec->tasks_per_node,
                       spec->nodes_max ? spec->nodes_max : spec->nodes_min);
    return 0;
}

static int check_amounts(const Berth__JobSpec *spec, struct err *err)
{
    const uint64_t most = UINT64_C(1) << 40; /* MiB */

    if (spec->mem_per_node && spec->mem_per_cpu)
        return err_set(err, EINVAL, "--mem and --mem-per-cpu are mutually exclusive");
    if (spec->mem_per_node > most || spec->mem_per_cpu > most ||
        spec->mem_per_gpu > most)
        return err_set(err, EINVAL, "--mem%s: more than any machine has",
                       spec->mem_per_cpu   ? "-per-cpu"
                       : spec->mem_per_gpu ? "-per-gpu"
                                           : "");
    if (spec->time_limit < -1 || spec->time_limit > INT64_C(1) << 40)
        return err_set(err, EINVAL, "--time: %lld seconds is not a time limit",
                       (long long)spec->time_limit);
    if (spec->signal >= NSIG)
        return err_set(err, EINVAL, "--signal: %u is not a signal", spec->signal);
    if (spec->begin_time < 0 || spec->begin_time > INT64_C(1) << 40)
        return err_set(err, EINVAL, "--begin: %lld is not a point in time",
                       (long long)spec->begin_time);
    if (spec->nice < -10000 || spec->nice > 10000)
        return err_set(err, EINVAL, "--nice=%d: must be between -10000 and 10000",
                       spec->nice);
    return 0;
}

/* Position of 'word' in 'words' ("" is the first), or -EINVAL. */
static int word_index(const char *option, const char *word, const char *const *words,
                      size_t n, struct err *err)
{
    const char *near;

    if (!*word)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    near = nearest_name(word, words, n);
    if (near)
        return err_set(err, EINVAL, "%s=%.40s: no such choice; did you mean '%s'?",
                       option, word, near);
    return err_set(err, EINVAL, "%s=%.40s: no such choice; the first is '%s'", option,
                   word, words[0]);
}

int job_spec_bind(const Berth__JobSpec *spec, enum place_bind *ret, struct err *err)
{
    static const char *const words[] = {"core", "l3", "numa", "package", "none"};
    static const enum place_bind values[] = {BIND_CORE, BIND_L3, BIND_NUMA,
                                             BIND_PACKAGE, BIND_NONE};
    int i = word_index("--bind", spec->bind, words, ARRAY_SIZE(words), err);

    if (i < 0)
        return i;
    *ret = values[i];
    return 0;
}

int job_spec_policy(const Berth__JobSpec *spec, enum place_policy *ret, struct err *err)
{
    static const char *const words[] = {"compact", "spread"};
    static const enum place_policy values[] = {PLACE_COMPACT, PLACE_SPREAD};
    int i = word_index("--placement", spec->placement, words, ARRAY_SIZE(words), err);

    if (i < 0)
        return i;
    *ret = values[i];
    return 0;
}

static int check_choices(const Berth__JobSpec *spec, struct err *err)
{
    enum place_bind bind;
    enum place_policy policy;
    int rc = job_spec_bind(spec, &bind, err);

    return rc ? rc : job_spec_policy(spec, &policy, err);
}

/* ------------------------------------------------------------------ components */

/* All that one component can say. */
static int check_component(const Berth__JobSpec *spec, struct err *err)
{
    int rc = check_texts(spec, err);

    if (rc == 0)
        rc = check_counts(spec, err);
    if (rc == 0)
        rc = check_amounts(spec, err);
    if (rc == 0)
        rc = check_choices(spec, err);
    if (rc == 0)
        rc = job_spec_check_wants(spec, err);
    return rc;
}

static int check_components(const Berth__JobSpec *spec, struct err *err)
{
    if (spec->n_components >= JOB_COMPONENTS_MAX)
        return err_set(err, E2BIG, "a heterogeneous job of more than %d components",
                       JOB_COMPONENTS_MAX);
    for (size_t i = 1; i < job_component_count(spec); i++) {
        cleanup(free_messagep) Berth__JobSpec *component = job_component(spec, i);
        int rc = check_component(component, err);

        if (rc) {
            (void)err_wrap(err, "component %zu", i);
            return rc;
        }
    }
    return 0;
}

int job_spec_check(const Berth__JobSpec *spec, struct err *err)
{
    int rc = check_script(spec, err);

    if (rc == 0)
        rc = check_env(spec, err);
    if (rc == 0)
        rc = check_rlimits(spec, err);
    /* A pod's images are those of its manifest. */
    if (rc == 0 && !(spec->pod && spec->pod->manifest.len))
        rc = check_container(spec->container, err);
    if (rc == 0)
        rc = check_component(spec, err);
    if (rc == 0)
        rc = job_spec_check_rules(spec, err);
    if (rc == 0)
        rc = check_components(spec, err);
    return rc;
}
