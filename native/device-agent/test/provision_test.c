#include "bench_unit.h"
#include "harness.h"
#include "items.h"

static struct bench_unit unit;
static uint8_t payload[BMA_PACKET_MAX];
static struct bma_cbor_writer request;

static struct bma_cbor_writer *ask(uint32_t pairs)
{
    request = (struct bma_cbor_writer){payload, 0, sizeof payload, false};
    bma_cbor_put_map(&request, pairs);
    return &request;
}

static void with_uint(const char *key, uint32_t value)
{
    bma_cbor_put_text(&request, key);
    bma_cbor_put_uint(&request, value);
}

static void with_text(const char *key, const char *value)
{
    bma_cbor_put_text(&request, key);
    bma_cbor_put_text(&request, value);
}

static struct bma_span read_command(uint8_t command)
{
    return bench_request(&unit, false, BMA_GROUP_PROVISION, command, &request);
}

static struct bma_span write_command(uint8_t command)
{
    return bench_request(&unit, true, BMA_GROUP_PROVISION, command, &request);
}

static int keygen(uint8_t slot, const char *algorithm, const char *cn)
{
    ask(3);
    with_uint("slot", slot);
    with_text("alg", algorithm);
    with_text("cn", cn);
    return bench_error(write_command(BMA_CMD_KEYGEN));
}

static int activate(uint8_t slot)
{
    ask(1);
    with_uint("slot", slot);
    return bench_error(write_command(BMA_CMD_ACTIVATE));
}

static int simple(uint8_t command)
{
    ask(0);
    return bench_error(write_command(command));
}

static int put(uint8_t slot, enum bma_item item, const uint8_t *data, size_t len)
{
    uint8_t sha[BMA_SHA256_LEN];
    uint32_t offset;
    bench_sha256(data, len, sha);
    struct bma_piece piece = {slot, item, 0, (uint32_t)len, sha, {data, len}};
    return bma_item_write(&unit.agent, &piece, &offset);
}

static void fill(uint8_t slot)
{
    uint8_t item[512];
    CHECK_INT(keygen(slot, "ec-p256", "acme/T2-1"), 0);
    CHECK_INT(put(slot, BMA_ITEM_CERT, item, bench_certificate(slot, 300, item)), BMA_OK);
    CHECK_INT(put(slot, BMA_ITEM_CA, item, bench_certificate(9, 300, item)), BMA_OK);
    CHECK_INT(put(slot, BMA_ITEM_BROKER, item, bench_broker(item, sizeof item)), BMA_OK);
}

static void makes_keys(void)
{
    bench_fresh(&unit);
    CHECK_INT(keygen(2, "ec-p256", "acme/T2-1"), BMA_INVALID);
    CHECK_INT(keygen(0, "dsa", "acme/T2-1"), BMA_UNSUPPORTED);
    CHECK_INT(keygen(0, "ec-p256", ""), BMA_INVALID);
    CHECK_INT(keygen(0, "ec-p256", "a\nb"), BMA_INVALID);
    CHECK_INT(keygen(0, "ec-p256", "12345678901234567890123456789012345678901234567890123456789012345"), BMA_INVALID);
    CHECK(!unit.keys[0]);
    fill(0);
    CHECK_INT(activate(0), 0);
    CHECK_INT(keygen(0, "ec-p256", "acme/T2-1"), BMA_OCCUPIED);
    CHECK(bma_item_present(&unit.agent, 0, BMA_ITEM_CERT));
    fill(1);
    CHECK_INT(keygen(1, "rsa-2048", "acme/T2-1"), 0); /* a new key empties its slot */
    for (int item = 0; item < BMA_ITEMS; item++)
        CHECK(!bma_item_present(&unit.agent, 1, (enum bma_item)item));
}

static size_t read_in_pieces(uint8_t command, uint8_t *into)
{
    struct bma_span data = {NULL, 1};
    size_t have = 0;
    while (data.len > 0) {
        ask(2);
        with_uint("slot", 0);
        with_uint("off", (uint32_t)have);
        struct bma_span answer = read_command(command);
        CHECK(answer.len + BMA_SMP_HEADER_LEN <= bma_packet_max(&unit.agent));
        CHECK(bma_cbor_get_bytes(answer, "data", &data));
        memcpy(into + have, data.data, data.len);
        have += data.len;
    }
    return have;
}

