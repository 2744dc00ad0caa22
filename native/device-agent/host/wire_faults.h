/* What happens to a frame on its way out: noise around it, bytes of it wrong, lost or doubled. */
#ifndef HOST_WIRE_FAULTS_H
#define HOST_WIRE_FAULTS_H

#include "unit.h"

/** The core's `uart.write`: collects lines until the frame is whole. */
void wire_write_line(void *unit, const uint8_t *line, size_t len);

/** Sends the collected frame with its faults. */
void wire_end_frame(struct unit *unit);

/** A log line of the unit's application. */
void wire_log(struct unit *unit);

/** `len` bytes of what a line at the wrong speed gives, or of noise. */
void wire_garbage(struct unit *unit, size_t len);

#endif
