#include "port.h"

#include "board.h"

enum { NAME_LEN = 8 };

static void uart_write(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    board_uart_send(data, len);
}

static uint32_t now_ms(void *user)
{
    (void)user;
    return board_milliseconds();
}

static int random_fill(void *user, uint8_t *into, size_t len)
{
    (void)user;
    return board_random(into, len);
}

/* A record is a file: kind, slot and item are its name. */
static void name_of(struct bma_record record, char name[NAME_LEN])
{
    const char letters[] = {'b', 'm', (char)('0' + record.kind), '-', (char)('0' + record.slot), (char)('0' + record.item), 0};
    for (size_t i = 0; i < sizeof letters; i++)
        name[i] = letters[i];
}

static int32_t record_size(void *user, struct bma_record record)
{
    char name[NAME_LEN];
    (void)user;
    name_of(record, name);
    return board_file_size(name);
}

static int32_t record_read(void *user, struct bma_record record, uint32_t off, uint8_t *into, size_t len)
{
    char name[NAME_LEN];
    (void)user;
    name_of(record, name);
    return board_file_read(name, off, into, len);
}

static int record_append(void *user, struct bma_record record, const uint8_t *data, size_t len)
{
    char name[NAME_LEN];
    (void)user;
    name_of(record, name);
    return board_file_append(name, data, len);
}

/* Written beside, and moved into its place: old or new after a power loss. */
static int record_replace(void *user, struct bma_record record, const uint8_t *data, size_t len)
{
    static const char beside[] = "bm-new";
    char name[NAME_LEN];
    (void)user;
    name_of(record, name);
    int rc = board_file_remove(beside);
    if (rc == BMA_OK)
        rc = board_file_append(beside, data, len);
    return rc != BMA_OK ? rc : board_file_move(beside, name);
}

static int record_rename(void *user, struct bma_record from, struct bma_record to)
{
    char old_name[NAME_LEN], new_name[NAME_LEN];
    (void)user;
    name_of(from, old_name);
    name_of(to, new_name);
    return board_file_move(old_name, new_name);
}

static int record_remove(void *user, struct bma_record record)
{
    char name[NAME_LEN];
    (void)user;
    name_of(record, name);
    return board_file_remove(name);
}

static bool supports(void *user, enum bma_algorithm algorithm)
{
    (void)user;
    return algorithm == BMA_EC_P256;
}

static bool has_key(void *user, uint8_t slot)
{
    (void)user;
    return board_key_exists(slot);
}

static int generate(void *user, const struct bma_random *random, uint8_t slot, enum bma_algorithm algorithm, const char *cn, uint8_t *csr,
                    size_t capacity, size_t *csr_len)
{
    (void)user;
    (void)random; /* the element has its own */
    return algorithm == BMA_EC_P256 ? board_key_make(slot, cn, csr, capacity, csr_len) : BMA_UNSUPPORTED;
}

static int forget(void *user, uint8_t slot)
{
    (void)user;
    return board_key_forget(slot);
}

static int sign(void *user, const struct bma_random *random, uint8_t slot, const uint8_t *message, size_t len, uint8_t *signature,
                size_t capacity, size_t *signature_len)
{
    (void)user;
    (void)random;
    return board_key_sign(slot, message, len, signature, capacity, signature_len);
}

static int matches(void *user, const struct bma_storage *storage, struct bma_record certificates, uint8_t slot)
{
    char name[NAME_LEN];
    (void)user;
    (void)storage;
    name_of(certificates, name);
    return board_key_is_of(slot, name);
}

static void sha256_start(void *user)
{
    (void)user;
    board_sha256_start();
}

static void sha256_add(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    board_sha256_add(data, len);
}

static void sha256_finish(void *user, uint8_t digest[BMA_SHA256_LEN])
{
    (void)user;
    board_sha256_finish(digest);
}

int port_start(struct bma_agent *agent)
{
    const struct bma_ports ports = {
        .identity = {board_serial_number(), board_model(), board_firmware()},
        .uart = {NULL, uart_write},
        .storage = {NULL, record_size, record_read, record_append, record_replace, record_rename, record_remove},
        .random = {NULL, random_fill},
        .time = {NULL, now_ms},
        .crypto = {NULL, supports, has_key, generate, forget, sign, matches, sha256_start, sha256_add, sha256_finish},
        .network = {NULL, NULL, NULL, NULL}, /* no self test yet */
    };
    return bma_init(agent, &ports);
}
