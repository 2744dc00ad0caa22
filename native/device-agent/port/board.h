/* What the port asks of the board: to be written by whoever knows it. Each function answers BMA_OK, or the bma_result that says what went wrong. */
#ifndef BOARD_H
#define BOARD_H

#include "birthmark_agent.h"

#ifdef __cplusplus
extern "C" {
#endif

/** At most BMA_NAME_MAX characters, the same after every restart: a fused serial number, not an address that can be changed. */
const char *board_serial_number(void);
/** What the station shows of it, each at most BMA_NAME_MAX characters. */
const char *board_model(void);
const char *board_firmware(void);

/** Sends everything; may wait for room. */
void board_uart_send(const uint8_t *data, size_t len);

uint32_t board_milliseconds(void);
/** From the hardware's generator, once it has enough entropy. */
int board_random(uint8_t *into, size_t len);

/*
 * Small files, as littlefs and most flash file systems have them. `board_file_move` replaces what is there and is done or not done after a power loss;
 * `board_file_append` makes a file where there is none and never harms what is in it.
 */
int32_t board_file_size(const char *name); /* -1: there is none */
int32_t board_file_read(const char *name, uint32_t off, uint8_t *into, size_t len);
int board_file_append(const char *name, const uint8_t *data, size_t len);
int board_file_move(const char *from, const char *to);
int board_file_remove(const char *name); /* BMA_OK as well when there is none */

/* P-256 keys, by number. keys.c has these on the hooks of element.h, and psa.c has those on PSA Crypto, together with random numbers and hashes. */
bool board_key_exists(uint8_t number);
int board_key_make(uint8_t number, const char *common_name, uint8_t *request, size_t capacity, size_t *request_len);
int board_key_forget(uint8_t number);
int board_key_sign(uint8_t number, const uint8_t *message, size_t len, uint8_t *signature, size_t capacity, size_t *signature_len);
/** Is the first of these DER certificates for this key? BMA_CONTENT_REJECTED: it is not. */
int board_key_is_of(uint8_t number, const char *certificates);

void board_sha256_start(void);
void board_sha256_add(const uint8_t *data, size_t len);
void board_sha256_finish(uint8_t digest[BMA_SHA256_LEN]);

#ifdef __cplusplus
}
#endif

#endif
