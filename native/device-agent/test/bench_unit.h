/* A unit in memory: the core with a storage that can be made to fail, keys that are only names, and a UART that keeps what was sent. */
#ifndef TEST_BENCH_UNIT_H
#define TEST_BENCH_UNIT_H

#include "cbor.h"
#include "smp.h"

enum { RECORDS = 32, SENT_MAX = 16384, STATEMENT_LEN = 901 };

struct bench_unit {
    struct bma_agent agent;
    struct bma_ports ports;
    struct {
        bool used;
        struct bma_record name;
        uint8_t data[BMA_ITEM_MAX];
        size_t len;
    } records[RECORDS];
    /* Storage calls that change something, until one loses the power; negative: never. */
    int changes_left;
    int failing_with; /* what the call then answers */
    bool keys[BMA_SLOTS];
    uint32_t now_ms;
    uint8_t sent[SENT_MAX];
    size_t sent_len;
    int tests_started;
    struct bma_selftest last_test;
};

/** A factory-fresh unit. */
void bench_fresh(struct bench_unit *unit);
/** Power off and on: storage and keys stay. */
int bench_restart(struct bench_unit *unit);

/** Sends a version-2 request as one packet; the answer's payload. */
struct bma_span bench_request(struct bench_unit *unit, bool write, uint16_t group, uint8_t command, const struct bma_cbor_writer *map);

/** `err.rc` of an answer, 0 when it is none, -1 when the map is none of ours. */
int bench_error(struct bma_span answer);

void bench_sha256(const uint8_t *data, size_t len, uint8_t sha[BMA_SHA256_LEN]);

/** An item that the bench's crypto port takes for a certificate of a slot's key: a DER SEQUENCE whose content begins with the slot. */
size_t bench_certificate(uint8_t slot, size_t content, uint8_t *into);
size_t bench_broker(uint8_t *into, size_t capacity);

#endif
