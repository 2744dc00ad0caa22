#include "fake_tls.h"

/* A broker that says anything at all. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct mqtt mqtt;
    uint8_t reason;
    fake_broker_says(data, len, TLS_CLOSED);
    mqtt_init(&mqtt, &broker.tls, 5);
    mqtt.expected_topic = "a/verify/n";
    mqtt.expected_payload = "n";
    if (mqtt_connect(&mqtt, "c", 1000) == TLS_OK && mqtt_subscribe(&mqtt, "a/verify/n", 1000) == TLS_OK &&
        mqtt_publish(&mqtt, "a/verify/n", "n", &reason, 1000) == TLS_OK)
        mqtt_wait_echo(&mqtt, 1000);
    mqtt_stay(&mqtt);
    return 0;
}