static void hands_out_the_csr_in_pieces(void)
{
    uint8_t csr[2048];
    bench_fresh(&unit);
    ask(2);
    with_uint("slot", 0);
    with_uint("off", 0);
    CHECK_INT(bench_error(read_command(BMA_CMD_CSR)), BMA_NO_KEY);
    CHECK_INT(keygen(0, "rsa-2048", "acme/T2-1"), 0);
    CHECK_INT(read_in_pieces(BMA_CMD_CSR, csr), 700);
    unit.ports.packet_max = 128;
    bench_restart(&unit);
    CHECK_INT(read_in_pieces(BMA_CMD_CSR, csr), 700);
    CHECK(memcmp(csr, "acme/T2-1rrr", 12) == 0 && csr[699] == 'r');
    ask(2);
    with_uint("slot", 0);
    with_uint("off", 701);
    CHECK_INT(bench_error(read_command(BMA_CMD_CSR)), BMA_INVALID);
}

static void begins_the_csr_with_the_answer_to_keygen(void)
{
    uint8_t csr[2048], sha[BMA_SHA256_LEN];
    struct bma_span data, told;
    uint32_t len;
    for (int small = 0; small <= 1; small++) {
        bench_fresh(&unit);
        unit.ports.packet_max = small ? 128 : 0;
        bench_restart(&unit);
        ask(3);
        with_uint("slot", 0);
        with_text("alg", "rsa-2048");
        with_text("cn", "acme/T2-1");
        struct bma_span answer = write_command(BMA_CMD_KEYGEN);
        CHECK(answer.len + BMA_SMP_HEADER_LEN <= bma_packet_max(&unit.agent));
        CHECK(bma_cbor_get_uint(answer, "len", &len) && len == 700);
        CHECK(bma_cbor_get_bytes(answer, "data", &data) && data.len == (small ? 48u : 700u));
        CHECK(bma_cbor_get_bytes(answer, "sha", &told) && told.len == sizeof sha);
        uint8_t first[700], digest[BMA_SHA256_LEN];
        size_t n = data.len;
        memcpy(first, data.data, n);
        memcpy(digest, told.data, sizeof digest);
        CHECK_INT(read_in_pieces(BMA_CMD_CSR, csr), 700);
        bench_sha256(csr, 700, sha);
        CHECK(memcmp(first, csr, n) == 0 && memcmp(digest, sha, sizeof sha) == 0);
    }
}

static int digest_of(uint8_t slot, uint32_t *len, uint8_t sha[BMA_SHA256_LEN])
{
    struct bma_span told;
    ask(1);
    with_uint("slot", slot);
    struct bma_span answer = read_command(BMA_CMD_DIGEST);
    if (bma_cbor_get_uint(answer, "len", len) && bma_cbor_get_bytes(answer, "sha", &told) && told.len == BMA_SHA256_LEN)
        memcpy(sha, told.data, BMA_SHA256_LEN);
    return bench_error(answer);
}

static void tells_one_digest_of_all_items(void)
{
    uint8_t all[BMA_ITEMS][4 + BMA_SHA256_LEN] = {0}, item[512], told[BMA_SHA256_LEN], sha[BMA_SHA256_LEN];
    size_t total = 0;
    uint32_t len;
    bench_fresh(&unit);
    CHECK_INT(keygen(0, "ec-p256", "acme/T2-1"), 0);
    CHECK_INT(digest_of(0, &len, told), BMA_NOT_FOUND);
    fill(0);
    for (int i = 0; i < BMA_ITEMS; i++) {
        size_t n = i == BMA_ITEM_BROKER ? bench_broker(item, sizeof item) : bench_certificate(i == BMA_ITEM_CERT ? 0 : 9, 300, item);
        all[i][2] = (uint8_t)(n >> 8);
        all[i][3] = (uint8_t)n;
        bench_sha256(item, n, all[i] + 4);
        total += n;
    }
    bench_sha256(all[0], sizeof all, sha);
    CHECK_INT(digest_of(0, &len, told), 0);
    CHECK(len == total && memcmp(told, sha, sizeof sha) == 0);
    CHECK_INT(digest_of(1, &len, told), BMA_NOT_FOUND);
}

static void tells_its_state_alone_to_whoever_knows_the_rest(void)
{
    struct bma_span text;
    bench_fresh(&unit);
    ask(0);
    CHECK(bma_cbor_get_text(read_command(BMA_CMD_INFO), "hwid", &text));
    ask(1);
    with_text("hwid", unit.ports.identity.hardware_id);
    struct bma_span answer = read_command(BMA_CMD_INFO);
    CHECK(bma_cbor_has(answer, "locked") && bma_cbor_has(answer, "active") && !bma_cbor_has(answer, "hwid") && answer.len < 20);
}

