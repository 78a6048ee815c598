/* SPDX-License-Identifier: Apache-2.0
 *
 * test_random.c - what holds for any pod, whatever happens to it
 *
 * Random pods meet random events: those that can be, told early, late or never, and
 * some that cannot. A model knows of each container only whether a process is there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pod_test.h"

#define MOST 8 /* containers */

/* What the world has of a container. */
enum process { GONE, STARTING, UP };

struct model_container {
    bool is_init, is_sidecar;
    enum process process;
    unsigned int starts;
    bool was_up, image_asked, is_killed;
    bool has_passed; /* an init container that others need not wait for any more */
    bool hooks[2], probes[POD_PROBES];
    uint32_t runs[POD_PROBES];
};

struct model {
    uint64_t seed;
    struct pod *pod;
    const struct mf_pod *manifest;
    struct model_container c[MOST];
    size_t n, n_init;
    int64_t now, ends_by;
    bool is_prepared, is_frozen, is_ordered, is_over;
};

static uint32_t pick(struct model *m, uint32_t below)
{
    m->seed ^= m->seed << 13;
    m->seed ^= m->seed >> 7;
    m->seed ^= m->seed << 17;
    return (uint32_t)(m->seed >> 32) % below;
}

static bool chance(struct model *m, uint32_t percent)
{
    return pick(m, 100) < percent;
}

/* ---------------------------------------------------------------- a pod, made up */

static void add_probe(struct model *m, struct strbuf *text, const char *name)
{
    if (!chance(m, 40))
        return;
    strbuf_printf(text,
                  ", %sProbe: {tcpSocket: {port: 80}, initialDelaySeconds: %u, "
                  "periodSeconds: %u, timeoutSeconds: %u, failureThreshold: %u",
                  name, pick(m, 4), 1 + pick(m, 9), 1 + pick(m, 9), 1 + pick(m, 3));
    if (strcmp(name, "readiness") == 0)
        strbuf_printf(text, ", successThreshold: %u", 1 + pick(m, 3));
    else if (chance(m, 50))
        strbuf_printf(text, ", terminationGracePeriodSeconds: %u", 1 + pick(m, 20));
    strbuf_puts(text, "}");
}

static void add_container(struct model *m, struct strbuf *text, bool is_init, size_t i)
{
    static const char *const pulls[] = {"Always", "Never", "IfNotPresent"};
    bool is_sidecar = is_init && chance(m, 50);

    strbuf_printf(text, "  - {name: c%zu, image: i, imagePullPolicy: %s%s", i,
                  pulls[pick(m, 3)], is_sidecar ? ", restartPolicy: Always" : "");
    if (!is_init || is_sidecar) {
        add_probe(m, text, "startup");
        add_probe(m, text, "liveness");
        add_probe(m, text, "readiness");
        if (chance(m, 40))
            strbuf_printf(text, ", lifecycle: {%s: {sleep: {seconds: 1}}}",
                          chance(m, 50) ? "postStart" : "preStop");
    }
    strbuf_puts(text, "}\n");
}

static char *make_up(struct model *m)
{
    static const char *const policies[] = {"Always", "OnFailure", "Never"};
    struct strbuf text = STRBUF_INIT;
    size_t n_mains = 1 + pick(m, 3);

    m->n_init = pick(m, 4);
    m->n = m->n_init + n_mains;
    strbuf_printf(&text,
                  "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"
                  "  restartPolicy: %s\n  terminationGracePeriodSeconds: %u\n",
                  policies[pick(m, 3)], pick(m, 40));
    for (size_t i = 0; i < m->n; i++) {
        if (i == 0 && m->n_init)
            strbuf_puts(&text, "  initContainers:\n");
        if (i == m->n_init)
            strbuf_puts(&text, "  containers:\n");
        add_container(m, &text, i < m->n_init, i);
    }
    return strbuf_take(&text);
}

/* -------------------------------------------------------- what it does, looked at */

static void check_start(struct model *m, size_t i)
{
    struct model_container *c = &m->c[i];

    assert_true(m->is_prepared);
    assert_false(m->is_ordered);
    assert_int_equal(c->process, GONE);
    assert_false(c->image_asked);
    for (enum pod_probe k = 0; k < POD_PROBES; k++)
        assert_false(c->probes[k]);
    assert_false(c->hooks[POD_POST_START] || c->hooks[POD_PRE_STOP]);
    for (size_t j = 0; j < i && j < m->n_init; j++)
        assert_true(m->c[j].has_passed);
    if (m->manifest->spec->restart == MF_RESTART_NEVER && !c->is_sidecar)
        assert_int_equal(c->starts, 0);
    c->process = STARTING;
    c->is_killed = false;
}

static void check_over(const struct model *m)
{
    const struct pod_status *status = pod_status(m->pod);

    assert_false(m->is_over);
    for (size_t i = 0; i < m->n; i++)
        assert_int_equal(m->c[i].process, GONE);
    assert_true(status->phase == POD_SUCCEEDED || status->phase == POD_FAILED);
    assert_false(status->ready);
}

