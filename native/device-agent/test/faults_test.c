#include "faults.h"

#include "bench_unit.h"
#include "harness.h"

static void reads_its_arguments(void)
{
    struct faults f;
    faults_init(&f);
    CHECK(faults_set(&f, "stored-byte") && f.stored_byte == BMA_ITEM_CERT);
    CHECK(faults_set(&f, "stored-byte=broker") && f.stored_byte == BMA_ITEM_BROKER);
    CHECK(faults_set(&f, "stall=selftest") && f.stall == BMA_CMD_SELFTEST);
    CHECK(faults_set(&f, "die-at=0") && f.die_at == 0);
    CHECK(faults_set(&f, "baud=921600") && f.baud == 921600);
    CHECK(faults_set(&f, "noise") && f.noise);
    static const char *const wrong[] = {"",         "nois",   "noise=1",   "stall",      "stall=fly",  "drop=0",           "drop=-1",
                                        "drop=1x",  "drop=",  "baud",      "stored-byte=key", "die-at=-1", "swap-on-replug=", "pace=99999999999999999999",
                                        "a-name-that-is-far-too-long-for-any-fault"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!faults_set(&f, wrong[i]));
}

static struct bench_unit unit;

static void turns_one_stored_byte(void)
{
    const struct bma_record item = {BMA_RECORD_ITEM, 0, BMA_ITEM_CA}, staged = {BMA_RECORD_STAGED, 0, BMA_ITEM_CA};
    struct faults f;
    uint8_t whole[10];
    bench_fresh(&unit);
    faults_init(&f);
    f.stored_byte = BMA_ITEM_CA;
    struct faulty_storage storage = {&f, unit.ports.storage, true, FAULT_NONE};
    const struct bma_storage table = faulty_storage_table(&storage);
    CHECK_INT(table.append(&storage, staged, (const uint8_t *)"0123456789", 10), BMA_OK);
    CHECK_INT(table.read(&storage, staged, 0, whole, 10), 10);
    CHECK(memcmp(whole, "0123456789", 10) == 0);
    CHECK_INT(table.rename(&storage, staged, item), BMA_OK);
    for (uint32_t off = 0; off < 10; off += 5) /* in whatever pieces it is read */
        CHECK_INT(table.read(&storage, item, off, whole + off, 5), 5);
    CHECK(memcmp(whole, "0123446789", 10) == 0);
}

static void wants_its_event_once(void)
{
    const struct bma_record staged = {BMA_RECORD_STAGED, 0, BMA_ITEM_CA};
    struct faults f;
    bench_fresh(&unit);
    faults_init(&f);
    f.unplug_at = 4;
    struct faulty_storage storage = {&f, unit.ports.storage, true, FAULT_NONE};
    const struct bma_storage table = faulty_storage_table(&storage);
    table.append(&storage, staged, (const uint8_t *)"0123", 4);
    CHECK_INT(storage.event, FAULT_NONE);
    table.append(&storage, staged, (const uint8_t *)"4", 1);
    CHECK_INT(storage.event, FAULT_UNPLUG);
    storage.event = FAULT_NONE;
    table.append(&storage, staged, (const uint8_t *)"5", 1);
    CHECK_INT(storage.event, FAULT_NONE);
    f.die_at = 0;
    table.append(&storage, staged, (const uint8_t *)"6", 1);
    CHECK_INT(storage.event, FAULT_DIE);
}

void test_faults(void)
{
    reads_its_arguments();
    turns_one_stored_byte();
    wants_its_event_once();
}
