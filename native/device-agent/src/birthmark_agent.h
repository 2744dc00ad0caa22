/*
 * Birthmark device agent: the device side of PROTOCOL.md, without an operating system and without malloc.
 *
 * A device maker fills in one `struct bma_ports`, calls `bma_init` once and `bma_receive` for every byte from the UART. Everything runs in
 * the caller's thread; nothing here blocks except the port functions themselves. PORTING.md is the porting guide.
 */
#ifndef BIRTHMARK_AGENT_H
#define BIRTHMARK_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest SMP packet (8-byte header and payload) that the agent can take, in bytes; sizes the two packet buffers. */
#ifndef BMA_PACKET_MAX
#define BMA_PACKET_MAX 2048
#endif

/** Largest stored item (certificate chain, trust anchors or broker settings), in bytes. */
#ifndef BMA_ITEM_MAX
#define BMA_ITEM_MAX 8192
#endif

/** Largest CSR and largest encoded broker settings, in bytes; sizes the scratch buffer. */
#ifndef BMA_SCRATCH_MAX
#define BMA_SCRATCH_MAX 1024
#endif

/** A packet whose next byte does not come for so long is given up, in milliseconds. */
#ifndef BMA_PACKET_TIMEOUT_MS
#define BMA_PACKET_TIMEOUT_MS 1000
#endif

#define BMA_SLOTS 2
#define BMA_SHA256_LEN 32
#define BMA_SIGNATURE_MAX 512
#define BMA_NAME_MAX 64     /* hardware id, model, firmware, common name, nonce of a self test */
#define BMA_HOST_MAX 253    /* RFC 1035 */
#define BMA_CLIENT_MAX 128
#define BMA_TOPIC_MAX 256
#define BMA_DETAIL_MAX 160

/** Results of the port functions, and the error codes of group 64 on the wire. */
enum bma_result {
    BMA_OK = 0,
    BMA_UNKNOWN = 1,
    BMA_INVALID = 2,
    BMA_LOCKED = 3,
    BMA_NO_KEY = 4,
    BMA_OCCUPIED = 5,
    BMA_STORAGE_FULL = 6,
    BMA_HASH_MISMATCH = 7,
    BMA_BUSY = 8,
    BMA_CONTENT_REJECTED = 9,
    BMA_NOT_FOUND = 10,
    BMA_TOO_LARGE = 11,
    BMA_UNSUPPORTED = 12,
    BMA_OTHER_UNIT = 13,
};

enum bma_algorithm { BMA_EC_P256, BMA_RSA_2048 };

enum bma_item { BMA_ITEM_CERT, BMA_ITEM_CA, BMA_ITEM_BROKER, BMA_ITEMS };

/** Commands of group 64 (PROTOCOL.md). */
enum bma_command {
    BMA_CMD_INFO,
    BMA_CMD_KEYGEN,
    BMA_CMD_CSR,
    BMA_CMD_WRITE,
    BMA_CMD_DIGEST,
    BMA_CMD_PROVE,
    BMA_CMD_ACTIVATE,
    BMA_CMD_LOCK,
    BMA_CMD_ERASE,
    BMA_CMD_SELFTEST,
    BMA_CMD_ATTESTATION,
    BMA_CMDS
};

/** What the agent stores. Private keys are not here: they belong to the crypto port. */
enum bma_record_kind {
    BMA_RECORD_STATE,       /* lock and active slot; slot and item are 0 */
    BMA_RECORD_CSR,         /* per slot; item is 0 */
    BMA_RECORD_ITEM,        /* committed, per slot and item */
    BMA_RECORD_STAGED,      /* bytes that have come so far, per slot and item */
    BMA_RECORD_STAGED_HEAD, /* what they are to become: length and hash */
};

struct bma_record {
    uint8_t kind; /* enum bma_record_kind */
    uint8_t slot;
    uint8_t item; /* enum bma_item */
};

/** The line to the station. */
struct bma_uart {
    void *user;
    /** Sends all bytes, at most 127 (one line) at a time; may wait for room. */
    void (*write)(void *user, const uint8_t *data, size_t len);
};

/** Small named records that survive a restart. Functions that answer int give an enum bma_result. */
struct bma_storage {
    void *user;
    /** Bytes in the record, or -1 when there is none. */
    int32_t (*size)(void *user, struct bma_record record);
    /** Copies up to `len` bytes from `off`; bytes copied, or -1. */
    int32_t (*read)(void *user, struct bma_record record, uint32_t off, uint8_t *into, size_t len);
    /** Adds to the end, creating the record where there is none. What was there before must survive a power loss. */
    int (*append)(void *user, struct bma_record record, const uint8_t *data, size_t len);
    /** Old or new content after a power loss, never anything else. */
    int (*replace)(void *user, struct bma_record record, const uint8_t *data, size_t len);
    /** Moves a record onto another; the target is old or new after a power loss. */
    int (*rename)(void *user, struct bma_record from, struct bma_record to);
    /** Removing what is not there is BMA_OK. */
    int (*remove)(void *user, struct bma_record record);
};

struct bma_random {
    void *user;
    /** Cryptographically strong bytes; BMA_OK or BMA_UNKNOWN. */
    int (*fill)(void *user, uint8_t *into, size_t len);
};

struct bma_time {
    void *user;
    /** Milliseconds since anything; may wrap. */
    uint32_t (*now_ms)(void *user);
};

