/* The crypto and random tables over mbedTLS 2.28; keys are files in the state folder. */
#ifndef HOST_CRYPTO_H
#define HOST_CRYPTO_H

#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>

#include "folder.h"

struct crypto {
    const struct folder *folder;
    bool csr_other_key; /* fault: sign the CSR with a key that is not the slot's */
    mbedtls_sha256_context sha256;
};

void crypto_init(struct crypto *crypto, const struct folder *folder, bool csr_other_key);
void crypto_free(struct crypto *crypto);

struct bma_crypto crypto_table(struct crypto *crypto);
struct bma_random random_table(void);

/** mbedTLS's form of the random table; `random` is a `struct bma_random *`. */
int crypto_rng(void *random, unsigned char *into, size_t len);

/** Loads the slot's private key for the device's own TLS; false when there is none. */
bool crypto_load_key(const struct folder *folder, uint8_t slot, mbedtls_pk_context *key);

/** Adds DER certificates in a row to an initialised chain; false when they are anything else. */
bool crypto_parse_certificates(const uint8_t *der, size_t len, mbedtls_x509_crt *chain);

#endif
