#include "cbor.h"
#include "harness.h"

#define SPAN(literal) ((struct bma_span){(const uint8_t *)(literal), sizeof(literal) - 1})

/* {"a": 1000000, "s": h'010203', "t": "IETF", "n": -1, "l": [1, {"x": false}], "z": 23} */
static const char sample[] = "\xa6\x61" "a\x1a\x00\x0f\x42\x40\x61" "s\x43\x01\x02\x03\x61" "t\x64" "IETF\x61" "n\x20\x61" "l\x82\x01\xa1\x61" "x\xf4\x61" "z\x17";

static void reads_by_key_and_type(void)
{
    struct bma_span map = SPAN(sample), value;
    uint32_t number = 0;
    CHECK(bma_cbor_is_map(map));
    CHECK(bma_cbor_get_uint(map, "a", &number) && number == 1000000);
    CHECK(bma_cbor_get_uint(map, "z", &number) && number == 23);
    CHECK(bma_cbor_get_bytes(map, "s", &value) && value.len == 3 && memcmp(value.data, "\x01\x02\x03", 3) == 0);
    CHECK(bma_cbor_get_text(map, "t", &value) && value.len == 4 && memcmp(value.data, "IETF", 4) == 0);
    CHECK(!bma_cbor_get_uint(map, "n", &number)); /* negative */
    CHECK(!bma_cbor_get_uint(map, "t", &number));
    CHECK(!bma_cbor_get_text(map, "s", &value));
    CHECK(!bma_cbor_get_bytes(map, "x", &value)); /* a key of an inner map only */
    CHECK(!bma_cbor_get_uint(SPAN("\xa1\x61" "a\x1b\x00\x00\x00\x01\x00\x00\x00\x00"), "a", &number));
    CHECK(bma_cbor_get_uint(SPAN("\xa1\x61" "a\x1b\x00\x00\x00\x00\xff\xff\xff\xff"), "a", &number) && number == UINT32_MAX);
}

static void refuses_what_is_not_a_map(void)
{
    for (size_t len = 0; len < sizeof sample - 1; len++) {
        uint8_t copy[sizeof sample]; /* its own buffer, so that the sanitizer sees any read beyond */
        memcpy(copy, sample, len);
        CHECK(!bma_cbor_is_map((struct bma_span){copy, len}));
    }
    CHECK(bma_cbor_is_map(SPAN("\xa0")));
    CHECK(!bma_cbor_is_map(SPAN("\xa0\x00")));                                         /* something behind it */
    CHECK(!bma_cbor_is_map(SPAN("\x80")));                                             /* an array */
    CHECK(!bma_cbor_is_map(SPAN("\xa1\x01\x02")));                                     /* key is no text */
    CHECK(!bma_cbor_is_map(SPAN("\xbf\x61" "a\x01\xff")));                             /* indefinite length */
    CHECK(!bma_cbor_is_map(SPAN("\xa1\x61" "a\x5f\x41\x01\xff")));                     /* in a value */
    CHECK(!bma_cbor_is_map(SPAN("\xa1\x61" "a\x1c")));                                 /* reserved */
    CHECK(!bma_cbor_is_map(SPAN("\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x61" "a\x01"))); /* absurd count */
    CHECK(!bma_cbor_is_map(SPAN("\xa1\x7b\xff\xff\xff\xff\xff\xff\xff\xff")));
    CHECK(bma_cbor_is_map(SPAN("\xa1\x61" "a\x81\x81\x81\x81\x01")));
    CHECK(!bma_cbor_is_map(SPAN("\xa1\x61" "a\x81\x81\x81\x81\x81\x01"))); /* deeper than any payload of ours */
    CHECK(bma_cbor_is_map(SPAN("\xa1\x61" "a\xc1\x1a\x00\x00\x00\x00")));  /* a tag */
}

static bool becomes(const char *data, size_t len, const char *want, size_t want_len)
{
    uint8_t copy[64];
    memcpy(copy, data, len);
    size_t n = bma_cbor_make_definite(copy, len);
    return n == want_len && memcmp(copy, want, n) == 0;
}

#define BECOMES(data, want) CHECK(becomes(data, sizeof(data) - 1, want, sizeof(want) - 1))

