/* The keys of board.h, on the hooks of element.h: requests, signatures and the comparison with a certificate. */
#include "board.h"
#include "element.h"

/* The core has no hash of its own under way when it asks for a signature. */
static void hash_of(const uint8_t *message, size_t len, uint8_t digest[BMA_SHA256_LEN])
{
    board_sha256_start();
    board_sha256_add(message, len);
    board_sha256_finish(digest);
}

bool board_key_exists(uint8_t number)
{
    return element_has_key(number);
}

int board_key_forget(uint8_t number)
{
    return element_forget_key(number);
}

int board_key_sign(uint8_t number, const uint8_t *message, size_t len, uint8_t *signature, size_t capacity, size_t *signature_len)
{
    uint8_t digest[BMA_SHA256_LEN], raw[P256_RAW_LEN];
    if (capacity < P256_SIGNATURE_MAX)
        return BMA_TOO_LARGE;
    hash_of(message, len, digest);
    int rc = element_sign(number, digest, raw);
    if (rc == BMA_OK)
        *signature_len = p256_signature(signature, raw);
    return rc;
}

int board_key_make(uint8_t number, const char *common_name, uint8_t *request, size_t capacity, size_t *request_len)
{
    uint8_t point[P256_POINT_LEN], info[P256_REQUEST_INFO_MAX], signature[P256_SIGNATURE_MAX];
    size_t signature_len = 0;
    int rc = element_make_key(number);
    if (rc == BMA_OK)
        rc = element_public_key(number, point);
    if (rc != BMA_OK)
        return rc;
    const size_t info_len = p256_request_info(info, common_name, point);
    rc = board_key_sign(number, info, info_len, signature, sizeof signature, &signature_len);
    if (rc != BMA_OK)
        return rc;
    *request_len = p256_request(request, capacity, info, info_len, signature, signature_len);
    return *request_len > 0 ? BMA_OK : BMA_TOO_LARGE;
}

static bool read_file(void *user, uint32_t off, uint8_t *into, size_t len)
{
    return board_file_read(user, off, into, len) == (int32_t)len;
}

int board_key_is_of(uint8_t number, const char *certificates)
{
    uint8_t point[P256_POINT_LEN];
    int rc = element_public_key(number, point);
    if (rc != BMA_OK)
        return rc;
    return p256_certificate_has(read_file, (void *)certificates, point) ? BMA_OK : BMA_CONTENT_REJECTED;
}
