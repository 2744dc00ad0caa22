#define _DEFAULT_SOURCE
#include "secure_element.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/platform_util.h>

#include "cbor.h"
#include "crypto.h"

enum { RAW_SIGNATURE = 64, CERTIFICATES_MAX = 8, CBOR_REST = 256 };

/* What is signed is ["Signature1", protected, h'', payload] (RFC 9052 4.4); the protected header is {1: -7}, ES256. */
static const uint8_t sig_structure[] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1', 0x43, 0xa1, 0x01, 0x26, 0x40, 0x58, 0x20};
/* Tag 18, an array of four, the protected header, and {33: …} (x5chain, RFC 9360), whose value comes next. */
static const uint8_t cose_head[] = {0xd2, 0x84, 0x43, 0xa1, 0x01, 0x26, 0xa1, 0x18, 0x21};

static void name_of(uint8_t slot, char name[24])
{
    snprintf(name, 24, "slot%u-attestation", slot);
}

static bool load_key(const struct folder *folder, mbedtls_pk_context *key)
{
    size_t len;
    uint8_t *der = folder_load(folder, "secure-element.key", &len);
    if (der == NULL)
        return false;
    int rc = mbedtls_pk_parse_key(key, der, len, NULL, 0);
    mbedtls_platform_zeroize(der, len);
    free(der);
    return rc == 0 && mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) && mbedtls_pk_ec(*key)->grp.id == MBEDTLS_ECP_DP_SECP256R1;
}

/* r and s side by side, as COSE has them. */
static int sign_raw(mbedtls_pk_context *key, const struct bma_random *random, const uint8_t hash[BMA_SHA256_LEN], uint8_t raw[RAW_SIGNATURE])
{
    mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*key);
    mbedtls_mpi r, s;
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    int rc = mbedtls_ecdsa_sign(&pair->grp, &r, &s, &pair->d, hash, BMA_SHA256_LEN, crypto_rng, (void *)random);
    if (rc == 0)
        rc = mbedtls_mpi_write_binary(&r, raw, RAW_SIGNATURE / 2);
    if (rc == 0)
        rc = mbedtls_mpi_write_binary(&s, raw + RAW_SIGNATURE / 2, RAW_SIGNATURE / 2);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&s);
    return rc;
}

/* DER certificates in a row, one by one; how many, or -1. */
static int split(uint8_t *der, size_t len, struct bma_span certificates[CERTIFICATES_MAX])
{
    int count = 0;
    while (len > 0) {
        uint8_t *content = der;
        size_t n;
        if (count == CERTIFICATES_MAX || mbedtls_asn1_get_tag(&content, der + len, &n, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0)
            return -1;
        size_t whole = (size_t)(content - der) + n;
        certificates[count++] = (struct bma_span){der, whole};
        der += whole;
        len -= whole;
    }
    return count;
}

static bool put_statement(struct bma_cbor_writer *w, const struct bma_span *certificates, int count, const uint8_t digest[BMA_SHA256_LEN],
                          const uint8_t signature[RAW_SIGNATURE])
{
    memcpy(w->data, cose_head, sizeof cose_head);
    w->len = sizeof cose_head;
    if (count > 1) /* one alone is no array */
        bma_cbor_put_array(w, (uint32_t)count);
    for (int i = 0; i < count; i++)
        bma_cbor_put_bytes(w, certificates[i].data, certificates[i].len);
    bma_cbor_put_bytes(w, digest, BMA_SHA256_LEN);
    bma_cbor_put_bytes(w, signature, RAW_SIGNATURE);
    return !w->full;
}

static int make_statement(const struct folder *folder, mbedtls_pk_context *key, const struct bma_random *random, uint8_t slot,
                          const uint8_t *csr, size_t len)
{
    uint8_t message[sizeof sig_structure + BMA_SHA256_LEN], hash[BMA_SHA256_LEN], signature[RAW_SIGNATURE];
    uint8_t *digest = message + sizeof sig_structure;
    struct bma_span certificates[CERTIFICATES_MAX];
    char name[24];
    size_t chain_len;
    memcpy(message, sig_structure, sizeof sig_structure);
    uint8_t *chain = folder_load(folder, "secure-element.der", &chain_len);
    if (chain == NULL)
        return BMA_UNKNOWN;
    struct bma_cbor_writer w = {malloc(chain_len + CBOR_REST), 0, chain_len + CBOR_REST, false};
    int rc = BMA_UNKNOWN;
    int count = split(chain, chain_len, certificates);
    name_of(slot, name);
    if (w.data != NULL && count > 0 && mbedtls_sha256_ret(csr, len, digest, 0) == 0 &&
        mbedtls_sha256_ret(message, sizeof message, hash, 0) == 0 && sign_raw(key, random, hash, signature) == 0 &&
        put_statement(&w, certificates, count, digest, signature))
        rc = folder_replace(folder, name, w.data, w.len);
    free(w.data);
    free(chain);
    return rc;
}

static bool is_there(const struct folder *folder)
{
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    bool found = load_key(folder, &key);
    mbedtls_pk_free(&key);
    return found;
}

int secure_element_attest(const struct folder *folder, const struct bma_random *random, uint8_t slot, const uint8_t *csr, size_t len)
{
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int rc = load_key(folder, &key) ? make_statement(folder, &key, random, slot, csr, len) : BMA_OK;
    mbedtls_pk_free(&key);
    return rc;
}

int secure_element_forget(const struct folder *folder, uint8_t slot)
{
    char name[24];
    name_of(slot, name);
    return folder_remove(folder, name);
}

static int32_t size(void *user, uint8_t slot)
{
    char name[24];
    size_t len;
    name_of(slot, name);
    uint8_t *statement = folder_load(user, name, &len);
    free(statement);
    return statement == NULL ? -1 : (int32_t)len;
}

static int32_t read_statement(void *user, uint8_t slot, uint32_t off, uint8_t *into, size_t len)
{
    char name[24];
    size_t whole;
    name_of(slot, name);
    uint8_t *statement = folder_load(user, name, &whole);
    if (statement == NULL)
        return -1;
    size_t n = off >= whole ? 0 : whole - off < len ? whole - off : len;
    memcpy(into, statement + (off < whole ? off : 0), n);
    free(statement);
    return (int32_t)n;
}

struct bma_attestation secure_element_table(const struct folder *folder)
{
    if (!is_there(folder))
        return (struct bma_attestation){0};
    return (struct bma_attestation){(void *)folder, "certificates", size, read_statement};
}
