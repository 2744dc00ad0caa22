/*
 * The hooks of element.h, and random numbers and hashes for board.h, by PSA Crypto: Mbed TLS 2.28 and 3.x, TF-M, Zephyr, ESP-IDF. Whoever starts the board
 * has called psa_crypto_init. Keys are persistent where PSA_KEY_LIFETIME_PERSISTENT is; their numbers begin at BMA_PSA_KEY_ID.
 */
#include <psa/crypto.h>

#include "board.h"
#include "element.h"

#ifndef BMA_PSA_KEY_ID
#define BMA_PSA_KEY_ID 0x00626d00 /* in the application's range, PSA_KEY_ID_USER_MIN to PSA_KEY_ID_USER_MAX */
#endif

/* One hash at a time, as board.h has it. */
static psa_hash_operation_t hash;

static int result(psa_status_t status)
{
    switch (status) {
    case PSA_SUCCESS:
        return BMA_OK;
    case PSA_ERROR_INVALID_HANDLE:
    case PSA_ERROR_DOES_NOT_EXIST:
        return BMA_NO_KEY;
    case PSA_ERROR_INSUFFICIENT_STORAGE:
    case PSA_ERROR_INSUFFICIENT_MEMORY:
        return BMA_STORAGE_FULL;
    case PSA_ERROR_NOT_SUPPORTED:
        return BMA_UNSUPPORTED;
    default:
        return BMA_UNKNOWN;
    }
}

static psa_key_id_t id_of(uint8_t number)
{
    return BMA_PSA_KEY_ID + number;
}

bool element_has_key(uint8_t number)
{
    uint8_t point[P256_POINT_LEN];
    return element_public_key(number, point) == BMA_OK;
}

int element_make_key(uint8_t number)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t made;
    int rc = element_forget_key(number);
    if (rc != BMA_OK)
        return rc;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
    psa_set_key_lifetime(&attributes, PSA_KEY_LIFETIME_PERSISTENT);
    psa_set_key_id(&attributes, id_of(number));
    return result(psa_generate_key(&attributes, &made));
}

int element_forget_key(uint8_t number)
{
    int rc = result(psa_destroy_key(id_of(number)));
    return rc == BMA_NO_KEY ? BMA_OK : rc;
}

int element_public_key(uint8_t number, uint8_t point[P256_POINT_LEN])
{
    size_t len;
    int rc = result(psa_export_public_key(id_of(number), point, P256_POINT_LEN, &len));
    return rc != BMA_OK || len == P256_POINT_LEN ? rc : BMA_UNKNOWN;
}

int element_sign(uint8_t number, const uint8_t digest[BMA_SHA256_LEN], uint8_t raw[P256_RAW_LEN])
{
    size_t len;
    int rc = result(psa_sign_hash(id_of(number), PSA_ALG_ECDSA(PSA_ALG_SHA_256), digest, BMA_SHA256_LEN, raw, P256_RAW_LEN, &len));
    return rc != BMA_OK || len == P256_RAW_LEN ? rc : BMA_UNKNOWN;
}

int board_random(uint8_t *into, size_t len)
{
    return result(psa_generate_random(into, len));
}

void board_sha256_start(void)
{
    psa_hash_abort(&hash);
    psa_hash_setup(&hash, PSA_ALG_SHA_256);
}

void board_sha256_add(const uint8_t *data, size_t len)
{
    psa_hash_update(&hash, data, len);
}

/* A hash that failed is all zero: no item has it, so what was asked is refused. */
void board_sha256_finish(uint8_t digest[BMA_SHA256_LEN])
{
    size_t len;
    if (psa_hash_finish(&hash, digest, BMA_SHA256_LEN, &len) != PSA_SUCCESS)
        for (size_t i = 0; i < BMA_SHA256_LEN; i++)
            digest[i] = 0;
}
