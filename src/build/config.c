/* SPDX-License-Identifier: Apache-2.0
 *
 * config.c - read, change and write an image's configuration
 */
#include "build/config.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/strv.h"

/* struct image_config is never defined: it is json_t by another name, so that
 * nobody else touches its inside. */
static json_t *json(const struct image_config *config)
{
    union {
        const struct image_config *config;
        json_t *json;
    } u = {.config = config};

    return u.json;
}

static struct image_config *config_of(json_t *document)
{
    return (struct image_config *)(void *)document;
}

/* The object 'key' of 'in', made when it is missing or something else. */
static json_t *object(json_t *in, const char *key)
{
    json_t *found = json_object_get(in, key);

    if (json_is_object(found))
        return found;
    found = json_object();
    (void)json_object_set_new(in, key, found);
    return found;
}

static json_t *list(json_t *in, const char *key)
{
    json_t *found = json_object_get(in, key);

    if (json_is_array(found))
        return found;
    found = json_array();
    (void)json_object_set_new(in, key, found);
    return found;
}

/* Bytes that are no UTF-8 cannot be in JSON: each becomes a question mark. */
static json_t *text_of(const char *s)
{
    json_t *text = json_string(s);

    if (!text) {
        cleanup(freep) char *plain = xstrdup(s);

        for (char *c = plain; *c; c++)
            if ((unsigned char)*c >= 0x80)
                *c = '?';
        text = json_string(plain);
    }
    return text;
}

struct image_config *config_scratch(const char *arch)
{
    json_t *document = json_object();

    (void)json_object_set_new(document, "architecture", json_string(arch));
    (void)json_object_set_new(document, "os", json_string("linux"));
    (void)object(document, "config");
    (void)list(object(document, "rootfs"), "diff_ids");
    (void)json_object_set_new(object(document, "rootfs"), "type",
                              json_string("layers"));
    return config_of(document);
}

int config_read(const char *bytes, size_t len, struct image_config **ret,
                struct err *err)
{
    json_error_t why;
    json_t *document = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);

    if (!json_is_object(document)) {
        json_decref(document);
        return err_set(err, EINVAL, "the configuration is no JSON object");
    }
    *ret = config_of(document);
    return 0;
}

struct image_config *config_copy(const struct image_config *config)
{
    return config_of(json_deep_copy(json(config)));
}

void config_free(struct image_config *config)
{
    json_decref(json(config));
}

void config_freep(struct image_config **config)
{
    config_free(*config);
    *config = NULL;
}

char *config_text(const struct image_config *config)
{
    char *text = json_dumps(json(config), JSON_COMPACT | JSON_SORT_KEYS);

    BUG_ON(!text);
    return text;
}

static json_t *inner(const struct image_config *config)
{
    return object(json(config), "config");
}

char *config_settings(const struct image_config *config)
{
    char *text = json_dumps(inner(config), JSON_COMPACT | JSON_SORT_KEYS);

    BUG_ON(!text);
    return text;
}

void config_set_text(struct image_config *config, const char *key, const char *value)
{
    if (value)
        (void)json_object_set_new(inner(config), key, text_of(value));
    else
        (void)json_object_del(inner(config), key);
}

void config_set_list(struct image_config *config, const char *key, char *const *words)
{
    json_t *array;

    if (!words) {
        (void)json_object_del(inner(config), key);
        return;
    }
    array = json_array();
    for (; *words; words++)
        (void)json_array_append_new(array, text_of(*words));
    (void)json_object_set_new(inner(config), key, array);
}

char **config_list(const struct image_config *config, const char *key)
{
    const json_t *array = json_object_get(json_object_get(json(config), "config"), key);
    char **words = NULL;
    json_t *item;
    size_t i;

    json_array_foreach(array, i, item)
    {
        if (json_is_string(item))
            strv_add(&words, json_string_value(item));
    }
    return words;
}

const char *config_get_text(const struct image_config *config, const char *key)
{
    return json_string_value(
        json_object_get(json_object_get(json(config), "config"), key));
}

void config_add_to_list(struct image_config *config, const char *key, const char *word)
{
    (void)json_array_append_new(list(inner(config), key), text_of(word));
}

void config_add_key(struct image_config *config, const char *key, const char *name)
{
    (void)json_object_set_new(object(inner(config), key), name, json_object());
}

void config_set_label(struct image_config *config, const char *name, const char *value)
{
    (void)json_object_set_new(object(inner(config), "Labels"), name, text_of(value));
}

void config_setenv(struct image_config *config, const char *name, const char *value)
{
    cleanup(strv_freep) char **env = config_list(config, "Env");

    strv_setenv(&env, name, value);
    config_set_list(config, "Env", env);
}

static void set_number(json_t *in, const char *key, int64_t value)
{
    if (value)
        (void)json_object_set_new(in, key, json_integer(value));
}

void config_set_health(struct image_config *config, const struct config_health *health)
{
    json_t *check = json_object();

    (void)json_object_set_new(inner(config), "Healthcheck", check);
    for (char **word = health->test; *word; word++)
        (void)json_array_append_new(list(check, "Test"), text_of(*word));
    set_number(check, "Interval", health->interval);
    set_number(check, "Timeout", health->timeout);
    set_number(check, "StartPeriod", health->start_period);
    set_number(check, "StartInterval", health->start_interval);
    set_number(check, "Retries", health->retries);
}

void config_set_author(struct image_config *config, const char *author)
{
    (void)json_object_set_new(json(config), "author", text_of(author));
}

static json_t *time_of(int64_t when)
{
    char text[40];
    time_t seconds = (time_t)when;
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) ||
        !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
        (void)strcpy(text, "1970-01-01T00:00:00Z");
    return json_string(text);
}

void config_add_history(struct image_config *config, const char *by, int64_t when,
                        const char *diff_id)
{
    json_t *entry = json_object();

    (void)json_object_set_new(entry, "created", time_of(when));
    (void)json_object_set_new(entry, "created_by", text_of(by));
    if (diff_id)
        (void)json_array_append_new(list(object(json(config), "rootfs"), "diff_ids"),
                                    json_string(diff_id));
    else
        (void)json_object_set_new(entry, "empty_layer", json_true());
    (void)json_array_append_new(list(json(config), "history"), entry);
    (void)json_object_set_new(json(config), "created", time_of(when));
}

int64_t config_created(const struct image_config *config)
{
    const char *text = json_string_value(json_object_get(json(config), "created"));
    struct tm tm = {0};

    /* The fraction and the zone are dropped: it is a date to hand on. */
    if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
        return 0;
    return (int64_t)timegm(&tm);
}

const char *config_os(const struct image_config *config)
{
    const char *os = json_string_value(json_object_get(json(config), "os"));

    return os ? os : "linux";
}

const char *config_arch(const struct image_config *config)
{
    const char *arch = json_string_value(json_object_get(json(config), "architecture"));

    return arch ? arch : "";
}
