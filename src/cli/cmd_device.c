/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_device.c - berth device: what devices this machine's specifications name
 */
#include "cli/command.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/device_specs.h"
#include "cli/table.h"

static const struct usage usage = {
    .synopsis = "berth device ls|show [options] [NAME]",
    .about = "Devices that this machine's specifications of the Container Device\n"
             "Interface (CDI) name, for --device and for gres in the configuration.\n"
             "\n"
             "  ls    all of them, and where each stands\n"
             "  show  what NAME brings into a container",
    .examples = "  berth device ls\n"
                "  berth device show nvidia.com/gpu=0\n"
                "  berth run -w n1 berth device ls\n",
};

struct args {
    struct common common;
};

static const struct opt opts[] = {
    OPTS_COMMON(struct args, common),
    OPTS_END,
};

static void release_json(json_t **json)
{
    json_decref(*json);
}

static int print_json(const json_t *json)
{
    cleanup(freep) char *text = json_dumps(json, JSON_INDENT(2));

    puts(text ? text : "null");
    return STATUS_OK;
}

/* --------------------------------------------------------------------- ls */

static int fail(const struct err *err)
{
    say_error("%s", err->text);
    return STATUS_FAILED;
}

static void add_row(struct table *table, json_t *list,
                    const struct cdi_registry *registry, const char *name)
{
    const struct cdi_device *device;
    const struct cdi_spec *spec;
    struct err err = {0};
    const char *from = err.text;

    if (cdi_registry_find(registry, name, &spec, &device, &err) == 0)
        from = spec->file;
    table_add(table, name);
    table_add(table, from);
    (void)json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "name", name, "from",
                                                from, "usable", err.code == 0));
}

static int list(const struct args *args, const struct cdi_registry *registry)
{
    static const struct column columns[] = {{"DEVICE", false, false},
                                            {"FROM", false, true}};
    cleanup(table_destroyp) struct table *table =
        table_create(columns, ARRAY_SIZE(columns));
    cleanup(strv_freep) char **names = cdi_registry_names(registry);
    cleanup(release_json) json_t *json = json_array();

    strv_foreach (name, names)
        add_row(table, json, registry, *name);
    if (args->common.json)
        return print_json(json);
    table_print(table, true, table_terminal_width(stdout), stdout);
    return STATUS_OK;
}

/* ------------------------------------------------------------------- show */

static json_t *strings(char *const *v)
{
    json_t *list = json_array();

    for (size_t i = 0; v && v[i]; i++)
        (void)json_array_append_new(list, json_string(v[i]));
    return list;
}

static const char *or_itself(const char *host_path, const char *path)
{
    return host_path ? host_path : path;
}

static json_t *plan_json(const struct cdi_plan *plan)
{
    json_t *nodes = json_array(), *mounts = json_array(), *links = json_array(),
           *hooks = json_array();

    for (size_t i = 0; i < plan->n_nodes; i++)
        (void)json_array_append_new(
            nodes,
            json_pack("{s:s, s:s}", "path", plan->nodes[i]->path, "from",
                      or_itself(plan->nodes[i]->host_path, plan->nodes[i]->path)));
    for (size_t i = 0; i < plan->n_mounts; i++)
        (void)json_array_append_new(
            mounts, json_pack("{s:s, s:s}", "path", plan->mounts[i]->container_path,
                              "from", plan->mounts[i]->host_path));
    for (size_t i = 0; i < plan->n_links; i++)
        (void)json_array_append_new(links,
                                    json_pack("{s:s, s:s}", "path", plan->links[i].path,
                                              "target", plan->links[i].target));
    for (size_t i = 0; i < plan->n_hooks; i++)
        (void)json_array_append_new(hooks, json_string(plan->hooks[i]->path));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "nodes", nodes, "mounts",
                     mounts, "links", links, "libraries", strings(plan->folders), "env",
                     strings(plan->env), "unknown_hooks", hooks, "notes",
                     strings(plan->notes));
}

static void print_plan(const struct cdi_plan *plan)
{
    for (size_t i = 0; i < plan->n_nodes; i++)
        printf("device    %s  (%s)\n", plan->nodes[i]->path,
               or_itself(plan->nodes[i]->host_path, plan->nodes[i]->path));
    for (size_t i = 0; i < plan->n_mounts; i++)
        printf("mount     %s  (%s)\n", plan->mounts[i]->container_path,
               plan->mounts[i]->host_path);
    for (size_t i = 0; i < plan->n_links; i++)
        printf("link      %s -> %s\n", plan->links[i].path, plan->links[i].target);
    strv_foreach (folder, plan->folders)
        printf("libraries %s\n", *folder);
    strv_foreach (text, plan->env)
        printf("variable  %s\n", *text);
    for (size_t i = 0; i < plan->n_hooks; i++)
        printf("hook      %s  (not understood: the device cannot be used)\n",
               plan->hooks[i]->path);
    strv_foreach (note, plan->notes)
        printf("note      %s\n", *note);
}

static int show(const struct args *args, const struct cdi_registry *registry,
                char **names)
{
    cleanup(cdi_plan_freep) struct cdi_plan *plan = NULL;
    cleanup(release_json) json_t *json = NULL;
    struct err err;

    if (cdi_plan_make(registry, names, &plan, &err) < 0)
        return fail(&err);
    if (args->common.json)
        return print_json(json = plan_json(plan));
    print_plan(plan);
    return STATUS_OK;
}

/* ------------------------------------------------------------------- main */

static int load_config(const char *given, struct config **ret, struct err *err)
{
    cleanup(freep) char *path = NULL;
    int rc = config_find(given, &path, err);

    if (rc == -ENOENT && !given) { /* the usual directories will do */
        *ret = config_defaults();
        return 0;
    }
    return rc ? rc : config_load_settings(path, ret, err);
}

static int run(const struct args *args, char **names)
{
    cleanup(config_freep) struct config *config = NULL;
    cleanup(cdi_registry_freep) struct cdi_registry *registry = NULL;
    struct err err;

    if (load_config(args->common.config, &config, &err) < 0)
        return fail(&err);
    registry = device_specs_load(config);
    (void)device_specs_complain(config, registry);
    return names ? show(args, registry, names) : list(args, registry);
}

int cmd_device(int argc, char **argv)
{
    struct args args = {0};
    int next, status;
    bool is_show;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    is_show = next < argc && strcmp(argv[next], "show") == 0;
    if (next == argc || (!is_show && strcmp(argv[next], "ls") != 0) ||
        (!is_show && next + 1 < argc)) {
        say_error("say what to do: ls, or show NAME");
        return STATUS_USAGE;
    }
    if (is_show && next + 1 == argc) {
        say_error("name the device: berth device show nvidia.com/gpu=0");
        return STATUS_USAGE;
    }
    return run(&args, is_show ? argv + next + 1 : NULL);
}
