#define _DEFAULT_SOURCE
#include "crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <mbedtls/asn1write.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_csr.h>

#include "secure_element.h"

enum { KEY_DER_MAX = 2048, CSR_MAX = 2048 };

static int random_fill(void *user, uint8_t *into, size_t len)
{
    (void)user;
    while (len > 0) {
        ssize_t n = getrandom(into, len, 0);
        if (n < 0)
            return BMA_UNKNOWN;
        into += n;
        len -= (size_t)n;
    }
    return BMA_OK;
}

struct bma_random random_table(void)
{
    return (struct bma_random){NULL, random_fill};
}

int crypto_rng(void *random, unsigned char *into, size_t len)
{
    const struct bma_random *table = random;
    return table->fill(table->user, into, len) == BMA_OK ? 0 : MBEDTLS_ERR_PK_BAD_INPUT_DATA;
}

static void key_name(uint8_t slot, char name[16])
{
    snprintf(name, 16, "slot%u-key", slot);
}

bool crypto_load_key(const struct folder *folder, uint8_t slot, mbedtls_pk_context *key)
{
    char name[16];
    size_t len;
    key_name(slot, name);
    uint8_t *der = folder_load(folder, name, &len);
    if (der == NULL)
        return false;
    int rc = mbedtls_pk_parse_key(key, der, len, NULL, 0);
    mbedtls_platform_zeroize(der, len);
    free(der);
    return rc == 0;
}

static bool supports(void *user, enum bma_algorithm algorithm)
{
    (void)user;
    return algorithm == BMA_EC_P256 || algorithm == BMA_RSA_2048;
}

static bool has_key(void *user, uint8_t slot)
{
    const struct crypto *crypto = user;
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    bool found = crypto_load_key(crypto->folder, slot, &key);
    mbedtls_pk_free(&key);
    return found;
}

static int make_key(mbedtls_pk_context *key, const struct bma_random *random, enum bma_algorithm algorithm)
{
    void *rng = (void *)random;
    if (algorithm == BMA_RSA_2048) {
        int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));
        return rc != 0 ? rc : mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), crypto_rng, rng, 2048, 65537);
    }
    int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    return rc != 0 ? rc : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), crypto_rng, rng);
}

/* PKCS#10 at the end of `buffer`, as mbedTLS writes; its length or a negative error. */
static int make_csr(mbedtls_pk_context *key, const struct bma_random *random, const char *cn, uint8_t buffer[CSR_MAX])
{
    mbedtls_x509write_csr csr;
    mbedtls_x509write_csr_init(&csr);
    mbedtls_x509write_csr_set_md_alg(&csr, MBEDTLS_MD_SHA256);
    mbedtls_x509write_csr_set_key(&csr, key);
    /* Not through mbedtls_x509write_csr_set_subject_name: its string form would give meaning to commas in the name. */
    mbedtls_asn1_named_data *name =
        mbedtls_asn1_store_named_data(&csr.subject, MBEDTLS_OID_AT_CN, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN), (const uint8_t *)cn, strlen(cn));
    int rc = MBEDTLS_ERR_X509_ALLOC_FAILED;
    if (name != NULL) {
        name->val.tag = MBEDTLS_ASN1_UTF8_STRING;
        rc = mbedtls_x509write_csr_der(&csr, buffer, CSR_MAX, crypto_rng, (void *)random);
    }
    mbedtls_x509write_csr_free(&csr);
    return rc;
}

static int sha256_sign(mbedtls_pk_context *key, const struct bma_random *random, const uint8_t *message, size_t len,
                       uint8_t signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE], size_t *signature_len)
{
    uint8_t hash[BMA_SHA256_LEN];
    int rc = mbedtls_sha256_ret(message, len, hash, 0);
    return rc != 0 ? rc : mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, hash, sizeof hash, signature, signature_len, crypto_rng, (void *)random);
}

