/* As much of an MQTT client as a self test needs, of 5 or of 3.1.1: one session, QoS 1 one at a time, fixed buffers. */
#ifndef HOST_MQTT_H
#define HOST_MQTT_H

#include "tls.h"

enum { MQTT_PACKET_MAX = 4096, MQTT_TOPIC_MAX = BMA_TOPIC_MAX + BMA_NAME_MAX + 16 };

struct mqtt {
    struct tls *tls;
    int version; /* as CONNECT says it: 5, or 4 for 3.1.1 */
    bool version_refused;
    uint8_t in[MQTT_PACKET_MAX];
    size_t have;
    uint16_t keep_alive; /* seconds, as the broker wants it */
    uint16_t next_id;
    /* The message that the self test waits for. */
    const char *expected_topic;
    const char *expected_payload;
    bool echoed;
};

void mqtt_init(struct mqtt *mqtt, struct tls *tls, int version);

/* Each answers TLS_OK, TLS_FAILED with the reason in the connection's `detail`, or another enum tls_result. */

/** CONNECT with clean start; TLS_OK only for reason code 0. */
enum tls_result mqtt_connect(struct mqtt *mqtt, const char *client, int timeout_ms);
/** SUBSCRIBE with QoS 1; TLS_OK only when it was granted. */
enum tls_result mqtt_subscribe(struct mqtt *mqtt, const char *topic, int timeout_ms);
/** PUBLISH with QoS 1; the PUBACK's reason code goes into `reason`: under 3.1.1, which has none, 0. */
enum tls_result mqtt_publish(struct mqtt *mqtt, const char *topic, const char *payload, uint8_t *reason, int timeout_ms);
/** Serves the session until `echoed`, or until the time is over. */
enum tls_result mqtt_wait_echo(struct mqtt *mqtt, int timeout_ms);
/** Serves and keeps the session alive; comes back only when it has ended, or was given up. */
enum tls_result mqtt_stay(struct mqtt *mqtt);
void mqtt_disconnect(struct mqtt *mqtt);

/** Words for an MQTT 5 reason code. */
const char *mqtt_reason(uint8_t code);

#endif
