/* Group 64: the commands of PROTOCOL.md. */
#include <string.h>

#include "broker.h"
#include "items.h"
#include "smp.h"
#include "state.h"

typedef int handler(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out);

static const char *const item_names[BMA_ITEMS] = {"cert", "ca", "broker"};
enum { PROTOCOL = 2 };
static const char *const algorithm_names[] = {"ec-p256", "rsa-2048"};

static bool span_is(struct bma_span text, const char *name)
{
    return text.len == strlen(name) && memcmp(text.data, name, text.len) == 0;
}

static bool get_slot(struct bma_span map, uint8_t *slot)
{
    uint32_t value;
    if (!bma_cbor_get_uint(map, "slot", &value) || value >= BMA_SLOTS)
        return false;
    *slot = (uint8_t)value;
    return true;
}

static bool get_item(struct bma_span map, enum bma_item *item)
{
    struct bma_span text;
    if (!bma_cbor_get_text(map, "item", &text))
        return false;
    for (int i = 0; i < BMA_ITEMS; i++) {
        if (span_is(text, item_names[i])) {
            *item = (enum bma_item)i;
            return true;
        }
    }
    return false;
}

static bool has_key(struct bma_agent *agent, uint8_t slot)
{
    return agent->ports.crypto.has_key(agent->ports.crypto.user, slot);
}

static struct bma_record csr_record(uint8_t slot)
{
    return (struct bma_record){BMA_RECORD_CSR, slot, 0};
}

static void put_state(const struct bma_agent *agent, struct bma_cbor_writer *out)
{
    bma_cbor_put_text(out, "locked");
    bma_cbor_put_bool(out, agent->locked);
    bma_cbor_put_text(out, "active");
    bma_cbor_put_int(out, agent->active);
}

static int info(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    if (bma_cbor_has(map, "hwid")) { /* whoever can address the unit knows the rest */
        bma_cbor_put_map(out, 2);
        put_state(agent, out);
        return BMA_OK;
    }
    const struct bma_identity *identity = &agent->ports.identity;
    const struct bma_crypto *crypto = &agent->ports.crypto;
    bool supported[2];
    for (int i = 0; i < 2; i++)
        supported[i] = crypto->supports(crypto->user, (enum bma_algorithm)i);
    bool attests = agent->ports.attestation.form != NULL, connects = agent->ports.network.start != NULL;
    bma_cbor_put_map(out, 9 + (uint32_t)attests + (uint32_t)!connects);
    bma_cbor_put_text(out, "proto");
    bma_cbor_put_uint(out, PROTOCOL);
    bma_cbor_put_text(out, "hwid");
    bma_cbor_put_text(out, identity->hardware_id);
    bma_cbor_put_text(out, "model");
    bma_cbor_put_text(out, identity->model);
    bma_cbor_put_text(out, "fw");
    bma_cbor_put_text(out, identity->firmware);
    put_state(agent, out);
    bma_cbor_put_text(out, "slots");
    bma_cbor_put_uint(out, BMA_SLOTS);
    bma_cbor_put_text(out, "algs");
    bma_cbor_put_array(out, (uint32_t)supported[0] + (uint32_t)supported[1]);
    for (int i = 0; i < 2; i++)
        if (supported[i])
            bma_cbor_put_text(out, algorithm_names[i]);
    bma_cbor_put_text(out, "max_item");
    bma_cbor_put_uint(out, BMA_ITEM_MAX);
    if (attests) {
        bma_cbor_put_text(out, "att");
        bma_cbor_put_text(out, agent->ports.attestation.form);
    }
    if (!connects) {
        bma_cbor_put_text(out, "net");
        bma_cbor_put_bool(out, false);
    }
    return BMA_OK;
}

static void put_digest(struct bma_cbor_writer *out, uint32_t len, const uint8_t sha[BMA_SHA256_LEN])
{
    bma_cbor_put_text(out, "len");
    bma_cbor_put_uint(out, len);
    bma_cbor_put_text(out, "sha");
    bma_cbor_put_bytes(out, sha, BMA_SHA256_LEN);
}

/* Room that a packet needs beside the data of a CSR or a statement: header, keys, numbers, and after keygen the hash. */
enum { DATA_ALONE = 48, CSR_AFTER_KEYGEN = 80 };

