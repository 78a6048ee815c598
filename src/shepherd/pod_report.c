/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_report.c - how a pod stands, told to its node until the controller has it
 */
#include "shepherd/pod_report.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "shepherd/pod_network.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GATHER_MS 20   /* what happens together is told together */
#define APART_MS 250   /* between two reports */
#define RETRY_MS 2000  /* while there is no controller */
#define NOTES_MAX 256u /* that wait, or are on the way; older ones are dropped */

struct pod_report {
    struct pod_lead *pl;
    uv_timer_t timer;
    uint64_t told; /* revision of the status in the last report */
    uint32_t seq;
    bool is_sent, is_finished;
    Berth__ObjectEvent **notes; /* heap messages; the first 'n_sent' are on the way */
    size_t n_notes, n_sent;
};

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

/* --------------------------------------------------------------------- the status */

static void fill_end(const struct pod_end *from, Berth__ContainerEnd *to)
{
    berth__container_end__init(to);
    to->start_usec = from->start;
    to->end_usec = from->end;
    to->exit_code = from->exit_code;
    to->exit_signal = from->exit_signal;
    to->reason = text(from->reason);
    to->words = text(from->words);
}

/* A container's status with room for what it points to. */
struct filled {
    Berth__ContainerStatus status;
    Berth__ContainerEnd end, last;
};

static void fill_container(const struct pod_container_status *from, struct filled *to)
{
    Berth__ContainerStatus *status = &to->status;

    berth__container_status__init(status);
    status->name = text(from->name);
    status->is_init = from->is_init;
    status->state = (Berth__ContainerStatus__State)from->state;
    status->reason = text(from->reason);
    status->words = text(from->words);
    status->started = from->started;
    status->ready = from->ready;
    status->restarts = from->restarts;
    status->start_usec = from->start;
    status->image_digest = text(from->image_digest);
    if (from->end.start) {
        fill_end(&from->end, &to->end);
        status->end = &to->end;
    }
    if (from->last.start) {
        fill_end(&from->last, &to->last);
        status->last = &to->last;
    }
}

/* How a pod ended is known with its job's end, which says why: until then it runs. */
static enum pod_phase phase_so_far(const struct pod_status *from)
{
    if (from->phase < POD_SUCCEEDED)
        return from->phase;
    return from->initialized ? POD_RUNNING : POD_PENDING;
}

/* A deep copy of how it stands, the caller's. */
static Berth__PodStatus *status_of(struct pod_lead *pl, bool is_last)
{
    const struct pod_status *from = pod_status(pl->pod);
    cleanup(freep) struct filled *filled =
        xcalloc(from->n_containers + 1, sizeof(*filled));
    cleanup(freep) Berth__ContainerStatus **list =
        xcalloc(from->n_containers + 1, sizeof(*list));
    Berth__PodStatus status = BERTH__POD_STATUS__INIT;

    for (size_t i = 0; i < from->n_containers; i++) {
        fill_container(&from->containers[i], &filled[i]);
        list[i] = &filled[i].status;
    }
    status.phase = text(pod_phase_name(is_last ? from->phase : phase_so_far(from)));
    status.reason = text(from->reason);
    status.words = text(from->words);
    status.disruption = text(from->disruption);
    status.node = pl->sh->assignment->node_name;
    status.host_ip = text(pod_network_host_address(pl));
    status.pod_ip = text(pod_network_address(pl));
    status.start_usec = from->start;
    status.initialized = from->initialized;
    status.ready = from->ready;
    status.initialized_usec = from->initialized_at;
    status.ready_usec = from->ready_at;
    status.containers_ready_usec = from->containers_ready_at;
    status.containers = list;
    status.n_containers = from->n_containers;
    return copy_message(&status.base);
}

/* ---------------------------------------------------------------------- notes */

static void drop_notes(struct pod_report *report, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++)
        free_message(report->notes[i]);
    report->n_notes -= n;
    if (report->n_notes > first)
        memmove(report->notes + first, report->notes + first + n,
                (report->n_notes - first) * sizeof(*report->notes));
}

