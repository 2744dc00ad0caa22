#include "cbor.h"

#include <string.h>

enum { MAJOR_UINT, MAJOR_NEGATIVE, MAJOR_BYTES, MAJOR_TEXT, MAJOR_ARRAY, MAJOR_MAP, MAJOR_TAG, MAJOR_SIMPLE };

enum { DEPTH_MAX = 4, SIMPLE_FALSE = 20, SIMPLE_TRUE = 21 };

struct head {
    uint8_t major;
    uint8_t info;
    uint64_t argument;
};

static bool read_head(struct bma_span *in, struct head *head)
{
    if (in->len == 0)
        return false;
    head->major = in->data[0] >> 5;
    head->info = in->data[0] & 31;
    head->argument = head->info;
    if (head->info > 27)
        return false; /* reserved, or of indefinite length */
    size_t more = head->info < 24 ? 0 : (size_t)1 << (head->info - 24);
    if (in->len - 1 < more)
        return false;
    if (more > 0)
        head->argument = 0;
    for (size_t i = 1; i <= more; i++)
        head->argument = head->argument << 8 | in->data[i];
    in->data += 1 + more;
    in->len -= 1 + more;
    return true;
}

static bool take(struct bma_span *in, uint64_t len, struct bma_span *out)
{
    if (len > in->len)
        return false;
    out->data = in->data;
    out->len = (size_t)len;
    in->data += len;
    in->len -= (size_t)len;
    return true;
}

static bool skip(struct bma_span *in, int depth)
{
    struct head head;
    struct bma_span content;
    if (!read_head(in, &head))
        return false;
    switch (head.major) {
    case MAJOR_BYTES:
    case MAJOR_TEXT:
        return take(in, head.argument, &content);
    case MAJOR_TAG:
        return depth > 0 && skip(in, depth - 1);
    case MAJOR_ARRAY:
    case MAJOR_MAP:
        if (depth == 0 || head.argument > in->len) /* an element takes a byte at least: bounds the loop */
            return false;
        for (uint64_t left = head.major == MAJOR_MAP ? 2 * head.argument : head.argument; left > 0; left--)
            if (!skip(in, depth - 1))
                return false;
        return true;
    default:
        return true; /* numbers and simple values are all head */
    }
}

/* The next pair of a map, with the value as its own span. */
static bool next_pair(struct bma_span *in, struct bma_span *key, struct bma_span *value)
{
    struct head head;
    if (!read_head(in, &head) || head.major != MAJOR_TEXT || !take(in, head.argument, key))
        return false;
    value->data = in->data;
    size_t before = in->len;
    if (!skip(in, DEPTH_MAX))
        return false;
    value->len = before - in->len;
    return true;
}

bool bma_cbor_is_map(struct bma_span in)
{
    struct head head;
    struct bma_span key, value;
    if (!read_head(&in, &head) || head.major != MAJOR_MAP || head.argument > in.len)
        return false;
    for (uint64_t i = 0; i < head.argument; i++)
        if (!next_pair(&in, &key, &value))
            return false;
    return in.len == 0;
}

static bool find(struct bma_span in, const char *name, struct head *head, struct bma_span *rest)
{
    struct head map;
    struct bma_span key;
    if (!read_head(&in, &map) || map.major != MAJOR_MAP)
        return false;
    for (uint64_t i = 0; i < map.argument; i++) {
        if (!next_pair(&in, &key, rest))
            return false;
        if (key.len == strlen(name) && memcmp(key.data, name, key.len) == 0)
            return read_head(rest, head);
    }
    return false;
}

bool bma_cbor_has(struct bma_span map, const char *key)
{
    struct head head;
    struct bma_span rest;
    return find(map, key, &head, &rest);
}

bool bma_cbor_get_uint(struct bma_span map, const char *key, uint32_t *value)
{
    struct head head;
    struct bma_span rest;
    if (!find(map, key, &head, &rest) || head.major != MAJOR_UINT || head.argument > UINT32_MAX)
        return false;
    *value = (uint32_t)head.argument;
    return true;
}

static bool get_string(struct bma_span map, const char *key, uint8_t major, struct bma_span *value)
{
    struct head head;
    struct bma_span rest;
    return find(map, key, &head, &rest) && head.major == major && take(&rest, head.argument, value);
}

bool bma_cbor_get_bytes(struct bma_span map, const char *key, struct bma_span *value)
{
    return get_string(map, key, MAJOR_BYTES, value);
}

bool bma_cbor_get_text(struct bma_span map, const char *key, struct bma_span *value)
{
    return get_string(map, key, MAJOR_TEXT, value);
}

static uint8_t *claim(struct bma_cbor_writer *w, size_t len)
{
    if (w->full || w->capacity - w->len < len) {
        w->full = true;
        return NULL;
    }
    uint8_t *at = w->data + w->len;
    w->len += len;
    return at;
}

static void put_head(struct bma_cbor_writer *w, uint8_t major, uint32_t argument)
{
    size_t more = argument < 24 ? 0 : argument <= 0xff ? 1 : argument <= 0xffff ? 2 : 4;
    uint8_t info = (uint8_t)(more == 0 ? argument : more == 1 ? 24 : more == 2 ? 25 : 26);
    uint8_t *at = claim(w, 1 + more);
    if (at == NULL)
        return;
    at[0] = (uint8_t)(major << 5 | info);
    for (size_t i = 0; i < more; i++)
        at[more - i] = (uint8_t)(argument >> (8 * i));
}

static void put_content(struct bma_cbor_writer *w, const void *data, size_t len)
{
    uint8_t *at = claim(w, len);
    if (at != NULL && len > 0)
        memcpy(at, data, len);
}

