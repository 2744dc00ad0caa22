#include "p256.h"

#include <string.h>

enum { SEQUENCE = 0x30, SET = 0x31, INTEGER = 0x02, BIT_STRING = 0x03, UTF8_STRING = 0x0c, VERSION = 0xa0, HEAD_MAX = 4 };

/* SubjectPublicKeyInfo before the point: id-ecPublicKey with prime256v1 (RFC 5480), and the head of the BIT STRING. */
static const uint8_t key_info[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                   0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
/* ecdsa-with-SHA256 (RFC 5758). */
static const uint8_t signed_by[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t common_name_oid[] = {0x06, 0x03, 0x55, 0x04, 0x03};

/* Head of a TLV of at most 65535 bytes; its length. */
static size_t head(uint8_t into[HEAD_MAX], uint8_t tag, size_t len)
{
    into[0] = tag;
    if (len < 0x80) {
        into[1] = (uint8_t)len;
        return 2;
    }
    into[1] = len < 0x100 ? 0x81 : 0x82;
    size_t n = 2;
    if (len >= 0x100)
        into[n++] = (uint8_t)(len >> 8);
    into[n++] = (uint8_t)len;
    return n;
}

static uint8_t *put(uint8_t *at, const void *data, size_t len)
{
    memcpy(at, data, len);
    return at + len;
}

size_t p256_request_info(uint8_t into[P256_REQUEST_INFO_MAX], const char *common_name, const uint8_t point[P256_POINT_LEN])
{
    static const uint8_t version[] = {INTEGER, 1, 0};
    static const uint8_t no_attributes[] = {0xa0, 0};
    const size_t cn = strlen(common_name), type = sizeof common_name_oid;
    const size_t attribute = type + 2 + cn, name = 4 + attribute;
    const size_t content = sizeof version + 2 + name + sizeof key_info + P256_POINT_LEN + sizeof no_attributes;
    if (cn == 0 || cn > 64)
        return 0;
    uint8_t *at = into + head(into, SEQUENCE, content);
    at = put(at, version, sizeof version);
    at += head(at, SEQUENCE, name);
    at += head(at, SET, attribute + 2);
    at += head(at, SEQUENCE, attribute);
    at = put(at, common_name_oid, type);
    at += head(at, UTF8_STRING, cn);
    at = put(at, common_name, cn);
    at = put(at, key_info, sizeof key_info);
    at = put(at, point, P256_POINT_LEN);
    at = put(at, no_attributes, sizeof no_attributes);
    return (size_t)(at - into);
}

size_t p256_request(uint8_t *into, size_t capacity, const uint8_t *info, size_t info_len, const uint8_t *signature, size_t signature_len)
{
    uint8_t outer[HEAD_MAX];
    const size_t content = info_len + sizeof signed_by + 3 + signature_len;
    const size_t outer_len = head(outer, SEQUENCE, content);
    if (info_len == 0 || signature_len > P256_SIGNATURE_MAX || outer_len + content > capacity)
        return 0;
    uint8_t *at = put(into, outer, outer_len);
    at = put(at, info, info_len);
    at = put(at, signed_by, sizeof signed_by);
    at += head(at, BIT_STRING, signature_len + 1);
    *at++ = 0; /* unused bits */
    at = put(at, signature, signature_len);
    return (size_t)(at - into);
}

/* A positive INTEGER: without leading zeros, and with one before a high bit. */
static uint8_t *put_integer(uint8_t *at, const uint8_t number[P256_RAW_LEN / 2])
{
    size_t skip = 0;
    while (skip < P256_RAW_LEN / 2 - 1 && number[skip] == 0)
        skip++;
    const size_t len = P256_RAW_LEN / 2 - skip, zero = number[skip] >> 7;
    at += head(at, INTEGER, len + zero);
    if (zero)
        *at++ = 0;
    return put(at, number + skip, len);
}

size_t p256_signature(uint8_t into[P256_SIGNATURE_MAX], const uint8_t raw[P256_RAW_LEN])
{
    uint8_t *end = put_integer(put_integer(into + 2, raw), raw + P256_RAW_LEN / 2);
    head(into, SEQUENCE, (size_t)(end - into) - 2);
    return (size_t)(end - into);
}

struct place {
    p256_reader *read;
    void *user;
    uint32_t at;
};

/* Goes into the element at `place`, which must have this tag; or behind it. */
static bool enter(struct place *place, uint8_t tag, bool behind)
{
    uint8_t bytes[HEAD_MAX];
    if (!place->read(place->user, place->at, bytes, 2) || bytes[0] != tag)
        return false;
    uint32_t len = bytes[1];
    size_t more = len < 0x80 ? 0 : len & 0x7f;
    if (more > 2 || len == 0x80 || (more > 0 && !place->read(place->user, place->at, bytes, 2 + more)))
        return false;
    if (more > 0)
        len = more == 1 ? bytes[2] : (uint32_t)bytes[2] << 8 | bytes[3];
    place->at += 2 + (uint32_t)more + (behind ? len : 0);
    return true;
}

bool p256_certificate_has(p256_reader *read, void *user, const uint8_t point[P256_POINT_LEN])
{
    struct place place = {read, user, 0};
    uint8_t found[sizeof key_info + P256_POINT_LEN];
    /* Certificate, TBSCertificate; version, serial number, signature algorithm, issuer, validity, subject (RFC 5280, 4.1). */
    return enter(&place, SEQUENCE, false) && enter(&place, SEQUENCE, false) && enter(&place, VERSION, true) && enter(&place, INTEGER, true) &&
           enter(&place, SEQUENCE, true) && enter(&place, SEQUENCE, true) && enter(&place, SEQUENCE, true) && enter(&place, SEQUENCE, true) &&
           read(user, place.at, found, sizeof found) && memcmp(found, key_info, sizeof key_info) == 0 &&
           memcmp(found + sizeof key_info, point, P256_POINT_LEN) == 0;
}
