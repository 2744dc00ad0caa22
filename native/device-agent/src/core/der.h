#ifndef BMA_DER_H
#define BMA_DER_H

#include "birthmark_agent.h"

/** True when the record's `len` bytes are exactly one or more DER SEQUENCEs in a row. Contents are the crypto port's business. */
bool bma_der_is_list(const struct bma_storage *storage, struct bma_record record, uint32_t len);

#endif
