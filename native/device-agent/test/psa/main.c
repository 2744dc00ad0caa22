/* The keys of port/ on PSA Crypto, as whoever gets a request, a signature or a certificate sees them: read by Mbed TLS's X.509. */
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>
#include <psa/crypto.h>

#include "../../port/board.h"
#include "../../port/p256.h"
#include "../harness.h"

int failures;

static uint8_t file[2048];
static size_t file_len;

int32_t board_file_read(const char *name, uint32_t off, uint8_t *into, size_t len)
{
    CHECK(strcmp(name, "certificate") == 0);
    if (off > file_len)
        return -1;
    size_t n = file_len - off < len ? file_len - off : len;
    memcpy(into, file + off, n);
    return (int32_t)n;
}

static int rng(void *user, unsigned char *into, size_t len)
{
    (void)user;
    return board_random(into, len);
}

/* The key's request, checked by its own signature. */
static void request_of(uint8_t number, const char *name, mbedtls_x509_csr *csr)
{
    uint8_t der[512], digest[32];
    size_t len = 0;
    mbedtls_x509_csr_init(csr);
    CHECK_INT(board_key_make(number, name, der, sizeof der, &len), BMA_OK);
    CHECK_INT(mbedtls_x509_csr_parse_der(csr, der, len), 0);
    CHECK_INT(mbedtls_sha256_ret(csr->cri.p, csr->cri.len, digest, 0), 0);
    CHECK_INT(mbedtls_pk_verify(&csr->pk, MBEDTLS_MD_SHA256, digest, sizeof digest, csr->sig.p, csr->sig.len), 0);
    CHECK(csr->subject.val.len == strlen(name) && memcmp(csr->subject.val.p, name, csr->subject.val.len) == 0 && csr->subject.next == NULL);
}

static void certify(mbedtls_pk_context *key)
{
    mbedtls_x509write_cert write;
    mbedtls_mpi serial;
    mbedtls_pk_context issuer;
    mbedtls_pk_init(&issuer);
    CHECK_INT(mbedtls_pk_setup(&issuer, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    CHECK_INT(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(issuer), rng, NULL), 0);
    mbedtls_x509write_crt_init(&write);
    mbedtls_mpi_init(&serial);
    mbedtls_mpi_lset(&serial, 4711);
    mbedtls_x509write_crt_set_version(&write, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&write, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&write, key);
    mbedtls_x509write_crt_set_issuer_key(&write, &issuer);
    CHECK_INT(mbedtls_x509write_crt_set_serial(&write, &serial), 0);
    CHECK_INT(mbedtls_x509write_crt_set_validity(&write, "20260101000000", "20500101000000"), 0);
    CHECK_INT(mbedtls_x509write_crt_set_subject_name(&write, "CN=acme/T-1"), 0);
    CHECK_INT(mbedtls_x509write_crt_set_issuer_name(&write, "CN=Issuer,O=A name that takes more than one hundred and twenty-eight bytes with the next one"
                                                            ",OU=So that the length of the issuer is written in two bytes"), 0);
    int len = mbedtls_x509write_crt_der(&write, file, sizeof file, rng, NULL);
    CHECK(len > 0);
    memmove(file, file + sizeof file - len, (size_t)len);
    file_len = (size_t)len;
    mbedtls_x509write_crt_free(&write);
    mbedtls_mpi_free(&serial);
    mbedtls_pk_free(&issuer);
}

static void requests_and_certificates(void)
{
    mbedtls_x509_csr one, other;
    request_of(0, "acme/T-1", &one);
    request_of(1, "x234567890123456789012345678901234567890123456789012345678901234", &other);
    certify(&one.pk);
    CHECK_INT(board_key_is_of(0, "certificate"), BMA_OK);
    CHECK_INT(board_key_is_of(1, "certificate"), BMA_CONTENT_REJECTED);
    for (file_len = 0; file_len < 200; file_len++) /* its issuer alone is longer */
        CHECK_INT(board_key_is_of(0, "certificate"), BMA_CONTENT_REJECTED);
    /* A new key in the same place is another key, and the first one's certificate is not for it. */
    certify(&one.pk);
    mbedtls_x509_csr_free(&one);
    request_of(0, "acme/T-1", &one);
    CHECK_INT(board_key_is_of(0, "certificate"), BMA_CONTENT_REJECTED);
    mbedtls_x509_csr_free(&one);
    mbedtls_x509_csr_free(&other);
}

static void signs_messages(void)
{
    static const uint8_t message[] = "birthmark-possession-v1";
    mbedtls_x509_csr csr;
    request_of(0, "a", &csr);
    /* So many that there are ones with a zero and with a high bit in front. */
    for (int i = 0; i < 64; i++) {
        uint8_t signature[P256_SIGNATURE_MAX], digest[32];
        size_t len = 0;
        CHECK_INT(board_key_sign(0, message, sizeof message, signature, sizeof signature, &len), BMA_OK);
        CHECK_INT(mbedtls_sha256_ret(message, sizeof message, digest, 0), 0);
        CHECK_INT(mbedtls_pk_verify(&csr.pk, MBEDTLS_MD_SHA256, digest, sizeof digest, signature, len), 0);
    }
    mbedtls_x509_csr_free(&csr);
}

static void forgets(void)
{
    uint8_t signature[P256_SIGNATURE_MAX];
    size_t len;
    for (uint8_t number = 0; number < BMA_SLOTS; number++) {
        CHECK_INT(board_key_forget(number), BMA_OK);
        CHECK_INT(board_key_forget(number), BMA_OK);
        CHECK(!board_key_exists(number));
        CHECK_INT(board_key_sign(number, signature, 1, signature, sizeof signature, &len), BMA_NO_KEY);
        CHECK_INT(board_key_is_of(number, "certificate"), BMA_NO_KEY);
    }
}

static void integers_of_signatures(void)
{
    uint8_t raw[P256_RAW_LEN] = {0}, der[P256_SIGNATURE_MAX];
    raw[31] = 1;
    raw[32] = 0x80;
    static const uint8_t want[] = {0x30, 38, 0x02, 1, 1, 0x02, 33, 0, 0x80};
    CHECK_INT(p256_signature(der, raw), 40);
    CHECK(memcmp(der, want, sizeof want) == 0);
    uint8_t info[P256_REQUEST_INFO_MAX], point[P256_POINT_LEN] = {4};
    CHECK_INT(p256_request_info(info, "", point), 0);
    CHECK_INT(p256_request_info(info, "x2345678901234567890123456789012345678901234567890123456789012345", point), 0);
}

int main(void)
{
    CHECK_INT(psa_crypto_init(), PSA_SUCCESS);
    forgets();
    requests_and_certificates();
    signs_messages();
    forgets();
    integers_of_signatures();
    printf("psa        %s\n", failures == 0 ? "ok" : "FAILED");
    return failures != 0;
}
