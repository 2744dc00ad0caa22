#ifndef BMA_CRC16_H
#define BMA_CRC16_H

#include <stddef.h>
#include <stdint.h>

/** CRC-16/XMODEM (polynomial 0x1021, start 0, not reflected); pass 0 or the value so far. */
uint16_t bma_crc16(uint16_t crc, const uint8_t *data, size_t len);

#endif
