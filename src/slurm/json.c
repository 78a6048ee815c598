/* SPDX-License-Identifier: Apache-2.0
 *
 * json.c - the shapes of Slurm's JSON
 */
#include "slurm/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "cli/document.h"
#include "slurm/slurm.h"

static json_t *shape(bool is_set, bool is_infinite, json_t *number)
{
    return json_pack("{s:b,s:b,s:o}", "set", is_set, "infinite", is_infinite, "number",
                     number);
}

json_t *json_number(int64_t n)
{
    return shape(true, false, json_integer(n));
}

json_t *json_number_if(int64_t n)
{
    return shape(n != 0, false, json_integer(n));
}

json_t *json_limit(int64_t seconds)
{
    if (seconds == TIME_UNLIMITED)
        return shape(true, true, json_integer(0));
    return shape(seconds != 0, false, json_integer((seconds + 59) / 60));
}

json_t *json_text(const char *text)
{
    json_t *string = json_string(text ? text : "");

    return string ? string : json_string("?"); /* it is no UTF-8 */
}

json_t *json_flag(const char *text)
{
    return json_pack("[o]", json_text(text));
}

static json_t *meta(const char *cluster)
{
    char major[8] = "", minor[8] = "", micro[8] = "";
    json_t *version;

    (void)sscanf(SLURM_RELEASE, "%7[0-9].%7[0-9].%7[0-9]", major, minor, micro);
    version =
        json_pack("{s:s,s:s,s:s}", "major", major, "minor", minor, "micro", micro);
    return json_pack("{s:{s:s,s:s,s:s},s:[],s:{s:o,s:s,s:o}}", "plugin", "type", "",
                     "name", "", "data_parser", "data_parser/v0.0.41", "command",
                     "slurm", "version", version, "release", SLURM_RELEASE, "cluster",
                     json_text(cluster));
}

int json_set_form(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)value;
    (void)err;
    *(enum json_form *)((char *)ctx + opt->offset) =
        strcmp(opt->name, "yaml") == 0 ? FORM_YAML : FORM_JSON;
    return 0;
}

void json_print_framed(const char *name, json_t *value, const char *cluster,
                       enum json_form form)
{
    json_t *doc = json_object();

    json_object_set_new(doc, name, value);
    json_object_set_new(doc, "last_backfill", json_number_if(0));
    json_object_set_new(doc, "last_update", json_number(time(NULL)));
    json_object_set_new(doc, "meta", meta(cluster));
    json_object_set_new(doc, "errors", json_array());
    json_object_set_new(doc, "warnings", json_array());
    if (form == FORM_YAML)
        (void)document_print_yaml(doc, stdout);
    else
        document_print_json(doc, stdout);
}
