/* SPDX-License-Identifier: Apache-2.0
 *
 * seccomp_profile.c - read Docker's, Podman's and OCI's JSON into libseccomp
 *
 *     {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
 *      "architectures": [...] or "archMap": [{"architecture", "subArchitectures"}],
 *      "syscalls": [{"names": [...], "action", "errnoRet",
 *                    "args": [{"index", "value", "valueTwo", "op"}],
 *                    "includes": {"caps", "arches", "minKernel"}, "excludes": {...}}]}
 *
 * Rules "for programs with a capability" are left out: ours have none, or have it in
 * their own user namespace only.
 */
#include "container/seccomp_profile.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/mem.h"

#define GROUPS_MAX 1024
#define NAMES_MAX 4096
#define ARGS_MAX 6

static const struct {
    const char *name;
    uint32_t action;
    bool has_code;
} actions[] = {
    {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, false},
    {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), true},
    {"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, false},
    {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, false},
    {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false},
    {"SCMP_ACT_LOG", SCMP_ACT_LOG, false},
    {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), true},
    {"SCMP_ACT_TRAP", SCMP_ACT_TRAP, false},
};

static const struct {
    const char *name;
    enum scmp_compare op;
} comparisons[] = {
    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
    {"SCMP_CMP_NE", SCMP_CMP_NE},
    {"SCMP_CMP_LT", SCMP_CMP_LT},
    {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_GT", SCMP_CMP_GT},
    {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

/* This machine's architecture as profiles call it in "arches", and the others whose
 * programs it runs. */
static const struct {
    uint32_t token;
    const char *name;
    uint32_t others[2];
} machines[] = {
    {SCMP_ARCH_X86_64, "amd64", {SCMP_ARCH_X86, SCMP_ARCH_X32}},
    {SCMP_ARCH_AARCH64, "arm64", {SCMP_ARCH_ARM, 0}},
    {SCMP_ARCH_PPC64LE, "ppc64le", {0}},
    {SCMP_ARCH_RISCV64, "riscv64", {0}},
    {SCMP_ARCH_S390X, "s390x", {SCMP_ARCH_S390, 0}},
};

struct profile {
    scmp_filter_ctx ctx;
    uint32_t default_action;
    size_t n_names;
};

static void release_context(scmp_filter_ctx *ctx)
{
    seccomp_release(*ctx);
}

static void release_json(json_t **json)
{
    json_decref(*json);
}

/* ------------------------------------------------------------------- values */

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The action 'name', with the errno value at 'key' where it has one. */
static int read_action(const json_t *object, const char *name, const char *key,
                       uint32_t *ret, struct err *err)
{
    const json_t *number = json_object_get(object, key);
    json_int_t code = json_is_integer(number) ? json_integer_value(number) : EPERM;

    if (!name)
        return err_set(err, EINVAL, "there is no action");
    if (code < 0 || code > 4095)
        return err_set(err, EINVAL, "%s: %lld is not an error number", key,
                       (long long)code);
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (strcmp(name, actions[i].name) != 0)
            continue;
        *ret = actions[i].action | (actions[i].has_code ? (uint32_t)code : 0);
        return 0;
    }
    if (!strcmp(name, "SCMP_ACT_NOTIFY"))
        return err_set(err, EINVAL, "%s: nobody is there to be asked", name);
    return err_set(err, EINVAL, "'%.40s' is not an action", name);
}

static int read_comparison(const json_t *json, struct scmp_arg_cmp *ret,
                           struct err *err)
{
    const json_t *index = json_object_get(json, "index");
    const char *name = text_of(json, "op");

    if (!json_is_integer(index) || json_integer_value(index) < 0 ||
        json_integer_value(index) >= ARGS_MAX)
        return err_set(err, EINVAL, "an argument's index is from 0 to 5");
    for (size_t i = 0; name && i < ARRAY_SIZE(comparisons); i++) {
        if (strcmp(name, comparisons[i].name) != 0)
            continue;
        *ret = (struct scmp_arg_cmp){
            .arg = (unsigned int)json_integer_value(index),
            .op = comparisons[i].op,
            .datum_a = (uint64_t)json_integer_value(json_object_get(json, "value")),
            .datum_b = (uint64_t)json_integer_value(json_object_get(json, "valueTwo")),
        };
        return 0;
    }
    return err_set(err, EINVAL, "'%.40s' is not a comparison", name ? name : "");
}

/* ------------------------------------------------------------ architectures */

static const char *machine_name(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
        if (machines[i].token == seccomp_arch_native())
            return machines[i].name;
    return "";
}

static uint32_t arch_token(const char *name)
{
    static const char prefix[] = "SCMP_ARCH_";
    char lower[32];
    size_t i = 0;

    if (!name || strncmp(name, prefix, sizeof(prefix) - 1) != 0)
        return 0;
    for (name += sizeof(prefix) - 1; *name && i < sizeof(lower) - 1; name++)
        lower[i++] = (char)tolower((unsigned char)*name);
    lower[i] = 0;
    return seccomp_arch_resolve_name(lower);
}

/* Others than this machine's own and those it also runs would only make the filter
 * longer. */
static int add_architectures(struct profile *p, const json_t *names, struct err *err)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        uint32_t token = arch_token(json_string_value(json_array_get(names, i)));

        for (size_t m = 0; m < ARRAY_SIZE(machines); m++) {
            bool is_ours = machines[m].token == seccomp_arch_native();
            int rc = 0;

            if (is_ours && token &&
                (token == machines[m].others[0] || token == machines[m].others[1]))
                rc = seccomp_arch_add(p->ctx, token);
            if (rc && rc != -EEXIST)
                return err_sys(err, -rc, "architectures");
        }
    }
    return 0;
}