static void carry_out(struct model *m, const struct pod_todo *todo)
{
    struct model_container *c = &m->c[todo->container];

    switch (todo->kind) {
    case POD_NOTHING:
        fail();
        break;
    case POD_GET_IMAGE:
        assert_false(c->image_asked || m->is_ordered);
        c->image_asked = true;
        break;
    case POD_START:
        check_start(m, todo->container);
        break;
    case POD_RUN_HOOK:
        assert_int_equal(c->process, UP);
        assert_false(c->hooks[POD_POST_START] || c->hooks[POD_PRE_STOP]);
        c->hooks[todo->hook] = true;
        break;
    case POD_STOP_HOOK:
        assert_true(c->hooks[todo->hook]);
        c->hooks[todo->hook] = false;
        break;
    case POD_RUN_PROBE:
        assert_int_equal(c->process, UP);
        assert_false(m->is_frozen);
        assert_false(c->probes[todo->probe]);
        assert_true(todo->run > c->runs[todo->probe]);
        c->runs[todo->probe] = todo->run;
        c->probes[todo->probe] = true;
        break;
    case POD_STOP_PROBE:
        assert_true(c->probes[todo->probe]);
        assert_int_equal(todo->run, c->runs[todo->probe]);
        c->probes[todo->probe] = false;
        break;
    case POD_SIGNAL:
        assert_int_equal(c->process, UP);
        assert_false(c->hooks[POD_PRE_STOP] || c->is_killed);
        break;
    case POD_KILL:
        assert_true(c->process != GONE);
        c->is_killed = true;
        break;
    case POD_OVER:
        check_over(m);
        m->is_over = true;
        break;
    }
}

/* Who is there after the end of the grace has been killed. */
static void check_grace(const struct model *m)
{
    const struct pod_status *status = pod_status(m->pod);

    if (m->is_ordered)
        assert_true(status->ends_by - EPOCH <= m->ends_by);
    if (!status->is_ending || m->now < status->ends_by - EPOCH)
        return;
    for (size_t i = 0; i < m->n; i++)
        assert_true(m->c[i].process == GONE || m->c[i].is_killed);
}

static void see_passed(struct model *m)
{
    const struct pod_status *status = pod_status(m->pod);

    for (size_t i = 0; i < m->n; i++)
        if (m->c[i].is_sidecar && status->containers[i].started)
            m->c[i].has_passed = true;
}

static int64_t do_all(struct model *m)
{
    struct pod_todo todo, again;

    for (unsigned int n = 0; pod_ask(m->pod, m->now, &todo); n++) {
        assert_true(n < 100);
        assert_true(pod_ask(m->pod, m->now, &again));
        assert_memory_equal(&todo, &again, sizeof(todo));
        pod_begun(m->pod, &todo, m->now);
        carry_out(m, &todo);
        see_passed(m);
    }
    assert_true(todo.at > m->now);
    check_grace(m);
    return todo.at;
}

/* ------------------------------------------------------------------- what happens */

static void tell(struct model *m, struct pod_event event)
{
    event.words = chance(m, 50) ? "words" : NULL;
    pod_apply(m->pod, &event, m->now);
    see_passed(m);
}

static void end_process(struct model *m, size_t i)
{
    struct model_container *c = &m->c[i];
    int status = chance(m, 50) ? 0 : chance(m, 50) ? 1 << 8 : 9;

    c->process = GONE;
    c->starts++;
    if (c->is_init && !c->is_sidecar && status == 0)
        c->has_passed = true;
    if (status == 9 && chance(m, 50))
        tell(m, (struct pod_event){.kind = POD_OOM, .container = i});
    tell(m, (struct pod_event){.kind = POD_ENDED, .container = i, .status = status});
}

static void step_starting(struct model *m, size_t i)
{
    struct model_container *c = &m->c[i];
    struct pod_event event = {.container = i};

    switch (pick(m, 5)) {
    case 0:
        c->process = GONE;
        c->starts++;
        event.kind = POD_START_FAILED;
        break;
    case 1:
        c->process = GONE;
        event.kind = POD_CONFIG_FAILED;
        break;
    default:
        c->process = UP;
        c->was_up = true;
        event.kind = POD_STARTED;
        break;
    }
    tell(m, event);
}

static void step_image(struct model *m, size_t i)
{
    static const enum pod_event_kind kinds[] = {POD_IMAGE_FOUND, POD_IMAGE_FOUND,
                                                POD_IMAGE_FAILED, POD_IMAGE_ABSENT};

    m->c[i].image_asked = false;
    tell(m, (struct pod_event){.kind = kinds[pick(m, 4)], .container = i});
}

