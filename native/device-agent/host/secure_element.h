/* A secure element with a key and certificates of its maker, as two files in the state folder: it says where the slots' keys were made. */
#ifndef HOST_SECURE_ELEMENT_H
#define HOST_SECURE_ELEMENT_H

#include "folder.h"

/** Signs a statement about a new key's request (PROTOCOL.md, "Attestation") and keeps it; BMA_OK also where there is no element. */
int secure_element_attest(const struct folder *folder, const struct bma_random *random, uint8_t slot, const uint8_t *csr, size_t len);
int secure_element_forget(const struct folder *folder, uint8_t slot);

/** The attestation table; empty where the folder has no element. */
struct bma_attestation secure_element_table(const struct folder *folder);

#endif
