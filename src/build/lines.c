/* SPDX-License-Identifier: Apache-2.0
 *
 * lines.c - directives, comments, lines that go on, here-documents
 */
#include "build/lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "build/words.h"

static const char *const directives[] = {"escape", "syntax", "check"};

/* A physical line without its end, "\r\n" too. */
struct piece {
    const char *s;
    size_t len;
};

static bool read_piece(struct line_reader *r, struct piece *ret)
{
    const char *nl;

    if (r->at >= r->end)
        return false;
    nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
    ret->s = r->at;
    ret->len = (size_t)((nl ? nl : r->end) - r->at);
    r->at = nl ? nl + 1 : r->end;
    r->line++;
    return true;
}

static void strip_return(struct piece *p)
{
    if (p->len && p->s[p->len - 1] == '\r')
        p->len--;
}

static void trim_front(struct piece *p)
{
    while (p->len && isspace((unsigned char)*p->s)) {
        p->s++;
        p->len--;
    }
}

static void trim(struct piece *p)
{
    trim_front(p);
    while (p->len && isspace((unsigned char)p->s[p->len - 1]))
        p->len--;
}

static char *lower(const char *s, size_t len)
{
    char *word = xstrndup(s, len);

    for (char *c = word; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return word;
}

/* "# name = value": the name in small letters and the value, or NULL. */
static char *directive_of(struct piece p, struct piece *ret_value)
{
    const char *sign;
    struct piece name;

    trim(&p);
    sign = p.len && *p.s == '#' ? memchr(p.s, '=', p.len) : NULL;
    if (!sign)
        return NULL;
    name = (struct piece){p.s + 1, (size_t)(sign - p.s - 1)};
    *ret_value = (struct piece){sign + 1, p.len - (size_t)(sign + 1 - p.s)};
    trim(&name);
    trim(ret_value);
    for (size_t i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char)name.s[i]))
            return NULL;
    }
    return name.len ? lower(name.s, name.len) : NULL;
}

/* A bit for the directive that 'name' is; 0: none. */
static unsigned int known_directive(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
        if (strcmp(name, directives[i]) == 0)
            return 1U << i;
    }
    return 0;
}

static int take_directive(struct line_reader *r, const char *name,
                          const struct piece *value, struct err *err)
{
    if (strcmp(name, "escape") != 0)
        return 0;
    if (value->len != 1 || !strchr("\\`", *value->s))
        return err_set(err, EINVAL, "escape must be '\\' or '`', not '%.*s'",
                       (int)(value->len < 40 ? value->len : 40), value->s);
    r->escape = *value->s;
    return 0;
}

static void warn_directive(struct line_reader *r, const char *name)
{
    const char *near = nearest_name(name, directives, ARRAY_SIZE(directives));

    if (near)
        strv_take(&r->warnings,
                  xasprintf("%u: '# %s=' is taken for a comment: did you mean "
                            "'# %s='?",
                            r->line - 1, name, near));
}

/* Directives stand before everything else, comments included. */
static int read_directives(struct line_reader *r, struct err *err)
{
    unsigned int seen = 0;

    for (;;) {
        struct line_reader before = *r;
        cleanup(freep) char *name = NULL;
        struct piece p, value;
        unsigned int bit;
        int rc;

        if (!read_piece(r, &p) || !(name = directive_of(p, &value)) ||
            !(bit = known_directive(name))) {
            if (name)
                warn_directive(r, name);
            before.warnings = r->warnings;
            *r = before;
            return 0;
        }
        rc = seen & bit
                 ? err_set(err, EINVAL, "the directive '%s' is there twice", name)
                 : take_directive(r, name, &value, err);
        if (rc)
            return rc;
        seen |= bit;
    }
}

int lines_begin(struct line_reader *reader, const char *bytes, size_t len,
                unsigned int *ret_line, struct err *err)
{
    const char *nul = memchr(bytes, '\0', len);
    int rc;

    *reader = (struct line_reader){
        .at = bytes, .end = bytes + len, .line = 1, .escape = '\\'};
    if (nul) {
        *ret_line = 1;
        for (const char *s = bytes; s < nul; s++)
            *ret_line += *s == '\n';
        return err_set(err, EINVAL, "a zero byte: this is no text");
    }
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        reader->at += 3;
    rc = read_directives(reader, err);
    *ret_line = reader->line - 1;
    return rc;
}

void lines_end(struct line_reader *reader)
{
    strv_free(reader->warnings);
}