/* Whatever the command, a request that names another unit changes nothing on this one. */
static void carries_out_nothing_that_is_for_another_unit(void)
{
    bench_fresh(&unit);
    fill(0);
    for (uint8_t command = 0; command < BMA_CMDS; command++) {
        const bool reads = command == BMA_CMD_INFO || command == BMA_CMD_CSR || command == BMA_CMD_DIGEST || command == BMA_CMD_ATTESTATION;
        ask(4);
        with_uint("slot", 0);
        with_text("alg", "ec-p256");
        with_text("cn", "acme/T2-1");
        with_text("hwid", "ANOTHER");
        CHECK_INT(bench_error(reads ? read_command(command) : write_command(command)), BMA_OTHER_UNIT);
    }
    CHECK(!unit.agent.locked && unit.agent.active < 0 && bma_item_present(&unit.agent, 0, BMA_ITEM_CERT));
    ask(2);
    with_uint("slot", 0);
    with_uint("hwid", 1);
    CHECK_INT(bench_error(write_command(BMA_CMD_ACTIVATE)), BMA_INVALID);
    ask(2);
    with_uint("slot", 0);
    with_text("hwid", unit.ports.identity.hardware_id);
    CHECK_INT(bench_error(write_command(BMA_CMD_ACTIVATE)), 0);
}

static int ask_attestation(uint8_t slot, uint32_t off)
{
    ask(2);
    with_uint("slot", slot);
    with_uint("off", off);
    return bench_error(read_command(BMA_CMD_ATTESTATION));
}

static void says_where_a_key_was_made(void)
{
    uint8_t statement[STATEMENT_LEN];
    struct bma_span form;
    bench_fresh(&unit);
    ask(0);
    CHECK(bma_cbor_get_text(read_command(BMA_CMD_INFO), "att", &form) && form.len == 12 && memcmp(form.data, "certificates", 12) == 0);
    CHECK_INT(ask_attestation(0, 0), BMA_NO_KEY);
    keygen(0, "ec-p256", "acme/T2-1");
    keygen(1, "ec-p256", "acme/T2-1");
    CHECK_INT(read_in_pieces(BMA_CMD_ATTESTATION, statement), STATEMENT_LEN);
    unit.ports.packet_max = 128;
    bench_restart(&unit);
    CHECK_INT(read_in_pieces(BMA_CMD_ATTESTATION, statement), STATEMENT_LEN);
    CHECK(memcmp(statement, "mademade", 8) == 0 && statement[STATEMENT_LEN - 1] == 'm');
    CHECK_INT(ask_attestation(0, STATEMENT_LEN + 1), BMA_INVALID);
    CHECK_INT(ask_attestation(1, 0), BMA_NOT_FOUND);
    unit.ports.attestation = (struct bma_attestation){0};
    bench_restart(&unit);
    CHECK_INT(ask_attestation(0, 0), BMA_UNSUPPORTED);
    ask(0);
    CHECK(!bma_cbor_get_text(read_command(BMA_CMD_INFO), "att", &form));
    unit.ports.attestation.form = "certificates"; /* a table that is half filled in */
    CHECK_INT(bench_restart(&unit), BMA_INVALID);
}

static void activates_only_what_is_complete(void)
{
    uint8_t item[512];
    bench_fresh(&unit);
    CHECK_INT(activate(0), BMA_NO_KEY);
    keygen(0, "ec-p256", "acme/T2-1");
    CHECK_INT(activate(0), BMA_NOT_FOUND);
    CHECK_INT(put(0, BMA_ITEM_CERT, item, bench_certificate(0, 300, item)), BMA_OK);
    CHECK_INT(put(0, BMA_ITEM_CA, item, bench_certificate(9, 300, item)), BMA_OK);
    CHECK_INT(activate(0), BMA_NOT_FOUND);
    CHECK_INT(put(0, BMA_ITEM_BROKER, item, bench_broker(item, sizeof item)), BMA_OK);
    CHECK_INT(activate(0), 0);
    CHECK_INT(unit.agent.active, 0);
    CHECK_INT(activate(1), BMA_NO_KEY);
    bench_restart(&unit);
    CHECK_INT(unit.agent.active, 0);
}

static void stays_locked(void)
{
    bench_fresh(&unit);
    fill(0);
    CHECK_INT(simple(BMA_CMD_ERASE), 0);
    CHECK(!unit.keys[0] && !bma_item_present(&unit.agent, 0, BMA_ITEM_CERT));
    fill(0);
    activate(0);
    unit.changes_left = 0; /* a lock that could not be stored is none */
    CHECK_INT(simple(BMA_CMD_LOCK), BMA_UNKNOWN);
    CHECK(!unit.agent.locked);
    unit.changes_left = -1;
    CHECK_INT(simple(BMA_CMD_LOCK), 0);
    CHECK_INT(simple(BMA_CMD_LOCK), 0);
    CHECK_INT(simple(BMA_CMD_ERASE), BMA_LOCKED);
    bench_restart(&unit);
    CHECK(unit.agent.locked);
    CHECK_INT(unit.agent.active, 0);
    CHECK_INT(simple(BMA_CMD_ERASE), BMA_LOCKED);
    CHECK(unit.keys[0] && bma_item_present(&unit.agent, 0, BMA_ITEM_CERT));
    for (int i = 0; i < RECORDS; i++) /* a damaged state is not taken for an open one */
        if (unit.records[i].used && unit.records[i].name.kind == BMA_RECORD_STATE)
            unit.records[i].data[1] = 7;
    CHECK_INT(bench_restart(&unit), BMA_UNKNOWN);
}