static void step_probes(struct model *m, size_t i)
{
    struct model_container *c = &m->c[i];
    enum pod_probe k = (enum pod_probe)pick(m, POD_PROBES);
    enum pod_hook hook = (enum pod_hook)pick(m, 2);

    if (c->probes[k] && chance(m, 80)) {
        c->probes[k] = false;
        tell(m, (struct pod_event){.kind = POD_PROBE_DONE,
                                   .container = i,
                                   .probe = k,
                                   .run = c->runs[k],
                                   .is_good = chance(m, 60)});
    }
    if (c->hooks[hook] && chance(m, 50)) {
        c->hooks[hook] = false;
        tell(m, (struct pod_event){.kind = POD_HOOK_DONE,
                                   .container = i,
                                   .hook = hook,
                                   .is_good = chance(m, 80)});
    }
}

/* What cannot be, or comes too late. */
static void step_wrong(struct model *m, size_t i)
{
    const struct model_container *c = &m->c[i];
    struct pod_event event = {.container = i, .status = 0, .is_good = true};

    if (c->process != STARTING)
        event.kind = chance(m, 50) ? POD_STARTED : POD_CONFIG_FAILED;
    else
        event.kind = POD_CONFIG_NEW;
    tell(m, event);
    if (c->process == GONE)
        tell(m, (struct pod_event){.kind = POD_ENDED, .container = i});
    tell(m, (struct pod_event){.kind = POD_PROBE_DONE,
                               .container = i,
                               .run = c->runs[POD_STARTUP] - 1});
}

static void order_end(struct model *m)
{
    int64_t grace = pick(m, 30);

    tell(m, (struct pod_event){.kind = POD_END_ORDERED,
                               .why = (enum pod_why)(1 + pick(m, 7)),
                               .grace = grace});
    m->is_ordered = true;
    if (m->now + grace * POD_SECOND < m->ends_by)
        m->ends_by = m->now + grace * POD_SECOND;
}

/* Nothing is probed while all stand still. */
static void step_frozen(struct model *m)
{
    m->is_frozen = !m->is_frozen;
    tell(m, (struct pod_event){.kind = m->is_frozen ? POD_FROZEN : POD_THAWED});
}

static void step(struct model *m)
{
    size_t i = pick(m, (uint32_t)m->n);
    struct model_container *c = &m->c[i];

    if (!m->is_prepared && chance(m, 50)) {
        tell(m, (struct pod_event){.kind = POD_PREPARED});
        m->is_prepared = true;
    }
    if (chance(m, 3))
        step_frozen(m);
    if (chance(m, 10))
        step_wrong(m, i);
    if (c->image_asked)
        step_image(m, i);
    else if (c->process == STARTING)
        step_starting(m, i);
    else if (c->process == UP && chance(m, 20))
        end_process(m, i);
    else
        step_probes(m, i);
    if (chance(m, 1))
        order_end(m);
}

/* ------------------------------------------------------------------------- a life */

static void model_begin(struct model *m, uint64_t seed, char **ret_text,
                        struct manifest *manifest)
{
    *m = (struct model){.seed = seed * 0x9E3779B97F4A7C15 + 1, .ends_by = POD_NEVER};
    *ret_text = make_up(m);
    m->manifest = read_pod("random", *ret_text, strlen(*ret_text), manifest);
    m->pod = pod_create(m->manifest, NULL, 0, EPOCH);
    for (size_t i = 0; i < m->n; i++) {
        m->c[i].is_init = i < m->n_init;
        m->c[i].is_sidecar =
            m->c[i].is_init && pod_container(m->pod, i)->restart == MF_RESTART_ALWAYS;
    }
}

/* The world lets go: nothing starts, everything ends. */
static void let_go(struct model *m)
{
    if (!m->is_over)
        order_end(m);
    do_all(m);
    for (size_t i = 0; i < m->n; i++)
        if (m->c[i].process != GONE)
            end_process(m, i);
    do_all(m);
    assert_true(m->is_over);
    assert_true(pod_is_over(m->pod));
}

static bool is_any_process(const struct model *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->c[i].process != GONE || m->c[i].image_asked)
            return true;
    return false;
}

static void live(struct model *m)
{
    for (int n = 0; n < 300 && !m->is_over; n++) {
        int64_t at;

        step(m);
        at = do_all(m);
        /* With no process, no image on its way and nothing due, it is over. */
        if (m->is_prepared && !is_any_process(m) && at == POD_NEVER)
            assert_true(m->is_over);
        if (chance(m, 30) && at != POD_NEVER)
            m->now = at;
        else
            m->now += pick(m, 2000000);
        do_all(m);
    }
    let_go(m);
}

static void whatever_happens(void **state)
{
    const char *one = getenv("SEED");
    uint64_t first = one ? strtoull(one, NULL, 10) : 1;
    unsigned int by_itself = 0;

    (void)state;
    for (uint64_t seed = first; seed < (one ? first + 1 : 3000); seed++) {
        cleanup(freep) char *text = NULL;
        struct manifest manifest;
        struct model m;

        model_begin(&m, seed, &text, &manifest);
        if (one)
            print_message("%s", text);
        live(&m);
        by_itself += !m.is_ordered;
        pod_destroy(m.pod);
        manifest_fini(&manifest);
    }
    /* Both ends are met. */
    assert_true(one || by_itself > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_happens)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