static void add_note(struct pod_report *report, const struct pod_note *note)
{
    const struct pod_lead *pl = report->pl;
    cleanup(freep) char *source = xasprintf("node %s", pl->sh->assignment->node_name);
    Berth__ObjectEvent event = BERTH__OBJECT_EVENT__INIT;

    event.kind = text("Pod");
    event.name_space = text(pl->spec->meta->name_space);
    event.name = text(pl->spec->meta->name);
    event.uid = pl->lead->spec->pod->uid;
    event.is_warning = note->is_warning;
    event.reason = text(note->reason);
    event.words = text(note->words);
    event.first_usec = event.last_usec = clock_epoch_usec();
    event.count = 1;
    event.source = source;
    if (note->container != SIZE_MAX)
        event.container = pl->members[note->container].spec->name;
    while (report->n_notes - report->n_sent >= NOTES_MAX)
        drop_notes(report, report->n_sent, 1);
    report->notes =
        xrealloc(report->notes, report->n_notes + 1, sizeof(*report->notes));
    report->notes[report->n_notes++] = copy_message(&event.base);
}

static void take_notes(struct pod_report *report)
{
    struct pod_note note;

    while (pod_take_note(report->pl->pod, &note)) {
        add_note(report, &note);
        free(note.words);
    }
}

/* -------------------------------------------------------------------- sending */

static void send_report(struct pod_report *report);

static void on_timer(uv_timer_t *timer)
{
    send_report(timer->data);
}

static void later(struct pod_report *report, uint64_t ms)
{
    if (!uv_is_active((uv_handle_t *)&report->timer))
        (void)uv_timer_start(&report->timer, on_timer, ms, 0);
}

static bool has_news(const struct pod_report *report)
{
    return pod_revision(report->pl->pod) != report->told || report->n_notes;
}

static void on_answer(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct pod_report *report = ctx;

    (void)reply;
    report->is_sent = false;
    if (report->is_finished)
        return;
    if (err && (err->code == EPIPE || err->code == EAGAIN)) {
        report->told = UINT64_MAX;
        report->n_sent = 0;
        if (err->code == EAGAIN)
            later(report, RETRY_MS);
        return;
    }
    if (err)
        log_warn("job %u: how its pod stands is not taken: %s", report->pl->sh->job,
                 err->text);
    drop_notes(report, 0, report->n_sent);
    report->n_sent = 0;
    if (has_news(report))
        later(report, APART_MS);
}

/* With the notes from the one at 'from' on. */
static void send_now(struct pod_report *report, size_t from)
{
    struct pod_lead *pl = report->pl;
    size_t left = report->n_notes - from;
    cleanup(free_messagep) Berth__PodStatus *status = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__PodChanged changed = BERTH__POD_CHANGED__INIT;

    status = status_of(pl, false);
    report->told = pod_revision(pl->pod);
    report->n_sent = left < NOTES_MAX ? left : NOTES_MAX;
    report->is_sent = true;
    changed.job_id = pl->sh->job;
    changed.epoch = pl->sh->epoch;
    changed.seq = ++report->seq;
    changed.status = status;
    changed.events = report->notes + from;
    changed.n_events = report->n_sent;
    env.body_case = BERTH__ENVELOPE__BODY_POD_CHANGED;
    env.pod_changed = &changed;
    rpc_call(pl->sh->node_rpc, pl->sh->node, &env, on_answer, report);
}

static void send_report(struct pod_report *report)
{
    const struct pod_lead *pl = report->pl;

    if (!report->is_sent && pl->sh->node && !pl->lead->is_reported && has_news(report))
        send_now(report, 0);
}

static struct pod_report *report_of(struct pod_lead *pl)
{
    struct pod_report *report = pl->report;

    if (report)
        return report;
    report = pl->report = xcalloc(1, sizeof(*report));
    report->pl = pl;
    report->told = UINT64_MAX;
    (void)uv_timer_init(pl->sh->loop, &report->timer);
    report->timer.data = report;
    return report;
}

void pod_report_look(struct pod_lead *pl)
{
    struct pod_report *report = report_of(pl);

    take_notes(report);
    if (!report->is_sent && !report->is_finished && has_news(report))
        later(report, GATHER_MS);
}

void pod_report_node_is_back(struct pod_lead *pl)
{
    pod_report_look(pl);
}

void pod_report_finish(struct pod_lead *pl, Berth__JobEnded *ended)
{
    struct pod_report *report = report_of(pl);

    take_notes(report);
    /* What is on its way is not waited for. */
    if (pl->sh->node && has_news(report))
        send_now(report, report->is_sent ? report->n_sent : 0);
    report->is_finished = true;
    uv_close((uv_handle_t *)&report->timer, NULL);
    ended->pod = status_of(pl, true);
}
