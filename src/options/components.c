/* SPDX-License-Identifier: Apache-2.0
 *
 * components.c - heterogeneous jobs, from several JobSpecs to one
 *
 * Options write to the JobSpec of the component they stand with. At the end, what
 * JobComponent has a field for is moved there; the rest is the job's, and moves to
 * the first component unless that says something itself.
 */
#include "options/components.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/job_component.h"

static Berth__JobSpec *new_component(void)
{
    Berth__JobSpec *spec = xmalloc(sizeof(*spec));

    berth__job_spec__init(spec);
    spec->container = xmalloc(sizeof(*spec->container));
    berth__container_spec__init(spec->container);
    return spec;
}

int components_select(struct job_args *args, size_t i, struct err *err)
{
    if (i >= JOB_COMPONENTS_MAX)
        return err_set(err, E2BIG, "more than %d components", JOB_COMPONENTS_MAX);
    if (i == args->n_components) {
        args->components = xrealloc(args->components, i + 1, sizeof(*args->components));
        args->components[args->n_components++] = new_component();
    }
    args->spec = args->components[i];
    return 0;
}

int components_parse(unsigned int where, int argc, char **argv, struct job_args *args,
                     int *ret_next, struct err *err)
{
    int at = 0, next, rc = 0;

    /* argv[at] stands where the program's name would: it is a ':' later on. */
    for (size_t i = 0; rc == 0; i++) {
        rc = components_select(args, i, err);
        if (rc == 0)
            rc = opts_parse(job_options, where, OPTS_STOP, argc - at, argv + at, args,
                            &next, err);
        if (rc == 0)
            at += next;
        if (rc == 0 && (at == argc || strcmp(argv[at], ":") != 0))
            break;
    }
    (void)components_select(args, 0, NULL);
    if (rc == 0)
        *ret_next = at;
    return rc;
}

/* ------------------------------------------------------------------ joining */

/* Fields of a JobSpec and how much memory holds their values. */
struct member {
    const ProtobufCFieldDescriptor *field;
    size_t size;
};

/* How much memory a value takes; 0 for what no option of a component writes. */
static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return 0;
    if (field->type == PROTOBUF_C_TYPE_BOOL)
        return sizeof(protobuf_c_boolean);
    if (field->type == PROTOBUF_C_TYPE_INT32 || field->type == PROTOBUF_C_TYPE_UINT32)
        return sizeof(uint32_t);
    if (field->type == PROTOBUF_C_TYPE_INT64 || field->type == PROTOBUF_C_TYPE_UINT64)
        return sizeof(uint64_t);
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return sizeof(char *);
    return 0; /* the script, the container */
}

static void *value_of(void *msg, const ProtobufCFieldDescriptor *field)
{
    return (char *)msg + field->offset;
}

static bool is_unset(const struct member *m, void *msg)
{
    static const char zeros[sizeof(uint64_t)];
    void *value = value_of(msg, m->field);

    if (m->field->type == PROTOBUF_C_TYPE_STRING)
        return **(char **)value == '\0';
    return memcmp(value, zeros, m->size) == 0;
}

static bool is_equal(const struct member *m, void *a, void *b)
{
    void *x = value_of(a, m->field), *y = value_of(b, m->field);

    if (m->field->type == PROTOBUF_C_TYPE_STRING)
        return strcmp(*(char **)x, *(char **)y) == 0;
    return memcmp(x, y, m->size) == 0;
}

/* Move a value; what it leaves behind is unset. */
static void move(const struct member *m, void *from, void *to,
                 const ProtobufCFieldDescriptor *to_field)
{
    void *x = value_of(from, m->field), *y = value_of(to, to_field);
    char scratch[sizeof(uint64_t)];

    memcpy(scratch, y, m->size);
    memcpy(y, x, m->size);
    memcpy(x, scratch, m->size);
}

/* The option behind a field: its name, with dashes, but for a few. */
static const char *option_of(const char *field, char *buf, size_t size)
{
    static const char *const others[][2] = {{"name", "job-name"},
                                            {"time_limit", "time"},
                                            {"begin_time", "begin"},
                                            {"cwd", "chdir"},
                                            {"append", "open-mode"}};

    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (strcmp(field, others[i][0]) == 0)
            field = others[i][1];
    (void)snprintf(buf, size, "--%s", field);
    for (char *c = buf; *c; c++)
        if (*c == '_')
            *c = '-';
    return buf;
}

/* The components of a job end together: the longest limit is all theirs. */
static void join_limits(Berth__JobSpec *job, Berth__JobSpec *component)
{
    int64_t a = job->time_limit, b = component->time_limit;

    job->time_limit = a == -1 || b == -1 ? -1 : a > b ? a : b;
    component->time_limit = 0;
}

/* Slurm's components have a name each; here the first one's stands for all. */
static void join_names(struct job_args *args, Berth__JobSpec *job,
                       Berth__JobSpec *component)
{
    if (!job->name[0] || !component->name[0] || strcmp(job->name, component->name) == 0)
        return;
    job_args_warn(args, "--job-name: the components have one name, '%s': '%s' is gone",
                  job->name, component->name);
    spec_take_string(&component->name, xstrdup(job->name));
}

static int join_job_field(const struct member *m, Berth__JobSpec *job,
                          Berth__JobSpec *component, size_t i, struct err *err)
{
    char option[64];

    if (is_unset(m, component))
        return 0;
    if (is_unset(m, job)) {
        move(m, component, job, m->field);
        return 0;
    }
    if (is_equal(m, job, component))
        return 0;
    return err_set(err, EINVAL,
                   "%s: component %zu says another thing than the job: there is one "
                   "for all",
                   option_of(m->field->name, option, sizeof(option)), i);
}

/* Empty 'component' into 'job' and the JobComponent 'part'. */
static int join_one(Berth__JobSpec *job, Berth__JobSpec *component, size_t i,
                    Berth__JobComponent *part, struct err *err)
{
    const ProtobufCMessageDescriptor *type = component->base.descriptor;
    int rc = 0;

    join_limits(job, component);
    for (unsigned int f = 0; rc == 0 && f < type->n_fields; f++) {
        const ProtobufCFieldDescriptor *to =
            protobuf_c_message_descriptor_get_field_by_name(part->base.descriptor,
                                                            type->fields[f].name);
        struct member m = {&type->fields[f], size_of(&type->fields[f])};

        if (m.size == 0)
            continue;
        if (to)
            move(&m, component, part, to);
        else
            rc = join_job_field(&m, job, component, i, err);
    }
    return rc;
}

static bool has_container(const Berth__JobSpec *spec)
{
    return berth__container_spec__get_packed_size(spec->container) > 0;
}

int components_join(struct job_args *args, struct err *err)
{
    Berth__JobSpec *job = args->components[0];
    int rc = 0;

    args->spec = job;
    if (args->n_components == 1)
        return 0;
    job->components = xcalloc(args->n_components, sizeof(*job->components));
    for (size_t i = 1; rc == 0 && i < args->n_components; i++) {
        Berth__JobComponent *part = xmalloc(sizeof(*part));

        berth__job_component__init(part);
        job->components[job->n_components++] = part;
        join_names(args, job, args->components[i]);
        rc = join_one(job, args->components[i], i, part, err);
        if (rc == 0 && has_container(args->components[i]))
            rc = err_set(err, EINVAL,
                         "--image: component %zu has one of its own: there is one for "
                         "all, say it first",
                         i);
    }
    return rc;
}
