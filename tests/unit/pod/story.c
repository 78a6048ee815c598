/* SPDX-License-Identifier: Apache-2.0
 *
 * story.c - a pod's life as text: what happens, what it does, how it is
 */
#include "story.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strv.h"
#include "base/units.h"
#include "pod_test.h"

#define CONTAINERS_MAX 8

struct story {
    const char *name;
    struct pod *pod;
    bool has_images;
    uint64_t revision;
    uint32_t runs[CONTAINERS_MAX][POD_PROBES]; /* of the probes that run */
    char *shown;                               /* status that was told last */
    int64_t now;
    struct strbuf out;
};

static const char *const probes[] = {"startup", "liveness", "readiness"};
static const char *const hooks[] = {"postStart", "preStop"};

/* Seconds with as many digits as they have. */
static void print_time(struct strbuf *out, int64_t at)
{
    strbuf_printf(out, "%g", (double)at / (double)POD_SECOND);
}

static const char *name_of(const struct story *story, size_t i)
{
    return i == SIZE_MAX ? "pod" : pod_container(story->pod, i)->name;
}

static void print_end(struct strbuf *out, const struct pod_end *end)
{
    strbuf_printf(out, " %s %d", end->reason, end->exit_code);
    if (end->exit_signal)
        strbuf_printf(out, " %s", signal_name(end->exit_signal));
    if (*end->words)
        strbuf_printf(out, " \"%s\"", end->words);
}

static void print_container(struct strbuf *out, const struct pod_container_status *c)
{
    strbuf_printf(out, " %s", c->name);
    if (c->restarts)
        strbuf_printf(out, " restarts=%u", c->restarts);
    switch (c->state) {
    case POD_CONTAINER_WAITING:
        strbuf_printf(out, " %s%s%s%s", c->reason, *c->words ? " \"" : "", c->words,
                      *c->words ? "\"" : "");
        break;
    case POD_CONTAINER_RUNNING:
        strbuf_printf(out, " running%s%s", c->started ? " started" : "",
                      c->ready ? " ready" : "");
        break;
    case POD_CONTAINER_TERMINATED:
        strbuf_printf(out, " terminated");
        print_end(out, &c->end);
        break;
    }
    if (c->last.start) {
        strbuf_printf(out, " last");
        print_end(out, &c->last);
    }
}

static char *status_text(struct story *story)
{
    const struct pod_status *status = pod_status(story->pod);
    struct strbuf out = STRBUF_INIT;

    strbuf_printf(&out, "%s%s%s%s%s%s%s", pod_phase_name(status->phase),
                  *status->reason ? " " : "", status->reason, *status->words ? " " : "",
                  status->words, status->initialized ? " initialized" : "",
                  status->ready ? " ready" : "");
    if (*status->disruption)
        strbuf_printf(&out, " disrupted %s", status->disruption);
    if (status->is_ending) {
        strbuf_puts(&out, " ends by ");
        print_time(&out, status->ends_by - EPOCH);
    }
    for (size_t i = 0; i < status->n_containers; i++) {
        strbuf_puts(&out, i ? ";" : ":");
        print_container(&out, &status->containers[i]);
    }
    return strbuf_take(&out);
}

static void tell_status(struct story *story)
{
    cleanup(freep) char *text = status_text(story);

    if (story->shown && strcmp(text, story->shown) == 0)
        return;
    /* Whoever watches the revision alone must not miss it. */
    if (story->shown)
        assert_true(pod_revision(story->pod) > story->revision);
    story->revision = pod_revision(story->pod);
    strbuf_printf(&story->out, "  = %s\n", text);
    str_replace(&story->shown, text);
}

static void tell_notes(struct story *story)
{
    struct pod_note note;

    while (pod_take_note(story->pod, &note)) {
        strbuf_printf(&story->out, "  %c %s %s: %s\n", note.is_warning ? '!' : '-',
                      name_of(story, note.container), note.reason, note.words);
        free(note.words);
    }
}

static void print_deadline(struct strbuf *out, int64_t deadline)
{
    if (deadline == POD_NEVER)
        return;
    strbuf_puts(out, " until ");
    print_time(out, deadline);
}

