/* TCP and mutual TLS 1.2 to the broker over mbedTLS, with waits that can be given up at once. */
#ifndef HOST_TLS_H
#define HOST_TLS_H

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "birthmark_agent.h"

enum tls_result { TLS_OK = 0, TLS_CLOSED = -1, TLS_TIMEOUT = -2, TLS_FAILED = -3, TLS_GIVEN_UP = -4 };

/** What the device shows and what it trusts; DER certificates in a row. The key is used, not owned. */
struct tls_identity {
    const uint8_t *chain;
    size_t chain_len;
    const uint8_t *anchors;
    size_t anchors_len;
    mbedtls_pk_context *key;
    const char *server_name;
};

struct tls {
    int socket;
    int wake; /* readable or hung up: give up */
    char *detail; /* BMA_DETAIL_MAX bytes: why the last call failed, in words and number */
    struct bma_random random;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_x509_crt chain;
    mbedtls_x509_crt anchors;
    const char *server_name;
};

void tls_init(struct tls *tls, int wake, char *detail);
void tls_free(struct tls *tls);

/** Connects to the first address of `host` that answers; each has `timeout_ms`. */
enum tls_result tls_connect(struct tls *tls, const char *host, uint16_t port, int timeout_ms);

/** Handshake: the broker must have a certificate from `anchors` for `server_name` (DNS name or IP address). */
enum tls_result tls_handshake(struct tls *tls, const struct tls_identity *identity, int timeout_ms);

/** Bytes read (at least one), or an enum tls_result below 0. */
int tls_read(struct tls *tls, uint8_t *into, size_t len, int timeout_ms);

/** Writes everything. */
enum tls_result tls_write(struct tls *tls, const uint8_t *data, size_t len, int timeout_ms);

/** Sends close_notify; errors do not matter any more. */
void tls_goodbye(struct tls *tls);

#endif
