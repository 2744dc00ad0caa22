#include "items.h"

#include <string.h>

#include "broker.h"
#include "der.h"

enum { HEAD_LEN = 4 + BMA_SHA256_LEN };

static struct bma_record record(enum bma_record_kind kind, uint8_t slot, enum bma_item item)
{
    return (struct bma_record){(uint8_t)kind, slot, (uint8_t)item};
}

static int hash_record(struct bma_agent *agent, struct bma_record rec, uint32_t len, uint8_t sha[BMA_SHA256_LEN])
{
    const struct bma_storage *storage = &agent->ports.storage;
    const struct bma_crypto *crypto = &agent->ports.crypto;
    uint8_t part[128];
    crypto->sha256_start(crypto->user);
    for (uint32_t off = 0; off < len;) {
        size_t want = len - off < sizeof part ? len - off : sizeof part;
        int32_t got = storage->read(storage->user, rec, off, part, want);
        if (got <= 0)
            return BMA_UNKNOWN;
        crypto->sha256_add(crypto->user, part, (size_t)got);
        off += (uint32_t)got;
    }
    crypto->sha256_finish(crypto->user, sha);
    return BMA_OK;
}

static bool record_is(struct bma_agent *agent, struct bma_record rec, const struct bma_piece *piece)
{
    uint8_t sha[BMA_SHA256_LEN];
    if (agent->ports.storage.size(agent->ports.storage.user, rec) != (int32_t)piece->len)
        return false;
    return hash_record(agent, rec, piece->len, sha) == BMA_OK && memcmp(sha, piece->sha, sizeof sha) == 0;
}

