/*
 * Hooks for what makes and keeps the private keys: a secure element, a TEE, or PSA Crypto (psa.c). Keys are P-256 and have numbers; results are
 * those of birthmark_agent.h. With these, keys.c has everything that board.h asks of keys.
 */
#ifndef ELEMENT_H
#define ELEMENT_H

#include "birthmark_agent.h"
#include "p256.h"

#ifdef __cplusplus
extern "C" {
#endif

bool element_has_key(uint8_t number);
/** Makes a new key in place of the old one. It must survive a restart. */
int element_make_key(uint8_t number);
/** Forgetting what is not there is BMA_OK. */
int element_forget_key(uint8_t number);
/** 04, X, Y. BMA_NO_KEY without a key. */
int element_public_key(uint8_t number, uint8_t point[P256_POINT_LEN]);
/** r and s, 32 bytes each, big endian. */
int element_sign(uint8_t number, const uint8_t hash[BMA_SHA256_LEN], uint8_t raw[P256_RAW_LEN]);

#ifdef __cplusplus
}
#endif

#endif
