#define _GNU_SOURCE
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>

#include "crypto.h"
#include "link.h"

enum { ALERT_RECORD = 0x15, ALERT_RECORD_LEN = 7, SAN_IP_ADDRESS = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7 };

static void say(struct tls *tls, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct tls *tls, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(tls->detail, BMA_DETAIL_MAX, format, arguments);
    va_end(arguments);
    for (char *p = tls->detail; *p != 0; p++)
        if (*p == '\n')
            *p = ' ';
}

static void say_errno(struct tls *tls)
{
    say(tls, "%s (errno %d)", strerror(errno), errno);
}

static void say_mbedtls(struct tls *tls, int rc)
{
    char words[100];
    mbedtls_strerror(rc, words, sizeof words);
    say(tls, "%s (-0x%04x)", words, (unsigned)-rc);
}

/* Waits for the socket until `deadline` (monotonic nanoseconds). */
static enum tls_result wait_for(struct tls *tls, short events, int64_t deadline)
{
    struct pollfd fds[] = {{tls->socket, events, 0}, {tls->wake, POLLIN, 0}};
    int64_t left = deadline - monotonic_ns();
    int n = poll(fds, 2, left <= 0 ? 0 : (int)(left / 1000000) + 1);
    if (fds[1].revents != 0)
        return TLS_GIVEN_UP;
    if (n == 0)
        say(tls, "no answer in time");
    return n == 0 ? TLS_TIMEOUT : TLS_OK;
}

static int64_t deadline_after(int timeout_ms)
{
    return monotonic_ns() + timeout_ms * INT64_C(1000000);
}

static int bio_send(void *user, const unsigned char *data, size_t len)
{
    ssize_t n = send(((struct tls *)user)->socket, data, len, MSG_NOSIGNAL);
    if (n >= 0)
        return (int)n;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_CONN_RESET;
}

static int bio_receive(void *user, unsigned char *into, size_t len)
{
    ssize_t n = recv(((struct tls *)user)->socket, into, len, 0);
    if (n >= 0)
        return (int)n;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_CONN_RESET;
}

void tls_init(struct tls *tls, int wake, char *detail)
{
    memset(tls, 0, sizeof *tls);
    tls->socket = -1;
    tls->wake = wake;
    tls->detail = detail;
    tls->random = random_table();
    mbedtls_ssl_init(&tls->ssl);
    mbedtls_ssl_config_init(&tls->config);
    mbedtls_x509_crt_init(&tls->chain);
    mbedtls_x509_crt_init(&tls->anchors);
}

void tls_free(struct tls *tls)
{
    mbedtls_ssl_free(&tls->ssl);
    mbedtls_ssl_config_free(&tls->config);
    mbedtls_x509_crt_free(&tls->chain);
    mbedtls_x509_crt_free(&tls->anchors);
    if (tls->socket >= 0)
        close(tls->socket);
    tls->socket = -1;
}

