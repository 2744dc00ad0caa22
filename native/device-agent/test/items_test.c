#include "items.h"

#include "bench_unit.h"
#include "harness.h"

enum { CONTENT = 596, CERT_LEN = 600, STEP = 250 };

static struct bench_unit unit;
static uint8_t cert[CERT_LEN], other[CERT_LEN], sha[BMA_SHA256_LEN], other_sha[BMA_SHA256_LEN];

static void begin(void)
{
    bench_fresh(&unit);
    unit.keys[0] = unit.keys[1] = true;
    bench_certificate(0, CONTENT, cert);
    bench_sha256(cert, sizeof cert, sha);
    bench_certificate(0, CONTENT, other);
    other[100] ^= 1;
    bench_sha256(other, sizeof other, other_sha);
}

/* One write request for the certificate of slot 0: result and the agent's offset. */
static int put(const uint8_t *item, const uint8_t *hash, uint32_t off, size_t len, uint32_t *offset)
{
    struct bma_piece piece = {0, BMA_ITEM_CERT, off, CERT_LEN, hash, {item + off, len}};
    return bma_item_write(&unit.agent, &piece, offset);
}

/* What a station does: asks for the offset, then follows the agent's own. */
static int put_all(const uint8_t *item, const uint8_t *hash)
{
    uint32_t offset = 0;
    int rc = put(item, hash, 0, 0, &offset);
    while (rc == BMA_OK && offset < CERT_LEN)
        rc = put(item, hash, offset, CERT_LEN - offset < STEP ? CERT_LEN - offset : STEP, &offset);
    return rc;
}

static bool stored_is(const uint8_t *hash)
{
    uint32_t len;
    uint8_t found[BMA_SHA256_LEN];
    return bma_item_digest(&unit.agent, 0, BMA_ITEM_CERT, &len, found) == BMA_OK && len == CERT_LEN && memcmp(found, hash, sizeof found) == 0;
}

static void follows_its_own_offset(void)
{
    uint32_t offset = 99;
    begin();
    CHECK_INT(put(cert, sha, 0, 0, &offset), BMA_OK);
    CHECK_INT(offset, 0);
    CHECK_INT(put(cert, sha, 0, STEP, &offset), BMA_OK);
    CHECK_INT(offset, STEP);
    CHECK_INT(put(cert, sha, 0, STEP, &offset), BMA_OK); /* its answer was lost: said again */
    CHECK_INT(offset, STEP);
    CHECK_INT(put(cert, sha, 500, 100, &offset), BMA_OK); /* a gap */
    CHECK_INT(offset, STEP);
    CHECK(!bma_item_present(&unit.agent, 0, BMA_ITEM_CERT));
    bench_restart(&unit);
    CHECK_INT(put(cert, sha, 0, 0, &offset), BMA_OK);
    CHECK_INT(offset, STEP);
    CHECK_INT(put(cert, sha, STEP, CERT_LEN - STEP, &offset), BMA_OK);
    CHECK_INT(offset, CERT_LEN);
    CHECK(stored_is(sha));
    CHECK_INT(put(cert, sha, 0, 1, &offset), BMA_OK); /* there already */
    CHECK_INT(offset, CERT_LEN);
}

static void starts_anew_for_another_item(void)
{
    uint32_t offset;
    begin();
    put(cert, sha, 0, STEP, &offset);
    CHECK_INT(put(other, other_sha, STEP, STEP, &offset), BMA_OK);
    CHECK_INT(offset, 0);
    CHECK_INT(put_all(other, other_sha), BMA_OK);
    CHECK(stored_is(other_sha));
    CHECK_INT(put(cert, sha, 0, 0, &offset), BMA_OK);
    CHECK_INT(offset, 0);
    CHECK(stored_is(other_sha)); /* until the new one is whole */
    CHECK_INT(put_all(cert, sha), BMA_OK);
    CHECK(stored_is(sha));
}

static void keeps_the_slots_and_items_apart(void)
{
    uint32_t offset;
    begin();
    struct bma_piece ca = {1, BMA_ITEM_CA, 0, CERT_LEN, sha, {cert, STEP}};
    put(cert, sha, 0, 100, &offset);
    CHECK_INT(bma_item_write(&unit.agent, &ca, &offset), BMA_OK);
    CHECK_INT(offset, STEP);
    CHECK_INT(put(cert, sha, 0, 0, &offset), BMA_OK);
    CHECK_INT(offset, 100);
}