/* As much of the CSR from `off` on as fits. */
static int put_csr_data(struct bma_agent *agent, struct bma_cbor_writer *out, uint8_t slot, uint32_t off, uint32_t len, size_t beside)
{
    const struct bma_storage *storage = &agent->ports.storage;
    size_t room = bma_packet_max(agent) - beside;
    size_t n = len - off < room ? len - off : room;
    bma_cbor_put_text(out, "data");
    uint8_t *data = bma_cbor_reserve_bytes(out, n);
    if (data != NULL && n > 0 && storage->read(storage->user, csr_record(slot), off, data, n) != (int32_t)n)
        return BMA_UNKNOWN;
    return BMA_OK;
}

static int keygen(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    const struct bma_crypto *crypto = &agent->ports.crypto;
    const struct bma_storage *storage = &agent->ports.storage;
    struct bma_span algorithm, common_name;
    char cn[BMA_NAME_MAX + 1];
    uint8_t slot, sha[BMA_SHA256_LEN];
    size_t len;
    if (!get_slot(map, &slot) || !bma_cbor_get_text(map, "alg", &algorithm) || !bma_cbor_get_text(map, "cn", &common_name) ||
        common_name.len == 0 || !bma_copy_text(common_name, cn, sizeof cn))
        return BMA_INVALID;
    enum bma_algorithm alg = span_is(algorithm, algorithm_names[BMA_RSA_2048]) ? BMA_RSA_2048 : BMA_EC_P256;
    if (!span_is(algorithm, algorithm_names[alg]) || !crypto->supports(crypto->user, alg))
        return BMA_UNSUPPORTED;
    if (agent->active == slot)
        return BMA_OCCUPIED;
    int rc = bma_items_clear(agent, slot); /* before the key: no certificate may outlive the key it is for */
    if (rc == BMA_OK)
        rc = crypto->generate(crypto->user, &agent->ports.random, slot, alg, cn, agent->scratch, sizeof agent->scratch, &len);
    if (rc == BMA_OK)
        rc = storage->replace(storage->user, csr_record(slot), agent->scratch, len);
    if (rc != BMA_OK)
        return rc;
    crypto->sha256_start(crypto->user);
    crypto->sha256_add(crypto->user, agent->scratch, len);
    crypto->sha256_finish(crypto->user, sha);
    bma_cbor_put_map(out, 3);
    put_digest(out, (uint32_t)len, sha);
    return put_csr_data(agent, out, slot, 0, (uint32_t)len, CSR_AFTER_KEYGEN);
}

static int csr(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    const struct bma_storage *storage = &agent->ports.storage;
    uint8_t slot;
    uint32_t off;
    if (!get_slot(map, &slot) || !bma_cbor_get_uint(map, "off", &off))
        return BMA_INVALID;
    int32_t len = storage->size(storage->user, csr_record(slot));
    if (len < 0)
        return BMA_NO_KEY;
    if (off > (uint32_t)len)
        return BMA_INVALID;
    bma_cbor_put_map(out, 3);
    bma_cbor_put_text(out, "off");
    bma_cbor_put_uint(out, off);
    bma_cbor_put_text(out, "len");
    bma_cbor_put_uint(out, (uint32_t)len);
    return put_csr_data(agent, out, slot, off, (uint32_t)len, DATA_ALONE);
}

static int attestation(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    const struct bma_attestation *port = &agent->ports.attestation;
    uint8_t slot;
    uint32_t off;
    if (port->form == NULL)
        return BMA_UNSUPPORTED;
    if (!get_slot(map, &slot) || !bma_cbor_get_uint(map, "off", &off))
        return BMA_INVALID;
    if (!has_key(agent, slot))
        return BMA_NO_KEY;
    int32_t len = port->size(port->user, slot);
    if (len < 0)
        return BMA_NOT_FOUND;
    if (off > (uint32_t)len)
        return BMA_INVALID;
    size_t room = bma_packet_max(agent) - DATA_ALONE;
    size_t n = (uint32_t)len - off < room ? (uint32_t)len - off : room;
    bma_cbor_put_map(out, 3);
    bma_cbor_put_text(out, "off");
    bma_cbor_put_uint(out, off);
    bma_cbor_put_text(out, "len");
    bma_cbor_put_uint(out, (uint32_t)len);
    bma_cbor_put_text(out, "data");
    uint8_t *data = bma_cbor_reserve_bytes(out, n);
    if (data != NULL && n > 0 && port->read(port->user, slot, off, data, n) != (int32_t)n)
        return BMA_UNKNOWN;
    return BMA_OK;
}