/* Does the line go on? Then what to keep of it ends before the escape. */
static bool goes_on(const struct line_reader *r, struct piece *p)
{
    size_t len = p->len;

    while (len && (p->s[len - 1] == ' ' || p->s[len - 1] == '\t'))
        len--;
    if (!len || p->s[len - 1] != r->escape)
        return false;
    if (len > 1 && p->s[len - 2] == r->escape)
        return false;
    p->len = len - 1;
    return true;
}

static bool is_comment_or_empty(struct piece p, bool *ret_empty)
{
    trim(&p);
    *ret_empty = p.len == 0;
    return p.len == 0 || *p.s == '#';
}

/* Gather the physical lines of one instruction; false at the end of the text. */
static bool join_lines(struct line_reader *r, struct strbuf *text,
                       unsigned int *ret_line)
{
    bool begun = false, more = true, empty;
    struct piece p;

    while (more && read_piece(r, &p)) {
        strip_return(&p);
        if (is_comment_or_empty(p, &empty)) {
            if (begun && empty && !r->said_empty) {
                r->said_empty = true;
                strv_take(&r->warnings,
                          xasprintf("%u: an empty line inside of an instruction",
                                    r->line - 1));
            }
            continue;
        }
        if (!begun) {
            trim_front(&p);
            *ret_line = r->line - 1;
            begun = true;
        }
        more = goes_on(r, &p);
        strbuf_add(text, p.s, p.len);
    }
    while (text->len && isspace((unsigned char)text->s[text->len - 1]))
        strbuf_cut(text, text->len - 1);
    return begun;
}

/* Only these take here-documents, also after ONBUILD. */
static bool takes_heredocs(const char *text)
{
    static const char *const names[] = {"RUN", "COPY", "ADD"};
    size_t len = strcspn(text, " \t");

    if (len == 7 && strncasecmp(text, "ONBUILD", 7) == 0) {
        text += len + strspn(text + len, " \t");
        len = strcspn(text, " \t");
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (len == strlen(names[i]) && strncasecmp(text, names[i], len) == 0)
            return true;
    }
    return false;
}

static int read_heredoc(struct line_reader *r, struct heredoc *doc, struct err *err)
{
    struct strbuf text = STRBUF_INIT;
    struct piece p;

    while (read_piece(r, &p)) {
        struct piece word = p;

        strip_return(&word);
        while (doc->chomps && word.len && *word.s == '\t') {
            word.s++;
            word.len--;
        }
        if (word.len == strlen(doc->name) && memcmp(word.s, doc->name, word.len) == 0) {
            doc->text = strbuf_take(&text);
            return 0;
        }
        if (doc->chomps)
            strbuf_add(&text, word.s, word.len);
        else
            strbuf_add(&text, p.s, p.len);
        strbuf_putc(&text, '\n');
    }
    strbuf_fini(&text);
    return err_set(err, EINVAL, "the here-document has no end: no line '%.60s' follows",
                   doc->name);
}

static int read_heredocs(struct line_reader *r, struct logical_line *line,
                         struct err *err)
{
    cleanup(strv_freep) char **words = NULL;
    bool open;

    if (!strstr(line->text, "<<") || !takes_heredocs(line->text))
        return 0;
    words = words_split(line->text, r->escape, &open);
    if (open)
        return 0;
    strv_foreach (word, words) {
        struct heredoc doc;
        int rc;

        if (!words_heredoc(*word, &doc))
            continue;
        if (line->n_docs == CONTAINERFILE_HEREDOCS_MAX) {
            free(doc.name);
            return err_set(err, EINVAL, "more than %d here-documents",
                           CONTAINERFILE_HEREDOCS_MAX);
        }
        line->docs = xrealloc(line->docs, line->n_docs + 1, sizeof(*line->docs));
        line->docs[line->n_docs++] = doc;
        rc = read_heredoc(r, &line->docs[line->n_docs - 1], err);
        if (rc)
            return rc;
    }
    return 0;
}

int lines_next(struct line_reader *reader, struct logical_line *ret,
               unsigned int *ret_line, struct err *err)
{
    struct strbuf text = STRBUF_INIT;
    struct logical_line line = {0};
    int rc;

    if (!join_lines(reader, &text, &line.line)) {
        strbuf_fini(&text);
        return 0;
    }
    *ret_line = line.line;
    line.text = strbuf_take(&text);
    rc = read_heredocs(reader, &line, err);
    if (rc) {
        logical_line_fini(&line);
        return rc;
    }
    *ret = line;
    return 1;
}

void heredocs_free(struct heredoc *docs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(docs[i].name);
        free(docs[i].text);
    }
    free(docs);
}

void logical_line_fini(struct logical_line *line)
{
    free(line->text);
    heredocs_free(line->docs, line->n_docs);
    *line = (struct logical_line){0};
}