void bma_cbor_put_map(struct bma_cbor_writer *w, uint32_t pairs)
{
    put_head(w, MAJOR_MAP, pairs);
}

void bma_cbor_put_array(struct bma_cbor_writer *w, uint32_t count)
{
    put_head(w, MAJOR_ARRAY, count);
}

void bma_cbor_put_uint(struct bma_cbor_writer *w, uint32_t value)
{
    put_head(w, MAJOR_UINT, value);
}

void bma_cbor_put_int(struct bma_cbor_writer *w, int32_t value)
{
    if (value >= 0)
        put_head(w, MAJOR_UINT, (uint32_t)value);
    else
        put_head(w, MAJOR_NEGATIVE, (uint32_t)(-1 - value));
}

void bma_cbor_put_bool(struct bma_cbor_writer *w, bool value)
{
    put_head(w, MAJOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void bma_cbor_put_text_span(struct bma_cbor_writer *w, struct bma_span text)
{
    put_head(w, MAJOR_TEXT, (uint32_t)text.len);
    put_content(w, text.data, text.len);
}

void bma_cbor_put_text(struct bma_cbor_writer *w, const char *text)
{
    bma_cbor_put_text_span(w, (struct bma_span){(const uint8_t *)text, strlen(text)});
}

void bma_cbor_put_bytes(struct bma_cbor_writer *w, const uint8_t *data, size_t len)
{
    put_head(w, MAJOR_BYTES, (uint32_t)len);
    put_content(w, data, len);
}

uint8_t *bma_cbor_reserve_bytes(struct bma_cbor_writer *w, size_t len)
{
    put_head(w, MAJOR_BYTES, (uint32_t)len);
    return claim(w, len);
}

/* Where one item is read, and where it is written again: never beyond what was read. */
struct rewriting {
    uint8_t *data;
    size_t in;
    size_t out;
    size_t len;
};

enum { BREAK = 0xff, INDEFINITE = 31, INDEFINITE_MAX = 255 };

static bool rewrite(struct rewriting *r, int depth);

static bool at_break(const struct rewriting *r)
{
    return r->in < r->len && r->data[r->in] == BREAK;
}

static void keep(struct rewriting *r, size_t n)
{
    memmove(r->data + r->out, r->data + r->in, n);
    r->in += n;
    r->out += n;
}

static bool head_here(const struct rewriting *r, struct head *head, size_t *head_len)
{
    struct bma_span rest = {r->data + r->in, r->len - r->in};
    if (!read_head(&rest, head))
        return false;
    *head_len = (size_t)(rest.data - (r->data + r->in));
    return true;
}

/* The pieces of a string in a row; each is a string of the same kind. */
static bool rewrite_pieces(struct rewriting *r, uint8_t major)
{
    struct head head;
    size_t head_len;
    while (!at_break(r)) {
        if (!head_here(r, &head, &head_len) || head.major != major || head.argument > r->len - r->in - head_len)
            return false;
        r->in += head_len;
        keep(r, (size_t)head.argument);
    }
    return true;
}

static bool rewrite_elements(struct rewriting *r, uint8_t major, int depth, size_t *count)
{
    for (*count = 0; !at_break(r); (*count)++)
        if (*count == INDEFINITE_MAX || !rewrite(r, depth - 1) || (major == MAJOR_MAP && !rewrite(r, depth - 1)))
            return false;
    return true;
}

/*
 * The content is moved together behind one byte for the head, and then on by what the head needs more: the break, and the heads of pieces,
 * have left as much room.
 */
static bool rewrite_indefinite(struct rewriting *r, uint8_t major, int depth)
{
    const size_t start = r->out;
    size_t count;
    r->in++;
    r->out++;
    bool is_string = major == MAJOR_BYTES || major == MAJOR_TEXT;
    if (!is_string && (depth == 0 || (major != MAJOR_ARRAY && major != MAJOR_MAP)))
        return false;
    if (is_string ? !rewrite_pieces(r, major) : !rewrite_elements(r, major, depth, &count))
        return false;
    r->in++; /* the break */
    const size_t content = r->out - start - 1;
    if (is_string)
        count = content;
    uint8_t head[5];
    struct bma_cbor_writer w = {head, 0, sizeof head, false};
    put_head(&w, major, (uint32_t)count);
    if (start + w.len + content > r->in)
        return false;
    memmove(r->data + start + w.len, r->data + start + 1, content);
    memcpy(r->data + start, head, w.len);
    r->out = start + w.len + content;
    return true;
}

static bool rewrite(struct rewriting *r, int depth)
{
    struct head head;
    size_t head_len;
    if (r->in < r->len && (r->data[r->in] & 31) == INDEFINITE)
        return rewrite_indefinite(r, r->data[r->in] >> 5, depth);
    if (!head_here(r, &head, &head_len))
        return false;
    keep(r, head_len);
    if (head.major == MAJOR_BYTES || head.major == MAJOR_TEXT) {
        if (head.argument > r->len - r->in)
            return false;
        keep(r, (size_t)head.argument);
        return true;
    }
    if (head.major == MAJOR_TAG)
        return depth > 0 && rewrite(r, depth - 1);
    if (head.major != MAJOR_ARRAY && head.major != MAJOR_MAP)
        return true;
    if (depth == 0 || head.argument > r->len - r->in) /* an element takes a byte at least: bounds the loop */
        return false;
    for (uint64_t left = head.major == MAJOR_MAP ? 2 * head.argument : head.argument; left > 0; left--)
        if (!rewrite(r, depth - 1))
            return false;
    return true;
}

size_t bma_cbor_make_definite(uint8_t *data, size_t len)
{
    struct rewriting r = {data, 0, 0, len};
    return rewrite(&r, DEPTH_MAX + 1) && r.in == len ? r.out : 0;
}
