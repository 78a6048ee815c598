/* SPDX-License-Identifier: Apache-2.0
 *
 * history.c - how long jobs really ran
 *
 * In the manner of Tsafrir, Etsion and Feitelson, "Backfilling Using System-Generated
 * Predictions" (IEEE TPDS 2007), where the mean of a user's last two run times is
 * used: a mean that fades by a third with each job is about as short of memory, and
 * does not forget the kind of job.
 */
#include "sched/history.h"

#include <math.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/mem.h"

#define LIMIT_CLASSES 64
#define ENTRIES_MAX 1000000
#define FADE_ALL 0.998
#define FADE_USER (2.0 / 3.0)
#define PRIOR_ALL 3
#define SHORTEST 10 /* seconds; shorter jobs are alike */

struct mean {
    double sum, n;
};

struct key {
    int64_t limit; /* 0: any */
    uint64_t cores;
    uint32_t uid;
    uint32_t pad;
};

struct entry {
    struct key key;
    struct mean mean;
    UT_hash_handle hh;
};

struct history {
    struct mean all[LIMIT_CLASSES]; /* by log2 of the limit */
    struct entry *entries;          /* oldest first */
};

struct history *history_create(void)
{
    return xcalloc(1, sizeof(struct history));
}

void history_destroy(struct history *history)
{
    struct entry *entry, *next;
    if (!history)
        return;
    HASH_ITER(hh, history->entries, entry, next)
    {
        HASH_DEL(history->entries, entry);
        free(entry);
    }
    free(history);
}

static int class_of(int64_t limit)
{
    return limit < 2 ? 0 : 63 - __builtin_clzll((unsigned long long)limit);
}

static void add(struct mean *mean, double seconds, double fade)
{
    mean->sum = mean->sum * fade + seconds;
    mean->n = mean->n * fade + 1;
}

static double mix(const struct mean *mean, double before, double weight)
{
    return (mean->sum + weight * before) / (mean->n + weight);
}

/* The user's jobs; those with this limit; those of this width too. */
static void keys_of(uint32_t uid, int64_t limit, uint64_t cores, struct key keys[3])
{
    keys[0] = (struct key){.uid = uid};
    keys[1] = (struct key){.uid = uid, .limit = limit};
    keys[2] = (struct key){.uid = uid, .limit = limit, .cores = cores};
}

static struct entry *find(const struct history *history, const struct key *key)
{
    struct entry *entry;
    HASH_FIND(hh, history->entries, key, sizeof(*key), entry);
    return entry;
}

static struct entry *find_or_add(struct history *history, const struct key *key)
{
    struct entry *entry = find(history, key);
    if (entry)
        return entry;
    if (HASH_COUNT(history->entries) >= ENTRIES_MAX) {
        struct entry *oldest = history->entries;
        HASH_DEL(history->entries, oldest);
        free(oldest);
    }
    entry = xcalloc(1, sizeof(*entry));
    entry->key = *key;
    HASH_ADD(hh, history->entries, key, sizeof(entry->key), entry);
    return entry;
}

void history_learn(struct history *history, uint32_t uid, int64_t limit, uint64_t cores,
                   int64_t seconds)
{
    double ran = seconds > SHORTEST ? (double)seconds : SHORTEST;
    struct key keys[3];
    add(&history->all[class_of(limit)], ran, FADE_ALL);
    keys_of(uid, limit, cores, keys);
    for (size_t i = 0; uid != HISTORY_NOBODY && i < ARRAY_SIZE(keys); i++)
        add(&find_or_add(history, &keys[i])->mean, ran, FADE_USER);
}

double history_guess(const struct history *history, uint32_t uid, int64_t limit,
                     uint64_t cores)
{
    double guess = limit > SHORTEST ? (double)limit : SHORTEST;
    struct key keys[3];
    guess = mix(&history->all[class_of(limit)], guess, PRIOR_ALL);
    keys_of(uid, limit, cores, keys);
    for (size_t i = 0; uid != HISTORY_NOBODY && i < ARRAY_SIZE(keys); i++) {
        const struct entry *entry = find(history, &keys[i]);
        if (entry)
            guess = mix(&entry->mean, guess, 1);
    }
    return fmax(1, fmin(guess, (double)limit));
}