/* Fault csr-other-key: keeps what the CSR says and replaces its signature by another key's. */
static int sign_csr_anew(mbedtls_pk_context *other, const struct bma_random *random, uint8_t buffer[CSR_MAX], int csr_len)
{
    uint8_t copy[CSR_MAX], signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t len, signature_len;
    memcpy(copy, buffer + CSR_MAX - csr_len, (size_t)csr_len);
    const uint8_t *end = copy + csr_len;
    uint8_t *info = copy;
    int rc = mbedtls_asn1_get_tag(&info, end, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
    uint8_t *after = info;
    if (rc == 0)
        rc = mbedtls_asn1_get_tag(&after, end, &len, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
    if (rc == 0)
        rc = sha256_sign(other, random, info, (size_t)(after + len - info), signature, &signature_len);
    if (rc != 0)
        return rc;
    size_t info_len = (size_t)(after + len - info);
    uint8_t *p = buffer + CSR_MAX;
    const char *oid;
    size_t oid_len;
    size_t total = 0;
    mbedtls_pk_type_t type = mbedtls_pk_can_do(other, MBEDTLS_PK_RSA) ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECDSA;
    rc = mbedtls_oid_get_oid_by_sig_alg(type, MBEDTLS_MD_SHA256, &oid, &oid_len);
    if (rc != 0 || (rc = mbedtls_x509_write_sig(&p, buffer, oid, oid_len, signature, signature_len)) < 0)
        return rc;
    total = (size_t)rc + info_len;
    p -= info_len;
    memcpy(p, info, info_len);
    rc = mbedtls_asn1_write_len(&p, buffer, total);
    if (rc < 0)
        return rc;
    *--p = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    return (int)(total + (size_t)rc + 1);
}

static int csr_with_fault(const struct crypto *crypto, mbedtls_pk_context *key, const struct bma_random *random,
                          enum bma_algorithm algorithm, const char *cn, uint8_t buffer[CSR_MAX])
{
    int len = make_csr(key, random, cn, buffer);
    if (len < 0 || !crypto->csr_other_key)
        return len;
    mbedtls_pk_context other;
    mbedtls_pk_init(&other);
    int rc = make_key(&other, random, algorithm);
    if (rc == 0)
        rc = sign_csr_anew(&other, random, buffer, len);
    mbedtls_pk_free(&other);
    return rc;
}

static int store_key(const struct crypto *crypto, uint8_t slot, mbedtls_pk_context *key)
{
    uint8_t der[KEY_DER_MAX];
    char name[16];
    key_name(slot, name);
    int len = mbedtls_pk_write_key_der(key, der, sizeof der);
    int rc = len < 0 ? BMA_UNKNOWN : folder_replace(crypto->folder, name, der + sizeof der - len, (size_t)len);
    mbedtls_platform_zeroize(der, sizeof der);
    return rc;
}

static int generate(void *user, const struct bma_random *random, uint8_t slot, enum bma_algorithm algorithm, const char *cn, uint8_t *csr,
                    size_t capacity, size_t *csr_len)
{
    struct crypto *crypto = user;
    uint8_t buffer[CSR_MAX];
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int rc = BMA_UNKNOWN;
    int len = make_key(&key, random, algorithm);
    if (len == 0)
        len = csr_with_fault(crypto, &key, random, algorithm, cn, buffer);
    if (len > 0)
        rc = (size_t)len > capacity ? BMA_TOO_LARGE : store_key(crypto, slot, &key);
    if (rc == BMA_OK)
        rc = secure_element_attest(crypto->folder, random, slot, buffer + CSR_MAX - len, (size_t)len);
    if (rc == BMA_OK) {
        memcpy(csr, buffer + CSR_MAX - len, (size_t)len);
        *csr_len = (size_t)len;
    }
    mbedtls_pk_free(&key);
    return rc;
}

static int forget(void *user, uint8_t slot)
{
    const struct crypto *crypto = user;
    char name[16];
    key_name(slot, name);
    int rc = secure_element_forget(crypto->folder, slot);
    return rc == BMA_OK ? folder_remove(crypto->folder, name) : rc;
}

static int sign(void *user, const struct bma_random *random, uint8_t slot, const uint8_t *message, size_t len, uint8_t *signature,
                size_t capacity, size_t *signature_len)
{
    const struct crypto *crypto = user;
    uint8_t made[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int rc = BMA_NO_KEY;
    if (crypto_load_key(crypto->folder, slot, &key)) {
        rc = sha256_sign(&key, random, message, len, made, signature_len) == 0 && *signature_len <= capacity ? BMA_OK : BMA_UNKNOWN;
        if (rc == BMA_OK)
            memcpy(signature, made, *signature_len);
    }
    mbedtls_pk_free(&key);
    return rc;
}

bool crypto_parse_certificates(const uint8_t *der, size_t len, mbedtls_x509_crt *chain)
{
    while (len > 0) {
        uint8_t *p = (uint8_t *)der;
        size_t content;
        if (mbedtls_asn1_get_tag(&p, der + len, &content, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0)
            return false;
        size_t whole = (size_t)(p - der) + content;
        if (mbedtls_x509_crt_parse_der(chain, der, whole) != 0)
            return false;
        der += whole;
        len -= whole;
    }
    return true;
}

static int matches(void *user, const struct bma_storage *storage, struct bma_record certificates, uint8_t slot)
{
    const struct crypto *crypto = user;
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
    size_t len;
    uint8_t *der = record_load(storage, certificates, &len);
    if (der == NULL)
        return BMA_UNKNOWN;
    mbedtls_x509_crt_init(&chain);
    mbedtls_pk_init(&key);
    int rc = BMA_NO_KEY;
    if (crypto_load_key(crypto->folder, slot, &key))
        rc = crypto_parse_certificates(der, len, &chain) && mbedtls_pk_check_pair(&chain.pk, &key) == 0 ? BMA_OK : BMA_CONTENT_REJECTED;
    mbedtls_pk_free(&key);
    mbedtls_x509_crt_free(&chain);
    free(der);
    return rc;
}

static void sha256_start(void *user)
{
    struct crypto *crypto = user;
    mbedtls_sha256_starts_ret(&crypto->sha256, 0);
}

static void sha256_add(void *user, const uint8_t *data, size_t len)
{
    struct crypto *crypto = user;
    mbedtls_sha256_update_ret(&crypto->sha256, data, len);
}

static void sha256_finish(void *user, uint8_t digest[BMA_SHA256_LEN])
{
    struct crypto *crypto = user;
    mbedtls_sha256_finish_ret(&crypto->sha256, digest);
}

void crypto_init(struct crypto *crypto, const struct folder *folder, bool csr_other_key)
{
    crypto->folder = folder;
    crypto->csr_other_key = csr_other_key;
    mbedtls_sha256_init(&crypto->sha256);
}

void crypto_free(struct crypto *crypto)
{
    mbedtls_sha256_free(&crypto->sha256);
}

struct bma_crypto crypto_table(struct crypto *crypto)
{
    return (struct bma_crypto){crypto, supports, has_key, generate, forget, sign, matches, sha256_start, sha256_add, sha256_finish};
}