static void signs_only_with_its_prefix(void)
{
    uint8_t nonce[33] = {0};
    struct bma_span signature;
    bench_fresh(&unit);
    for (size_t len = 31; len <= 33; len++) {
        ask(2);
        with_uint("slot", 0);
        bma_cbor_put_text(&request, "nonce");
        bma_cbor_put_bytes(&request, nonce, len);
        CHECK_INT(bench_error(write_command(BMA_CMD_PROVE)), len == 32 ? BMA_NO_KEY : BMA_INVALID);
    }
    keygen(0, "ec-p256", "acme/T2-1");
    memset(nonce, 0xab, sizeof nonce);
    ask(2);
    with_uint("slot", 0);
    bma_cbor_put_text(&request, "nonce");
    bma_cbor_put_bytes(&request, nonce, 32);
    CHECK(bma_cbor_get_bytes(write_command(BMA_CMD_PROVE), "sig", &signature));
    CHECK(signature.len == 56 && memcmp(signature.data, "birthmark-possession-v1\0", 24) == 0 && memcmp(signature.data + 24, nonce, 32) == 0);
}

static int selftest(const char *nonce, const char *foreign)
{
    ask(2);
    with_text("nonce", nonce);
    with_text("foreign", foreign);
    return bench_error(write_command(BMA_CMD_SELFTEST));
}

static void starts_self_tests_with_the_active_slot(void)
{
    struct bma_span text;
    bench_fresh(&unit);
    fill(1);
    CHECK_INT(selftest("n1", "tenant/acme/device/x"), BMA_NOT_FOUND);
    activate(1);
    CHECK_INT(selftest("", "x"), BMA_INVALID);
    CHECK_INT(selftest("n/#", "x"), BMA_INVALID);
    CHECK_INT(selftest("n1", "a/+"), BMA_INVALID);
    CHECK_INT(unit.tests_started, 0);
    CHECK_INT(selftest("n1", "tenant/acme/device/x"), 0);
    CHECK_INT(unit.tests_started, 1);
    CHECK(unit.last_test.slot == 1 && strcmp(unit.last_test.broker.client, "acme/T2-1") == 0 && strcmp(unit.last_test.nonce, "n1") == 0);
    ask(0);
    CHECK(bma_cbor_get_text(read_command(BMA_CMD_SELFTEST), "state", &text) && text.len == 4 && memcmp(text.data, "done", 4) == 0);
    unit.ports.network = (struct bma_network){0};
    bench_restart(&unit);
    CHECK_INT(selftest("n1", ""), BMA_UNSUPPORTED);
}

static void refuses_requests_that_miss_something(void)
{
    bench_fresh(&unit);
    for (uint8_t command = BMA_CMD_KEYGEN; command <= BMA_CMD_ACTIVATE; command++) {
        ask(0);
        bool reads = command == BMA_CMD_CSR || command == BMA_CMD_DIGEST;
        CHECK_INT(bench_error(reads ? read_command(command) : write_command(command)), BMA_INVALID);
        CHECK_INT(bench_error(reads ? write_command(command) : read_command(command)), BMA_UNSUPPORTED);
    }
    ask(2);
    with_text("slot", "0");
    with_text("item", "cert");
    CHECK_INT(bench_error(read_command(BMA_CMD_DIGEST)), BMA_INVALID);
    ask(3);
    with_uint("slot", 0);
    with_text("item", "cert");
    with_text("unknown", "is ignored");
    CHECK_INT(bench_error(read_command(BMA_CMD_DIGEST)), BMA_NOT_FOUND);
}

void test_provision(void)
{
    makes_keys();
    hands_out_the_csr_in_pieces();
    begins_the_csr_with_the_answer_to_keygen();
    tells_one_digest_of_all_items();
    tells_its_state_alone_to_whoever_knows_the_rest();
    carries_out_nothing_that_is_for_another_unit();
    says_where_a_key_was_made();
    activates_only_what_is_complete();
    stays_locked();
    signs_only_with_its_prefix();
    starts_self_tests_with_the_active_slot();
    refuses_requests_that_miss_something();
}
