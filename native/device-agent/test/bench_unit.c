#include "bench_unit.h"

#include <string.h>

#include <mbedtls/sha256.h>

static mbedtls_sha256_context hash;

static int find(struct bench_unit *u, struct bma_record r)
{
    for (int i = 0; i < RECORDS; i++)
        if (u->records[i].used && memcmp(&u->records[i].name, &r, sizeof r) == 0)
            return i;
    return -1;
}

static bool power_lost(struct bench_unit *u)
{
    if (u->changes_left == 0)
        return true;
    if (u->changes_left > 0)
        u->changes_left--;
    return false;
}

static int32_t size(void *user, struct bma_record r)
{
    struct bench_unit *u = user;
    int i = find(u, r);
    return i < 0 ? -1 : (int32_t)u->records[i].len;
}

static int32_t read_record(void *user, struct bma_record r, uint32_t off, uint8_t *into, size_t len)
{
    struct bench_unit *u = user;
    int i = find(u, r);
    if (i < 0 || off > u->records[i].len)
        return -1;
    size_t n = u->records[i].len - off < len ? u->records[i].len - off : len;
    if (n > 0)
        memcpy(into, u->records[i].data + off, n);
    return (int32_t)n;
}

static int at(struct bench_unit *u, struct bma_record r)
{
    int i = find(u, r);
    for (int k = 0; i < 0 && k < RECORDS; k++) {
        if (!u->records[k].used) {
            u->records[k].used = true;
            u->records[k].name = r;
            u->records[k].len = 0;
            i = k;
        }
    }
    return i;
}

static int append(void *user, struct bma_record r, const uint8_t *data, size_t len)
{
    struct bench_unit *u = user;
    if (power_lost(u))
        return u->failing_with;
    int i = at(u, r);
    if (i < 0 || u->records[i].len + len > BMA_ITEM_MAX)
        return BMA_STORAGE_FULL;
    memcpy(u->records[i].data + u->records[i].len, data, len);
    u->records[i].len += len;
    return BMA_OK;
}

static int replace(void *user, struct bma_record r, const uint8_t *data, size_t len)
{
    struct bench_unit *u = user;
    if (power_lost(u))
        return u->failing_with;
    int i = at(u, r);
    if (i < 0 || len > BMA_ITEM_MAX)
        return BMA_STORAGE_FULL;
    memcpy(u->records[i].data, data, len);
    u->records[i].len = len;
    return BMA_OK;
}

static int rename_record(void *user, struct bma_record from, struct bma_record to)
{
    struct bench_unit *u = user;
    if (power_lost(u))
        return u->failing_with;
    int i = find(u, from), old = find(u, to);
    if (i < 0)
        return BMA_UNKNOWN;
    if (old >= 0)
        u->records[old].used = false;
    u->records[i].name = to;
    return BMA_OK;
}

static int remove_record(void *user, struct bma_record r)
{
    struct bench_unit *u = user;
    if (power_lost(u))
        return u->failing_with;
    int i = find(u, r);
    if (i >= 0)
        u->records[i].used = false;
    return BMA_OK;
}

static void uart_write(void *user, const uint8_t *data, size_t len)
{
    struct bench_unit *u = user;
    if (u->sent_len + len <= sizeof u->sent) {
        memcpy(u->sent + u->sent_len, data, len);
        u->sent_len += len;
    }
}

static int fill(void *user, uint8_t *into, size_t len)
{
    (void)user;
    memset(into, 7, len);
    return BMA_OK;
}

static uint32_t now_ms(void *user)
{
    return ((struct bench_unit *)user)->now_ms;
}

static bool supports(void *user, enum bma_algorithm algorithm)
{
    (void)user;
    (void)algorithm;
    return true;
}

static bool has_key(void *user, uint8_t slot)
{
    return ((struct bench_unit *)user)->keys[slot];
}

static int generate(void *user, const struct bma_random *random, uint8_t slot, enum bma_algorithm algorithm, const char *cn, uint8_t *csr,
                    size_t capacity, size_t *csr_len)
{
    (void)random;
    (void)capacity;
    ((struct bench_unit *)user)->keys[slot] = true;
    *csr_len = 700;
    memset(csr, algorithm == BMA_RSA_2048 ? 'r' : 'e', *csr_len);
    memcpy(csr, cn, strlen(cn));
    return BMA_OK;
}

static int forget(void *user, uint8_t slot)
{
    ((struct bench_unit *)user)->keys[slot] = false;
    return BMA_OK;
}

static int sign(void *user, const struct bma_random *random, uint8_t slot, const uint8_t *message, size_t len, uint8_t *signature,
                size_t capacity, size_t *signature_len)
{
    (void)user;
    (void)random;
    (void)slot;
    *signature_len = len < capacity ? len : capacity; /* shows what was signed */
    memcpy(signature, message, *signature_len);
    return BMA_OK;
}

static int matches(void *user, const struct bma_storage *storage, struct bma_record certificates, uint8_t slot)
{
    uint8_t head[5];
    (void)user;
    if (storage->read(storage->user, certificates, 0, head, sizeof head) != sizeof head)
        return BMA_CONTENT_REJECTED;
    return head[4] == slot ? BMA_OK : BMA_CONTENT_REJECTED;
}