static enum tls_result connect_address(struct tls *tls, const struct addrinfo *address, int timeout_ms)
{
    int error = 0;
    socklen_t len = sizeof error;
    tls->socket = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
    if (tls->socket < 0 || (connect(tls->socket, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS)) {
        say_errno(tls);
        return TLS_FAILED;
    }
    enum tls_result rc = wait_for(tls, POLLOUT, deadline_after(timeout_ms));
    if (rc != TLS_OK)
        return rc;
    if (getsockopt(tls->socket, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0)
        return TLS_OK;
    errno = error;
    say_errno(tls);
    return TLS_FAILED;
}

enum tls_result tls_connect(struct tls *tls, const char *host, uint16_t port, int timeout_ms)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses;
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    int found = getaddrinfo(host, service, &hints, &addresses);
    if (found != 0) {
        say(tls, "%s: %s (%d)", host, gai_strerror(found), found);
        return TLS_FAILED;
    }
    enum tls_result rc = TLS_FAILED;
    for (const struct addrinfo *a = addresses; a != NULL && rc != TLS_OK && rc != TLS_GIVEN_UP; a = a->ai_next) {
        if (tls->socket >= 0)
            close(tls->socket);
        rc = connect_address(tls, a, timeout_ms);
    }
    freeaddrinfo(addresses);
    return rc;
}

static size_t parse_address(const char *name, uint8_t address[16])
{
    if (inet_pton(AF_INET, name, address) == 1)
        return 4;
    return inet_pton(AF_INET6, name, address) == 1 ? 16 : 0;
}

/* mbedTLS 2.28 compares DNS names only: an IP address has to be among the certificate's own (RFC 5280, 4.2.1.6). */
static int check_address(void *user, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    const struct tls *tls = user;
    uint8_t address[16];
    size_t len = parse_address(tls->server_name, address);
    if (depth != 0 || len == 0)
        return 0;
    for (const mbedtls_x509_sequence *name = &certificate->subject_alt_names; name != NULL; name = name->next)
        if (name->buf.tag == SAN_IP_ADDRESS && name->buf.len == len && memcmp(name->buf.p, address, len) == 0)
            return 0;
    *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

/* The broker may have said why and hung up while we were still sending: its alert then waits in the socket, unencrypted. */
static int waiting_alert(const struct tls *tls)
{
    uint8_t record[ALERT_RECORD_LEN];
    ssize_t n = recv(tls->socket, record, sizeof record, MSG_DONTWAIT);
    return n == ALERT_RECORD_LEN && record[0] == ALERT_RECORD && record[4] == 2 ? record[6] : -1;
}

static void explain_handshake(struct tls *tls, int rc)
{
    char words[BMA_DETAIL_MAX];
    int alert = -1;
    if (rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
        alert = tls->ssl.in_msg[1];
    else if (rc == MBEDTLS_ERR_NET_CONN_RESET)
        alert = waiting_alert(tls);
    if (alert >= 0) {
        say(tls, "the broker sent TLS alert %d (-0x%04x)", alert, (unsigned)-MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
        return;
    }
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    if (rc != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED || mbedtls_x509_crt_verify_info(words, sizeof words, "", flags) < 0)
        say_mbedtls(tls, rc);
    else
        say(tls, "the broker's certificate: %.120s (-0x%04x)", words, (unsigned)-rc);
}

static int configure(struct tls *tls, const struct tls_identity *identity)
{
    mbedtls_ssl_config *config = &tls->config;
    int rc = mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc != 0)
        return rc;
    if (!crypto_parse_certificates(identity->chain, identity->chain_len, &tls->chain) ||
        !crypto_parse_certificates(identity->anchors, identity->anchors_len, &tls->anchors))
        return MBEDTLS_ERR_X509_INVALID_FORMAT;
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_verify(config, check_address, tls);
    mbedtls_ssl_conf_ca_chain(config, &tls->anchors, NULL);
    mbedtls_ssl_conf_rng(config, crypto_rng, &tls->random);
    if ((rc = mbedtls_ssl_conf_own_cert(config, &tls->chain, identity->key)) != 0 || (rc = mbedtls_ssl_setup(&tls->ssl, config)) != 0)
        return rc;
    mbedtls_ssl_set_bio(&tls->ssl, tls, bio_send, bio_receive, NULL);
    tls->server_name = identity->server_name;
    uint8_t address[16];
    bool by_address = parse_address(identity->server_name, address) > 0;
    return mbedtls_ssl_set_hostname(&tls->ssl, by_address ? NULL : identity->server_name);
}

enum tls_result tls_handshake(struct tls *tls, const struct tls_identity *identity, int timeout_ms)
{
    int64_t deadline = deadline_after(timeout_ms);
    int rc = configure(tls, identity);
    if (rc != 0) {
        say_mbedtls(tls, rc);
        return TLS_FAILED;
    }
    while ((rc = mbedtls_ssl_handshake(&tls->ssl)) != 0) {
        if (rc != MBEDTLS_ERR_SSL_WANT_READ && rc != MBEDTLS_ERR_SSL_WANT_WRITE) {
            explain_handshake(tls, rc);
            return TLS_FAILED;
        }
        enum tls_result waited = wait_for(tls, rc == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT, deadline);
        if (waited != TLS_OK)
            return waited;
    }
    return TLS_OK;
}

int tls_read(struct tls *tls, uint8_t *into, size_t len, int timeout_ms)
{
    int64_t deadline = deadline_after(timeout_ms);
    for (;;) {
        int n = mbedtls_ssl_read(&tls->ssl, into, len);
        if (n > 0)
            return n;
        if (n == 0 || n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || n == MBEDTLS_ERR_NET_CONN_RESET || n == MBEDTLS_ERR_SSL_CONN_EOF) {
            say(tls, "the broker closed the connection (-0x%04x)", (unsigned)-n);
            return TLS_CLOSED;
        }
        if (n != MBEDTLS_ERR_SSL_WANT_READ && n != MBEDTLS_ERR_SSL_WANT_WRITE) {
            explain_handshake(tls, n);
            return TLS_FAILED;
        }
        enum tls_result waited = wait_for(tls, n == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT, deadline);
        if (waited != TLS_OK)
            return waited;
    }
}

enum tls_result tls_write(struct tls *tls, const uint8_t *data, size_t len, int timeout_ms)
{
    int64_t deadline = deadline_after(timeout_ms);
    while (len > 0) {
        int n = mbedtls_ssl_write(&tls->ssl, data, len);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
            continue;
        }
        if (n != MBEDTLS_ERR_SSL_WANT_READ && n != MBEDTLS_ERR_SSL_WANT_WRITE) {
            explain_handshake(tls, n);
            return TLS_FAILED;
        }
        enum tls_result waited = wait_for(tls, n == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT, deadline);
        if (waited != TLS_OK)
            return waited;
    }
    return TLS_OK;
}

void tls_goodbye(struct tls *tls)
{
    mbedtls_ssl_close_notify(&tls->ssl);
}