static void print_todo(struct story *story, const struct pod_todo *todo)
{
    struct strbuf *out = &story->out;
    const char *name = name_of(story, todo->container);

    switch (todo->kind) {
    case POD_NOTHING:
        fail_msg("nothing is nothing to do");
        break;
    case POD_GET_IMAGE:
        strbuf_printf(out, "  image %s", name);
        break;
    case POD_START:
        strbuf_printf(out, "  start %s #%u", name, todo->attempt);
        break;
    case POD_RUN_HOOK:
        strbuf_printf(out, "  %s %s", hooks[todo->hook], name);
        print_deadline(out, todo->deadline);
        break;
    case POD_STOP_HOOK:
        strbuf_printf(out, "  stop %s %s", hooks[todo->hook], name);
        break;
    case POD_RUN_PROBE:
        strbuf_printf(out, "  %s %s", probes[todo->probe], name);
        print_deadline(out, todo->deadline);
        break;
    case POD_STOP_PROBE:
        strbuf_printf(out, "  stop %s %s", probes[todo->probe], name);
        break;
    case POD_SIGNAL:
        strbuf_printf(out, "  signal %s %s", name, signal_name(todo->signal));
        break;
    case POD_KILL:
        strbuf_printf(out, "  kill %s", name);
        break;
    case POD_OVER:
        strbuf_puts(out, "  over");
        break;
    }
    strbuf_putc(out, '\n');
}

/* Asking twice says the same. */
static bool ask(const struct story *story, struct pod_todo *ret)
{
    struct pod_todo again;
    bool is_any = pod_ask(story->pod, story->now, ret);

    assert_int_equal(pod_ask(story->pod, story->now, &again), is_any);
    assert_memory_equal(ret, &again, sizeof(again));
    return is_any;
}

static void act(struct story *story, const struct pod_todo *todo)
{
    if (todo->kind == POD_RUN_PROBE)
        story->runs[todo->container][todo->probe] = todo->run;
    pod_begun(story->pod, todo, story->now);
    if (todo->kind == POD_GET_IMAGE && story->has_images)
        pod_apply(
            story->pod,
            &(struct pod_event){.kind = POD_IMAGE_FOUND, .container = todo->container},
            story->now);
    else
        print_todo(story, todo);
}

/* All that is to be done now. Returns when there may be more. */
static int64_t act_all(struct story *story)
{
    struct pod_todo todo;

    tell_notes(story);
    while (ask(story, &todo)) {
        act(story, &todo);
        tell_notes(story);
    }
    tell_status(story);
    return todo.at;
}

/* Let time pass, with all that is due in between. */
static void pass_until(struct story *story, int64_t until)
{
    struct pod_todo todo;

    for (;;) {
        assert_false(ask(story, &todo));
        if (todo.at > until)
            break;
        story->now = todo.at;
        strbuf_puts(&story->out, "@ ");
        print_time(&story->out, story->now);
        strbuf_putc(&story->out, '\n');
        act_all(story);
    }
    story->now = until;
}

struct word {
    const char *word;
    enum pod_event_kind kind;
};

static const struct word words[] = {
    {"frozen", POD_FROZEN},
    {"thawed", POD_THAWED},
    {"prepared", POD_PREPARED},
    {"end", POD_END_ORDERED},
    {"pulling", POD_IMAGE_PULLING},
    {"found", POD_IMAGE_FOUND},
    {"failed", POD_IMAGE_FAILED},
    {"absent", POD_IMAGE_ABSENT},
    {"unready", POD_CONFIG_FAILED},
    {"config", POD_CONFIG_NEW},
    {"started", POD_STARTED},
    {"broken", POD_START_FAILED},
    {"oom", POD_OOM},
    {"ended", POD_ENDED},
    {"good", POD_PROBE_DONE},
    {"bad", POD_PROBE_DONE},
    {"hooked", POD_HOOK_DONE},
    {"unhooked", POD_HOOK_DONE},
};

static enum pod_why why_of(const char *word)
{
    static const char *const whys[] = {"none",    "deleted",   "deadline", "overfull",
                                       "evicted", "preempted", "shutdown", "refused"};