static int write_item(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    struct bma_piece piece;
    struct bma_span sha;
    uint32_t offset;
    if (!get_slot(map, &piece.slot) || !get_item(map, &piece.item) || !bma_cbor_get_uint(map, "off", &piece.off) ||
        !bma_cbor_get_uint(map, "len", &piece.len) || !bma_cbor_get_bytes(map, "data", &piece.data) ||
        !bma_cbor_get_bytes(map, "sha", &sha) || sha.len != BMA_SHA256_LEN)
        return BMA_INVALID;
    piece.sha = sha.data;
    int rc = bma_item_write(agent, &piece, &offset);
    if (rc != BMA_OK)
        return rc;
    bma_cbor_put_map(out, 1);
    bma_cbor_put_text(out, "off");
    bma_cbor_put_uint(out, offset);
    return BMA_OK;
}

static int digest(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    uint8_t slot, sha[BMA_SHA256_LEN];
    enum bma_item item;
    uint32_t len;
    const bool all = !bma_cbor_has(map, "item");
    if (!get_slot(map, &slot) || (!all && !get_item(map, &item)))
        return BMA_INVALID;
    int rc = all ? bma_items_digest(agent, slot, &len, sha) : bma_item_digest(agent, slot, item, &len, sha);
    if (rc != BMA_OK)
        return rc;
    bma_cbor_put_map(out, 2);
    put_digest(out, len, sha);
    return BMA_OK;
}

static int prove(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    /* The prefix keeps this from being an oracle for signatures over anything else; its final NUL is the separator. */
    static const char prefix[] = "birthmark-possession-v1";
    enum { NONCE_LEN = 32 };
    const struct bma_crypto *crypto = &agent->ports.crypto;
    struct bma_span nonce;
    uint8_t message[sizeof prefix + NONCE_LEN], signature[BMA_SIGNATURE_MAX], slot;
    size_t len;
    if (!get_slot(map, &slot) || !bma_cbor_get_bytes(map, "nonce", &nonce) || nonce.len != NONCE_LEN)
        return BMA_INVALID;
    if (!has_key(agent, slot))
        return BMA_NO_KEY;
    memcpy(message, prefix, sizeof prefix);
    memcpy(message + sizeof prefix, nonce.data, NONCE_LEN);
    int rc = crypto->sign(crypto->user, &agent->ports.random, slot, message, sizeof message, signature, sizeof signature, &len);
    if (rc != BMA_OK)
        return rc;
    bma_cbor_put_map(out, 1);
    bma_cbor_put_text(out, "sig");
    bma_cbor_put_bytes(out, signature, len);
    return BMA_OK;
}

static int activate(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    uint8_t slot;
    if (!get_slot(map, &slot))
        return BMA_INVALID;
    if (!has_key(agent, slot))
        return BMA_NO_KEY;
    for (int item = 0; item < BMA_ITEMS; item++)
        if (!bma_item_present(agent, slot, (enum bma_item)item))
            return BMA_NOT_FOUND;
    int rc = bma_state_save(agent, agent->locked, (int8_t)slot);
    if (rc != BMA_OK)
        return rc;
    bma_cbor_put_map(out, 1);
    bma_cbor_put_text(out, "active");
    bma_cbor_put_int(out, agent->active);
    return BMA_OK;
}

static int lock(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    (void)map;
    int rc = bma_state_save(agent, true, agent->active);
    if (rc != BMA_OK)
        return rc;
    bma_cbor_put_map(out, 1);
    bma_cbor_put_text(out, "locked");
    bma_cbor_put_bool(out, true);
    return BMA_OK;
}