static int read_architectures(struct profile *p, const json_t *root, struct err *err)
{
    const json_t *map = json_object_get(root, "archMap");
    int rc = add_architectures(p, json_object_get(root, "architectures"), err);

    for (size_t i = 0; i < json_array_size(map) && !rc; i++) {
        const json_t *entry = json_array_get(map, i);

        if (arch_token(text_of(entry, "architecture")) == seccomp_arch_native())
            rc = add_architectures(p, json_object_get(entry, "subArchitectures"), err);
    }
    return rc;
}

/* ------------------------------------------------------------------- groups */

static bool names_this_machine(const json_t *arches)
{
    for (size_t i = 0; i < json_array_size(arches); i++) {
        const char *name = json_string_value(json_array_get(arches, i));

        if (name && !strcmp(name, machine_name()))
            return true;
    }
    return false;
}

static bool kernel_is_at_least(const char *version)
{
    unsigned int want[2] = {0}, have[2] = {0};
    struct utsname name;

    return uname(&name) == 0 && sscanf(version, "%u.%u", &want[0], &want[1]) >= 1 &&
           sscanf(name.release, "%u.%u", &have[0], &have[1]) == 2 &&
           (have[0] > want[0] || (have[0] == want[0] && have[1] >= want[1]));
}

/* Is this group meant for this machine and a program without capabilities? */
static bool is_meant(const json_t *group)
{
    const json_t *with = json_object_get(group, "includes");
    const json_t *without = json_object_get(group, "excludes");
    const json_t *arches = json_object_get(with, "arches");
    const char *kernel = text_of(with, "minKernel");

    return json_array_size(json_object_get(with, "caps")) == 0 &&
           (json_array_size(arches) == 0 || names_this_machine(arches)) &&
           (!kernel || kernel_is_at_least(kernel)) &&
           !names_this_machine(json_object_get(without, "arches"));
}

struct group {
    uint32_t action;
    struct scmp_arg_cmp args[ARGS_MAX];
    unsigned int n_args;
    bool is_any; /* one argument is named twice: each comparison is a rule */
};

static int read_group(const json_t *json, struct group *ret, struct err *err)
{
    const json_t *args = json_object_get(json, "args");
    unsigned int seen = 0;
    int rc = read_action(json, text_of(json, "action"), "errnoRet", &ret->action, err);

    if (rc)
        return rc;
    if (json_array_size(args) > ARGS_MAX)
        return err_set(err, EINVAL, "more than %d arguments", ARGS_MAX);
    for (size_t i = 0; i < json_array_size(args); i++) {
        rc = read_comparison(json_array_get(args, i), &ret->args[i], err);
        if (rc)
            return rc;
        ret->is_any |= seen >> ret->args[i].arg & 1;
        seen |= 1u << ret->args[i].arg;
        ret->n_args++;
    }
    return 0;
}