static void sha_start(void *user)
{
    (void)user;
    mbedtls_sha256_init(&hash);
    mbedtls_sha256_starts_ret(&hash, 0);
}

static void sha_add(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    mbedtls_sha256_update_ret(&hash, data, len);
}

static void sha_finish(void *user, uint8_t digest[BMA_SHA256_LEN])
{
    (void)user;
    mbedtls_sha256_finish_ret(&hash, digest);
}

static int start(void *user, const struct bma_selftest *test)
{
    struct bench_unit *u = user;
    u->tests_started++;
    u->last_test = *test;
    return BMA_OK;
}

static void status(void *user, struct bma_selftest_status *into)
{
    (void)user;
    *into = (struct bma_selftest_status){BMA_SELFTEST_DONE, "done", true, true, 135, "words"};
}

static void stop(void *user)
{
    ((struct bench_unit *)user)->tests_started = 0;
}

/* Of slot 0 only: four letters again and again. */
static int32_t statement_size(void *user, uint8_t slot)
{
    (void)user;
    return slot == 0 ? STATEMENT_LEN : -1;
}

static int32_t read_statement(void *user, uint8_t slot, uint32_t off, uint8_t *into, size_t len)
{
    (void)user;
    (void)slot;
    for (size_t i = 0; i < len; i++)
        into[i] = (uint8_t)"made"[(off + i) % 4];
    return (int32_t)len;
}

void bench_fresh(struct bench_unit *u)
{
    memset(u, 0, sizeof *u);
    u->changes_left = -1;
    u->failing_with = BMA_UNKNOWN;
    u->ports = (struct bma_ports){
        .identity = {"HW-1", "bench", "1.0.0"},
        .uart = {u, uart_write},
        .storage = {u, size, read_record, append, replace, rename_record, remove_record},
        .random = {NULL, fill},
        .time = {u, now_ms},
        .crypto = {u, supports, has_key, generate, forget, sign, matches, sha_start, sha_add, sha_finish},
        .network = {u, start, status, stop},
        .attestation = {u, "certificates", statement_size, read_statement},
    };
    bench_restart(u);
}

int bench_restart(struct bench_unit *u)
{
    return bma_init(&u->agent, &u->ports);
}

struct bma_span bench_request(struct bench_unit *u, bool write, uint16_t group, uint8_t command, const struct bma_cbor_writer *map)
{
    uint8_t packet[BMA_PACKET_MAX] = {write ? 0x0a : 0x08, 0, (uint8_t)(map->len >> 8), (uint8_t)map->len,
                                      (uint8_t)(group >> 8), (uint8_t)group, 42, command};
    memcpy(packet + BMA_SMP_HEADER_LEN, map->data, map->len);
    size_t len = bma_smp_serve(&u->agent, packet, BMA_SMP_HEADER_LEN + map->len);
    if (len < BMA_SMP_HEADER_LEN)
        return (struct bma_span){NULL, 0};
    return (struct bma_span){u->agent.answer + BMA_SMP_HEADER_LEN, len - BMA_SMP_HEADER_LEN};
}

int bench_error(struct bma_span answer)
{
    /* {"err": {"group": g, "rc": n}} is the only answer of one pair whose key is "err"; its map begins at byte 5. */
    uint32_t rc;
    if (!bma_cbor_is_map(answer))
        return -1;
    if (answer.len < 6 || memcmp(answer.data, "\xa1\x63" "err", 5) != 0)
        return 0;
    return bma_cbor_get_uint((struct bma_span){answer.data + 5, answer.len - 5}, "rc", &rc) ? (int)rc : -1;
}

void bench_sha256(const uint8_t *data, size_t len, uint8_t sha[BMA_SHA256_LEN])
{
    mbedtls_sha256_ret(data, len, sha, 0);
}

size_t bench_certificate(uint8_t slot, size_t content, uint8_t *into)
{
    into[0] = 0x30;
    into[1] = 0x82;
    into[2] = (uint8_t)(content >> 8);
    into[3] = (uint8_t)content;
    for (size_t i = 0; i < content; i++)
        into[4 + i] = (uint8_t)(i == 0 ? slot : i * 31);
    return 4 + content;
}

size_t bench_broker(uint8_t *into, size_t capacity)
{
    struct bma_cbor_writer w = {into, 0, capacity, false};
    bma_cbor_put_map(&w, 5);
    bma_cbor_put_text(&w, "host");
    bma_cbor_put_text(&w, "broker.example");
    bma_cbor_put_text(&w, "port");
    bma_cbor_put_uint(&w, 8883);
    bma_cbor_put_text(&w, "client");
    bma_cbor_put_text(&w, "acme/T2-1");
    bma_cbor_put_text(&w, "base");
    bma_cbor_put_text(&w, "tenant/acme/device/T2-1");
    bma_cbor_put_text(&w, "name");
    bma_cbor_put_text(&w, "broker.example");
    return w.len;
}
