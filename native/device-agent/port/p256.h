/* What a P-256 key needs around it, whatever makes and keeps it: requests, signatures and certificates as DER. No crypto library is used here. */
#ifndef P256_H
#define P256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { P256_POINT_LEN = 65, P256_RAW_LEN = 64, P256_SIGNATURE_MAX = 72, P256_REQUEST_INFO_MAX = 200 };

/** Reads `len` bytes at `off`; false when they are not there. */
typedef bool p256_reader(void *user, uint32_t off, uint8_t *into, size_t len);

/** What is signed in a PKCS#10 request (RFC 2986) with the subject CN=`common_name` (1 to 64 bytes of UTF-8) for the key with this point (04, X, Y). */
size_t p256_request_info(uint8_t into[P256_REQUEST_INFO_MAX], const char *common_name, const uint8_t point[P256_POINT_LEN]);

/** The whole request around it, with its signature (ECDSA with SHA-256, DER); its length, or 0 when it does not fit. */
size_t p256_request(uint8_t *into, size_t capacity, const uint8_t *info, size_t info_len, const uint8_t *signature, size_t signature_len);

/** r and s as crypto hardware gives them → DER; its length. */
size_t p256_signature(uint8_t into[P256_SIGNATURE_MAX], const uint8_t raw[P256_RAW_LEN]);

/** Is the X.509 certificate at the beginning of what `read` reads for the key with this point? */
bool p256_certificate_has(p256_reader *read, void *user, const uint8_t point[P256_POINT_LEN]);

#ifdef __cplusplus
}
#endif

#endif