static int add_rule(struct profile *p, const struct group *group, int nr)
{
    int rc = 0;

    if (!group->is_any)
        rc = seccomp_rule_add_array(p->ctx, group->action, nr, group->n_args,
                                    group->args);
    for (unsigned int i = 0; group->is_any && i < group->n_args && !rc; i++) {
        rc = seccomp_rule_add_array(p->ctx, group->action, nr, 1, &group->args[i]);
        rc = rc == -EEXIST ? 0 : rc;
    }
    return rc == -EEXIST ? 0 : rc;
}

static int add_name(struct profile *p, const struct group *group, const json_t *name,
                    struct err *err)
{
    const char *text = json_string_value(name);
    int nr, rc;

    if (!text)
        return err_set(err, EINVAL, "a call's name is not a string");
    if (++p->n_names > NAMES_MAX)
        return err_set(err, E2BIG, "more than %d calls", NAMES_MAX);
    nr = seccomp_syscall_resolve_name(text);
    if (nr == __NR_SCMP_ERROR || group->action == p->default_action)
        return 0;
    rc = add_rule(p, group, nr);
    return rc ? err_sys(err, -rc, "%.40s", text) : 0;
}

static int add_group(struct profile *p, const json_t *json, struct err *err)
{
    const json_t *names = json_object_get(json, "names");
    const json_t *name = json_object_get(json, "name");
    struct group group = {0};
    int rc = read_group(json, &group, err);

    if (rc || !is_meant(json))
        return rc;
    if (!name && !json_is_array(names))
        return err_set(err, EINVAL, "there are no names");
    if (name)
        rc = add_name(p, &group, name, err);
    for (size_t i = 0; i < json_array_size(names) && !rc; i++)
        rc = add_name(p, &group, json_array_get(names, i), err);
    return rc;
}

static int add_groups(struct profile *p, const json_t *root, struct err *err)
{
    const json_t *list = json_object_get(root, "syscalls");

    if (list && !json_is_array(list))
        return err_set(err, EINVAL, "syscalls is not a list");
    if (json_array_size(list) > GROUPS_MAX)
        return err_set(err, E2BIG, "more than %d groups of calls", GROUPS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        int rc = add_group(p, json_array_get(list, i), err);

        if (rc)
            return err_wrap(err, "syscalls[%zu]", i);
    }
    return 0;
}

/* ------------------------------------------------------------------ profile */

static int start_context(struct profile *p, const json_t *root, struct err *err)
{
    int rc = read_action(root, text_of(root, "defaultAction"), "defaultErrnoRet",
                         &p->default_action, err);

    if (rc)
        return err_wrap(err, "defaultAction");
    p->ctx = seccomp_init(p->default_action);
    if (!p->ctx || seccomp_attr_set(p->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2))
        return err_set(err, EINVAL, "libseccomp does not take its default action");
    return 0;
}

static int read_profile(struct profile *p, const char *text, size_t len,
                        struct err *err)
{
    cleanup(release_json) json_t *root = NULL;
    json_error_t why;
    int rc;

    if (len > SECCOMP_PROFILE_MAX)
        return err_set(err, E2BIG, "longer than %u KiB", SECCOMP_PROFILE_MAX >> 10);
    root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return err_set(err, EINVAL, "not valid JSON: line %d: %s", why.line, why.text);
    if (!json_is_object(root))
        return err_set(err, EINVAL, "not a JSON object");
    if (json_object_get(root, "listenerPath"))
        return err_set(err, EINVAL, "listenerPath: nobody is there to be asked");
    rc = start_context(p, root, err);
    if (!rc)
        rc = read_architectures(p, root, err);
    return rc ? rc : add_groups(p, root, err);
}

int seccomp_profile_read(const char *text, size_t len, scmp_filter_ctx *ret,
                         struct err *err)
{
    struct profile p = {0};
    int rc = read_profile(&p, text, len, err);

    if (rc) {
        seccomp_release(p.ctx);
        return err_wrap(err, "seccomp profile");
    }
    *ret = p.ctx;
    return 0;
}

int seccomp_profile_compile(const char *text, size_t len, struct seccomp_filter **ret,
                            struct err *err)
{
    cleanup(release_context) scmp_filter_ctx ctx = NULL;
    int rc = seccomp_profile_read(text, len, &ctx, err);

    if (rc)
        return rc;
    rc = seccomp_filter_export(ctx, ret, err);
    return rc ? err_wrap(err, "seccomp profile") : 0;
}