static void put_u32(uint8_t into[4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        into[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void encode_head(const struct bma_piece *piece, uint8_t head[HEAD_LEN])
{
    put_u32(head, piece->len);
    memcpy(head + 4, piece->sha, BMA_SHA256_LEN);
}

/* Bytes staged for exactly this item so far; 0 when it is another one or none. */
static uint32_t staged_length(struct bma_agent *agent, const struct bma_piece *piece)
{
    const struct bma_storage *storage = &agent->ports.storage;
    uint8_t wanted[HEAD_LEN], stored[HEAD_LEN];
    encode_head(piece, wanted);
    int32_t got = storage->read(storage->user, record(BMA_RECORD_STAGED_HEAD, piece->slot, piece->item), 0, stored, sizeof stored);
    if (got != HEAD_LEN || memcmp(wanted, stored, HEAD_LEN) != 0)
        return 0;
    int32_t size = storage->size(storage->user, record(BMA_RECORD_STAGED, piece->slot, piece->item));
    return size > 0 && (uint32_t)size <= piece->len ? (uint32_t)size : 0;
}

static int drop_staged(struct bma_agent *agent, uint8_t slot, enum bma_item item)
{
    const struct bma_storage *storage = &agent->ports.storage;
    int rc = storage->remove(storage->user, record(BMA_RECORD_STAGED, slot, item));
    return rc != BMA_OK ? rc : storage->remove(storage->user, record(BMA_RECORD_STAGED_HEAD, slot, item));
}

static int begin_staging(struct bma_agent *agent, const struct bma_piece *piece)
{
    const struct bma_storage *storage = &agent->ports.storage;
    uint8_t head[HEAD_LEN];
    int rc = drop_staged(agent, piece->slot, piece->item);
    if (rc != BMA_OK)
        return rc;
    encode_head(piece, head);
    return storage->replace(storage->user, record(BMA_RECORD_STAGED_HEAD, piece->slot, piece->item), head, sizeof head);
}

static int broker_load_from(struct bma_agent *agent, struct bma_record rec, struct bma_broker *broker)
{
    const struct bma_storage *storage = &agent->ports.storage;
    int32_t size = storage->size(storage->user, rec);
    if (size < 0)
        return BMA_NOT_FOUND;
    if (size > (int32_t)sizeof agent->scratch)
        return BMA_CONTENT_REJECTED;
    if (storage->read(storage->user, rec, 0, agent->scratch, (size_t)size) != size)
        return BMA_UNKNOWN;
    const size_t len = bma_cbor_make_definite(agent->scratch, (size_t)size);
    return bma_broker_decode((struct bma_span){agent->scratch, len}, broker) ? BMA_OK : BMA_CONTENT_REJECTED;
}

static int check_content(struct bma_agent *agent, struct bma_record staged, const struct bma_piece *piece)
{
    const struct bma_crypto *crypto = &agent->ports.crypto;
    struct bma_broker broker;
    if (piece->item == BMA_ITEM_BROKER)
        return broker_load_from(agent, staged, &broker);
    if (!bma_der_is_list(&agent->ports.storage, staged, piece->len))
        return BMA_CONTENT_REJECTED;
    return piece->item == BMA_ITEM_CERT ? crypto->matches(crypto->user, &agent->ports.storage, staged, piece->slot) : BMA_OK;
}

/* All bytes are in: only the right ones with a sensible content become the item. */
static int commit(struct bma_agent *agent, const struct bma_piece *piece)
{
    const struct bma_storage *storage = &agent->ports.storage;
    struct bma_record staged = record(BMA_RECORD_STAGED, piece->slot, piece->item);
    int rc = record_is(agent, staged, piece) ? check_content(agent, staged, piece) : BMA_HASH_MISMATCH;
    if (rc != BMA_OK) {
        int dropped = drop_staged(agent, piece->slot, piece->item);
        return dropped != BMA_OK ? dropped : rc;
    }
    rc = storage->rename(storage->user, staged, record(BMA_RECORD_ITEM, piece->slot, piece->item));
    return rc != BMA_OK ? rc : drop_staged(agent, piece->slot, piece->item);
}

int bma_item_write(struct bma_agent *agent, const struct bma_piece *piece, uint32_t *offset)
{
    const struct bma_storage *storage = &agent->ports.storage;
    if (piece->len > BMA_ITEM_MAX)
        return BMA_TOO_LARGE;
    if (piece->len == 0 || piece->off > piece->len || piece->data.len > piece->len - piece->off)
        return BMA_INVALID;
    *offset = staged_length(agent, piece);
    if (*offset == 0) {
        if (record_is(agent, record(BMA_RECORD_ITEM, piece->slot, piece->item), piece)) {
            *offset = piece->len;
            return BMA_OK;
        }
        if (agent->locked && agent->active == piece->slot)
            return BMA_LOCKED;
        if (piece->item == BMA_ITEM_CERT && !agent->ports.crypto.has_key(agent->ports.crypto.user, piece->slot))
            return BMA_NO_KEY;
        int rc = begin_staging(agent, piece);
        if (rc != BMA_OK)
            return rc;
    }
    if (piece->off == *offset && piece->data.len > 0) {
        int rc = storage->append(storage->user, record(BMA_RECORD_STAGED, piece->slot, piece->item), piece->data.data, piece->data.len);
        if (rc != BMA_OK)
            return rc;
        *offset += (uint32_t)piece->data.len;
    }
    return *offset == piece->len ? commit(agent, piece) : BMA_OK;
}

bool bma_item_present(struct bma_agent *agent, uint8_t slot, enum bma_item item)
{
    return agent->ports.storage.size(agent->ports.storage.user, record(BMA_RECORD_ITEM, slot, item)) > 0;
}

int bma_item_digest(struct bma_agent *agent, uint8_t slot, enum bma_item item, uint32_t *len, uint8_t sha[BMA_SHA256_LEN])
{
    struct bma_record rec = record(BMA_RECORD_ITEM, slot, item);
    int32_t size = agent->ports.storage.size(agent->ports.storage.user, rec);
    if (size < 0)
        return BMA_NOT_FOUND;
    *len = (uint32_t)size;
    return hash_record(agent, rec, *len, sha);
}

int bma_items_digest(struct bma_agent *agent, uint8_t slot, uint32_t *len, uint8_t sha[BMA_SHA256_LEN])
{
    const struct bma_crypto *crypto = &agent->ports.crypto;
    uint8_t heads[BMA_ITEMS][HEAD_LEN];
    *len = 0;
    for (int item = 0; item < BMA_ITEMS; item++) {
        uint32_t length;
        int rc = bma_item_digest(agent, slot, (enum bma_item)item, &length, heads[item] + 4);
        if (rc != BMA_OK)
            return rc;
        put_u32(heads[item], length);
        *len += length;
    }
    crypto->sha256_start(crypto->user);
    crypto->sha256_add(crypto->user, heads[0], sizeof heads);
    crypto->sha256_finish(crypto->user, sha);
    return BMA_OK;
}

int bma_items_clear(struct bma_agent *agent, uint8_t slot)
{
    const struct bma_storage *storage = &agent->ports.storage;
    int rc = storage->remove(storage->user, record(BMA_RECORD_CSR, slot, 0));
    for (int item = 0; item < BMA_ITEMS && rc == BMA_OK; item++) {
        rc = storage->remove(storage->user, record(BMA_RECORD_ITEM, slot, (enum bma_item)item));
        if (rc == BMA_OK)
            rc = drop_staged(agent, slot, (enum bma_item)item);
    }
    return rc;
}

int bma_broker_load(struct bma_agent *agent, uint8_t slot, struct bma_broker *broker)
{
    return broker_load_from(agent, record(BMA_RECORD_ITEM, slot, BMA_ITEM_BROKER), broker);
}