static int erase(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    (void)map;
    if (agent->locked)
        return BMA_LOCKED;
    if (agent->ports.network.stop != NULL)
        agent->ports.network.stop(agent->ports.network.user);
    int rc = bma_state_save(agent, false, -1);
    for (uint8_t slot = 0; slot < BMA_SLOTS && rc == BMA_OK; slot++) {
        rc = bma_items_clear(agent, slot);
        if (rc == BMA_OK)
            rc = agent->ports.crypto.forget(agent->ports.crypto.user, slot);
    }
    if (rc == BMA_OK)
        bma_cbor_put_map(out, 0);
    return rc;
}

static int selftest_start(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    struct bma_selftest *test = &agent->selftest;
    struct bma_span nonce, foreign;
    if (agent->ports.network.start == NULL)
        return BMA_UNSUPPORTED;
    if (!bma_cbor_get_text(map, "nonce", &nonce) || nonce.len == 0 || !bma_copy_topic(nonce, test->nonce, sizeof test->nonce) ||
        !bma_cbor_get_text(map, "foreign", &foreign) || !bma_copy_topic(foreign, test->foreign, sizeof test->foreign))
        return BMA_INVALID;
    if (agent->active < 0)
        return BMA_NOT_FOUND;
    test->slot = (uint8_t)agent->active;
    int rc = bma_broker_load(agent, test->slot, &test->broker);
    if (rc == BMA_OK)
        rc = agent->ports.network.start(agent->ports.network.user, test);
    if (rc == BMA_OK)
        bma_cbor_put_map(out, 0);
    return rc;
}

static int selftest_status(struct bma_agent *agent, struct bma_span map, struct bma_cbor_writer *out)
{
    static const char *const states[] = {"idle", "running", "done", "failed"};
    struct bma_selftest_status status = {0};
    (void)map;
    if (agent->ports.network.status == NULL)
        return BMA_UNSUPPORTED;
    agent->ports.network.status(agent->ports.network.user, &status);
    bma_cbor_put_map(out, 6);
    bma_cbor_put_text(out, "state");
    bma_cbor_put_text(out, states[status.state]);
    bma_cbor_put_text(out, "stage");
    bma_cbor_put_text(out, status.stage);
    bma_cbor_put_text(out, "connected");
    bma_cbor_put_bool(out, status.connected);
    bma_cbor_put_text(out, "echoed");
    bma_cbor_put_bool(out, status.echoed);
    bma_cbor_put_text(out, "foreign");
    bma_cbor_put_int(out, status.foreign);
    bma_cbor_put_text(out, "detail");
    bma_cbor_put_text(out, status.detail);
    return BMA_OK;
}

static handler *const handlers[BMA_CMDS][2] = {
    /* read, write */
    [BMA_CMD_INFO] = {info, NULL},
    [BMA_CMD_KEYGEN] = {NULL, keygen},
    [BMA_CMD_CSR] = {csr, NULL},
    [BMA_CMD_WRITE] = {NULL, write_item},
    [BMA_CMD_DIGEST] = {digest, NULL},
    [BMA_CMD_PROVE] = {NULL, prove},
    [BMA_CMD_ACTIVATE] = {NULL, activate},
    [BMA_CMD_LOCK] = {NULL, lock},
    [BMA_CMD_ERASE] = {NULL, erase},
    [BMA_CMD_SELFTEST] = {selftest_status, selftest_start},
    [BMA_CMD_ATTESTATION] = {attestation, NULL},
};

/* A request may name the unit that it is meant for: another unit carries out nothing of it. */
static int addressed(const struct bma_agent *agent, struct bma_span map)
{
    struct bma_span hwid;
    if (!bma_cbor_has(map, "hwid"))
        return BMA_OK;
    if (!bma_cbor_get_text(map, "hwid", &hwid))
        return BMA_INVALID;
    return span_is(hwid, agent->ports.identity.hardware_id) ? BMA_OK : BMA_OTHER_UNIT;
}

int bma_provision(struct bma_agent *agent, const struct bma_request *request, struct bma_cbor_writer *out)
{
    if (request->command >= BMA_CMDS || handlers[request->command][request->write] == NULL)
        return BMA_UNSUPPORTED;
    int rc = addressed(agent, request->map);
    return rc != BMA_OK ? rc : handlers[request->command][request->write](agent, request->map, out);
}