    for (size_t i = 0; i < ARRAY_SIZE(whys); i++)
        if (strcmp(word, whys[i]) == 0)
            return (enum pod_why)i;
    fail_msg("no reason: %s", word);
    return POD_WHY_NONE;
}

static int status_of(const char *word)
{
    int signal;

    if (signal_parse(word, &signal, NULL) == 0 && word[0] > '9')
        return signal;
    return atoi(word) << 8;
}

static int index_of(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0)
            return (int)i;
    fail_msg("no such word: %s", word);
    return 0;
}

/* The rest of the line's words, from the 'n'th; NULL: there is none. */
static char *rest(char **line, size_t n)
{
    return strv_len(line) > n ? strv_join(line + n, " ") : NULL;
}

/* "TIME WORD CONTAINER ...": what follows depends on the word. */
static size_t fill(const struct story *story, char **line, struct pod_event *event)
{
    bool has_more = strv_len(line) > 3;

    switch (event->kind) {
    case POD_END_ORDERED:
        event->why = why_of(line[2]);
        event->grace = has_more ? atoi(line[3]) : POD_GRACE_OF_SPEC;
        return 4;
    case POD_PREPARED:
    case POD_FROZEN:
    case POD_THAWED:
    case POD_CONFIG_NEW:
        return 2;
    case POD_IMAGE_FOUND:
        if (has_more)
            (void)signal_parse(line[3], &event->signal, NULL);
        return 4;
    case POD_ENDED:
        event->status = status_of(line[3]);
        return 4;
    case POD_HOOK_DONE:
        event->is_good = strcmp(line[1], "hooked") == 0;
        event->hook = (enum pod_hook)index_of(line[3], hooks, 2);
        return 4;
    case POD_PROBE_DONE:
        event->is_good = strcmp(line[1], "good") == 0;
        event->probe = (enum pod_probe)index_of(line[3], probes, POD_PROBES);
        event->run = story->runs[event->container][event->probe];
        return 4;
    case POD_IMAGE_PULLING:
    case POD_IMAGE_FAILED:
    case POD_IMAGE_ABSENT:
    case POD_CONFIG_FAILED:
    case POD_STARTED:
    case POD_START_FAILED:
    case POD_OOM:
        break;
    }
    return 3;
}

static void happen(struct story *story, char **line)
{
    struct pod_event event = {0};
    cleanup(freep) char *more = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strcmp(line[1], words[i].word) != 0)
            continue;
        event.kind = words[i].kind;
        if (line[2] && event.kind != POD_END_ORDERED)
            event.container = pod_find_container(story->pod, line[2]);
        assert_true(event.container != SIZE_MAX);
        more = rest(line, fill(story, line, &event));
        event.words = more;
        pod_apply(story->pod, &event, story->now);
        return;
    }
    fail_msg("%s: nothing like that happens: %s", story->name, line[1]);
}

/* One line after the mark. "images" alone is no event; "TIME" alone lets time pass. */
static void tell_line(struct story *story, const char *text)
{
    char **line = strv_split(text, " ");

    if (strcmp(line[0], "images") == 0) {
        story->has_images = true;
        strbuf_printf(&story->out, "> %s\n", text);
    } else {
        pass_until(story, (int64_t)(atof(line[0]) * (double)POD_SECOND));
        strbuf_printf(&story->out, "> %s\n", text);
        if (line[1])
            happen(story, line);
        act_all(story);
    }
    strv_free(line);
}

char *story_tell(const char *name, const char *text)
{
    const char *mark = strstr(text, "\n%%\n");
    struct story story = {.name = name, .out = STRBUF_INIT};
    struct manifest manifest;
    char **lines;

    if (!mark)
        fail_msg("%s: no line %%%%", name);
    strbuf_add(&story.out, text, (size_t)(mark - text) + 4);
    story.pod = pod_create(read_pod(name, text, (size_t)(mark - text) + 1, &manifest),
                           NULL, 0, EPOCH);
    lines = strv_split(mark + 4, "\n");
    strv_foreach (line, lines) {
        if (**line == '>')
            tell_line(&story, *line + 2);
    }
    strv_free(lines);
    free(story.shown);
    pod_destroy(story.pod);
    manifest_fini(&manifest);
    return strbuf_take(&story.out);
}