/* Examples of RFC 8949, appendix A, besides ours. */
static void makes_lengths_definite(void)
{
    BECOMES(sample, sample);
    BECOMES("\x5f\x42\x01\x02\x43\x03\x04\x05\xff", "\x45\x01\x02\x03\x04\x05");
    BECOMES("\x7f\x65" "strea\x64" "ming\xff", "\x69" "streaming");
    BECOMES("\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff", "\x83\x01\x82\x02\x03\x82\x04\x05");
    BECOMES("\xbf\x61" "a\x01\x61" "b\x9f\x02\x03\xff\xff", "\xa2\x61" "a\x01\x61" "b\x82\x02\x03");
    BECOMES("\xa1\x61" "a\xdb\xff\xff\xff\xff\xff\xff\xff\xff\x21", "\xa1\x61" "a\xdb\xff\xff\xff\xff\xff\xff\xff\xff\x21"); /* a large tag */
    BECOMES("\x83\x01\xbf\xff\x5f\xff", "\x83\x01\xa0\x40");
    BECOMES("\x5f\x58\x18" "abcdefghijklmnopqrstuvwx\xff", "\x58\x18" "abcdefghijklmnopqrstuvwx");
    BECOMES("\xbf\x61" "a\x01", "");             /* no end */
    BECOMES("\xbf\x61" "a\xff", "");             /* half a pair */
    BECOMES("\x5f\x61" "a\xff", "");             /* a piece of another kind */
    BECOMES("\x5f\x5f\x41" "a\xff\xff", "");     /* pieces of pieces */
    BECOMES("\xff", "");
    BECOMES("\xbf\xff\x00", "");
    BECOMES("\x1f", "");
    BECOMES("\xdf\x01\xff", "");
    uint8_t many[2 * 256 + 2] = {0xbf};
    for (size_t i = 1; i < sizeof many - 1; i += 2)
        many[i] = 0x60; /* the key "" with the value 0 */
    many[sizeof many - 1] = 0xff;
    uint8_t fewer[2 * 255 + 2];
    memcpy(fewer, many, sizeof fewer);
    fewer[sizeof fewer - 1] = 0xff;
    CHECK_INT(bma_cbor_make_definite(many, sizeof many), 0);
    CHECK_INT(bma_cbor_make_definite(fewer, sizeof fewer), sizeof fewer);
    CHECK(bma_cbor_is_map((struct bma_span){fewer, sizeof fewer}));
}

static void writes_shortest_forms(void)
{
    static const struct {
        int32_t value;
        const char *bytes;
        size_t len;
    } numbers[] = {{0, "\x00", 1},      {23, "\x17", 1},     {24, "\x18\x18", 2},           {255, "\x18\xff", 2},
                   {256, "\x19\x01\x00", 3}, {65535, "\x19\xff\xff", 3}, {65536, "\x1a\x00\x01\x00\x00", 5}, {-1, "\x20", 1},
                   {-100, "\x38\x63", 2}};
    uint8_t buffer[64];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct bma_cbor_writer w = {buffer, 0, sizeof buffer, false};
        bma_cbor_put_int(&w, numbers[i].value);
        CHECK(w.len == numbers[i].len && memcmp(buffer, numbers[i].bytes, w.len) == 0);
    }
    struct bma_cbor_writer w = {buffer, 0, sizeof buffer, false};
    bma_cbor_put_map(&w, 2);
    bma_cbor_put_text(&w, "ok");
    bma_cbor_put_bool(&w, true);
    bma_cbor_put_text(&w, "l");
    bma_cbor_put_array(&w, 1);
    bma_cbor_put_bytes(&w, (const uint8_t *)"\x01", 1);
    CHECK(w.len == 10 && memcmp(buffer, "\xa2\x62" "ok\xf5\x61" "l\x81\x41\x01", 10) == 0);
}

static void never_writes_beyond_its_buffer(void)
{
    uint8_t buffer[4] = {9, 9, 9, 9};
    struct bma_cbor_writer w = {buffer, 0, 3, false};
    bma_cbor_put_text(&w, "abc");
    CHECK(w.full);
    CHECK(bma_cbor_reserve_bytes(&w, 0) == NULL); /* full stays full */
    CHECK_INT(buffer[3], 9);
}

void test_cbor(void)
{
    reads_by_key_and_type();
    refuses_what_is_not_a_map();
    makes_lengths_definite();
    writes_shortest_forms();
    never_writes_beyond_its_buffer();
}