static void drops_what_is_wrong(void)
{
    uint32_t offset;
    begin();
    CHECK_INT(put(other, sha, 0, STEP, &offset), BMA_OK);
    CHECK_INT(put(other, sha, STEP, CERT_LEN - STEP, &offset), BMA_HASH_MISMATCH);
    CHECK_INT(put(cert, sha, 0, 0, &offset), BMA_OK);
    CHECK_INT(offset, 0);
    cert[4] = 1; /* for the other slot's key */
    bench_sha256(cert, sizeof cert, sha);
    CHECK_INT(put_all(cert, sha), BMA_CONTENT_REJECTED);
    cert[4] = 0;
    cert[3]++; /* a length beyond the end */
    bench_sha256(cert, sizeof cert, sha);
    CHECK_INT(put_all(cert, sha), BMA_CONTENT_REJECTED);
    CHECK(!bma_item_present(&unit.agent, 0, BMA_ITEM_CERT));
    unit.keys[0] = false;
    CHECK_INT(put(cert, sha, 0, 0, &offset), BMA_NO_KEY);
}

static void bounds_what_it_takes(void)
{
    uint32_t offset;
    begin();
    struct bma_piece piece = {0, BMA_ITEM_CA, 0, BMA_ITEM_MAX + 1, sha, {cert, 1}};
    CHECK_INT(bma_item_write(&unit.agent, &piece, &offset), BMA_TOO_LARGE);
    piece.len = 0;
    CHECK_INT(bma_item_write(&unit.agent, &piece, &offset), BMA_INVALID);
    piece.len = 10;
    piece.off = 11;
    CHECK_INT(bma_item_write(&unit.agent, &piece, &offset), BMA_INVALID);
    piece.off = UINT32_MAX;
    CHECK_INT(bma_item_write(&unit.agent, &piece, &offset), BMA_INVALID);
    piece.off = 10;
    CHECK_INT(bma_item_write(&unit.agent, &piece, &offset), BMA_INVALID);
    unit.changes_left = 0;
    unit.failing_with = BMA_STORAGE_FULL;
    CHECK_INT(put(cert, sha, 0, STEP, &offset), BMA_STORAGE_FULL);
}

static void checks_broker_settings(void)
{
    uint8_t item[256], hash[BMA_SHA256_LEN];
    struct bma_broker broker;
    uint32_t offset;
    begin();
    size_t len = bench_broker(item, sizeof item);
    bench_sha256(item, len, hash);
    struct bma_piece piece = {0, BMA_ITEM_BROKER, 0, (uint32_t)len, hash, {item, len}};
    CHECK_INT(bma_item_write(&unit.agent, &piece, &offset), BMA_OK);
    CHECK_INT(bma_broker_load(&unit.agent, 0, &broker), BMA_OK);
    CHECK(strcmp(broker.base, "tenant/acme/device/T2-1") == 0 && broker.port == 8883);
    for (size_t i = 0; i < len; i++) /* no port */
        if (memcmp(item + i, "port", 4) == 0)
            item[i] = 'P';
    bench_sha256(item, len, hash);
    CHECK_INT(bma_item_write(&unit.agent, &piece, &offset), BMA_CONTENT_REJECTED);
}

/* The power fails at every single change of storage: after it the old item is whole, and the station's resume ends with the new one. */
static void survives_power_loss_everywhere(void)
{
    const int enough = 100; /* more changes than a certificate takes */
    for (int changes = 0; changes < enough; changes++) {
        begin();
        CHECK_INT(put_all(other, other_sha), BMA_OK);
        unit.changes_left = changes;
        int rc = put_all(cert, sha);
        bool spared = unit.changes_left != 0;
        unit.changes_left = -1;
        CHECK_INT(bench_restart(&unit), BMA_OK);
        CHECK(stored_is(other_sha) || stored_is(sha));
        CHECK_INT(put_all(cert, sha), BMA_OK);
        CHECK(stored_is(sha));
        if (rc == BMA_OK && spared)
            return;
    }
    CHECK(!"one run without power loss");
}

static void keeps_a_locked_unit_as_it_is(void)
{
    uint32_t offset;
    begin();
    CHECK_INT(put_all(cert, sha), BMA_OK);
    unit.agent.active = 0;
    unit.agent.locked = true;
    CHECK_INT(put(other, other_sha, 0, STEP, &offset), BMA_LOCKED);
    CHECK_INT(put(cert, sha, 0, 0, &offset), BMA_OK);
    CHECK_INT(offset, CERT_LEN);
    unit.agent.active = 1;
    CHECK_INT(put_all(other, other_sha), BMA_OK); /* rotation goes on in the other slot */
}

void test_items(void)
{
    follows_its_own_offset();
    starts_anew_for_another_item();
    keeps_the_slots_and_items_apart();
    drops_what_is_wrong();
    bounds_what_it_takes();
    checks_broker_settings();
    survives_power_loss_everywhere();
    keeps_a_locked_unit_as_it_is();
}