/** Keys and hashes: mbedTLS, a secure element, a TEE. The private keys stay behind this table; nothing in it hands one out. */
struct bma_crypto {
    void *user;
    bool (*supports)(void *user, enum bma_algorithm algorithm);
    bool (*has_key)(void *user, uint8_t slot);
    /** Makes and stores a new key for the slot, replacing an old one, and writes its PKCS#10 request (DER) with subject CN=`cn`. */
    int (*generate)(void *user, const struct bma_random *random, uint8_t slot, enum bma_algorithm algorithm, const char *cn, uint8_t *csr,
                    size_t capacity, size_t *csr_len);
    int (*forget)(void *user, uint8_t slot);
    /** Signs SHA-256(message): ECDSA as DER, RSA as PKCS#1 v1.5. `capacity` is BMA_SIGNATURE_MAX. */
    int (*sign)(void *user, const struct bma_random *random, uint8_t slot, const uint8_t *message, size_t len, uint8_t *signature,
                size_t capacity, size_t *signature_len);
    /** BMA_OK when the first certificate in the record is for the slot's key; BMA_CONTENT_REJECTED when it is not, or is none. */
    int (*matches)(void *user, const struct bma_storage *storage, struct bma_record certificates, uint8_t slot);
    /** One SHA-256 at a time; its state is the port's. */
    void (*sha256_start)(void *user);
    void (*sha256_add)(void *user, const uint8_t *data, size_t len);
    void (*sha256_finish)(void *user, uint8_t digest[BMA_SHA256_LEN]);
};

/** The `broker` item, decoded. */
struct bma_broker {
    char host[BMA_HOST_MAX + 1];
    uint16_t port;
    char client[BMA_CLIENT_MAX + 1];
    char base[BMA_TOPIC_MAX + 1];
    char name[BMA_HOST_MAX + 1];
};

struct bma_selftest {
    uint8_t slot;
    struct bma_broker broker;
    char nonce[BMA_NAME_MAX + 1];
    char foreign[BMA_TOPIC_MAX + 1]; /* empty: not to be tried */
};

enum bma_selftest_state { BMA_SELFTEST_IDLE, BMA_SELFTEST_RUNNING, BMA_SELFTEST_DONE, BMA_SELFTEST_FAILED };

struct bma_selftest_status {
    enum bma_selftest_state state;
    const char *stage; /* a word of PROTOCOL.md with static storage */
    bool connected;
    bool echoed;
    int foreign; /* PUBACK reason code, -1 not tried */
    char detail[BMA_DETAIL_MAX];
};

/** The device's own connection to the broker. All NULL on a device without one: self tests are then answered UNSUPPORTED. */
struct bma_network {
    void *user;
    /** Starts in the background; a test that is still running, or its session, is given up for the new one. */
    int (*start)(void *user, const struct bma_selftest *test);
    void (*status)(void *user, struct bma_selftest_status *status);
    /** Ends a test and its session. */
    void (*stop)(void *user);
};

/** What the device, or the secure element in it, says about where its keys were made. All NULL on a device that has nothing to say. */
struct bma_attestation {
    void *user;
    /** The form of its statements: a word of PROTOCOL.md with static storage. */
    const char *form;
    /** Bytes of the statement about the slot's present key, or -1 when there is none. */
    int32_t (*size)(void *user, uint8_t slot);
    /** Copies up to `len` bytes from `off`; bytes copied, or -1. */
    int32_t (*read)(void *user, uint8_t slot, uint32_t off, uint8_t *into, size_t len);
};

struct bma_identity {
    const char *hardware_id; /* each at most BMA_NAME_MAX bytes, must outlive the agent */
    const char *model;
    const char *firmware;
};

struct bma_ports {
    struct bma_identity identity;
    struct bma_uart uart;
    struct bma_storage storage;
    struct bma_random random;
    struct bma_time time;
    struct bma_crypto crypto;
    struct bma_network network;
    struct bma_attestation attestation;
    /** Largest packet announced to the station; 0 for BMA_PACKET_MAX. Larger requests are ignored. */
    uint16_t packet_max;
    /** Asked before each request; false leaves it without any answer. NULL serves all. For instance: only while a jumper is set. */
    bool (*admit)(void *user, uint16_t group, uint8_t command);
    void *admit_user;
};

/** Collects one packet out of lines that are mixed with other text. */
struct bma_receiver {
    uint8_t packet[BMA_PACKET_MAX + 4]; /* length, packet, CRC */
    uint32_t capacity;
    uint32_t have;
    uint32_t sextets; /* base64 digits that wait for their quartet, 6 bits each */
    uint8_t digits;
    uint8_t pads;
    uint8_t mark; /* 06 or 04 when it was the last byte outside a line */
    bool started;
    bool in_line;
    uint32_t last_ms;
};

/** All of the agent's memory. Its fields are the agent's own. */
struct bma_agent {
    struct bma_ports ports;
    struct bma_receiver receiver;
    uint8_t answer[BMA_PACKET_MAX];
    uint8_t scratch[BMA_SCRATCH_MAX];
    struct bma_selftest selftest;
    int8_t active; /* slot, -1 none */
    bool locked;
};

/**
 * Takes the ports and loads the lock and the active slot from storage.
 * @return BMA_OK; BMA_INVALID for ports that are incomplete; BMA_UNKNOWN when the stored state cannot be read or is damaged (do not serve).
 */
int bma_init(struct bma_agent *agent, const struct bma_ports *ports);

/** Takes bytes as they come from the UART, in pieces of any size, and answers the requests in them through `uart.write`. */
void bma_receive(struct bma_agent *agent, const uint8_t *data, size_t len);

#ifdef __cplusplus
}
#endif

#endif
