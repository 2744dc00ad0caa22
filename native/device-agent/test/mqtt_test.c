#include "mqtt.h"

#include "fake_tls.h"
#include "harness.h"

static struct mqtt mqtt;

#define SAYS(bytes)                                                                                                                        \
    do {                                                                                                                                   \
        fake_broker_says(bytes, sizeof(bytes) - 1, TLS_TIMEOUT);                                                                           \
        mqtt_init(&mqtt, &broker.tls, 5);                                                                                                  \
    } while (0)

#define HEARD(bytes) CHECK(broker.heard_len == sizeof(bytes) - 1 && memcmp(broker.heard, bytes, broker.heard_len) == 0)

static void connects(void)
{
    SAYS("\x20\x03\x00\x00\x00");
    broker.chunk = 1;
    CHECK_INT(mqtt_connect(&mqtt, "T2", 100), TLS_OK);
    HEARD("\x10\x14\x00\x04MQTT\x05\x02\x00\x0a\x05\x27\x00\x00\x10\x00\x00\x02T2");
    SAYS("\x20\x06\x00\x00\x03\x13\x00\x3c"); /* server keep alive 60 */
    CHECK_INT(mqtt_connect(&mqtt, "T2", 100), TLS_OK);
    CHECK_INT(mqtt.keep_alive, 60);
    SAYS("\x20\x0a\x00\x87\x07\x1f\x00\x04nope");
    CHECK_INT(mqtt_connect(&mqtt, "T2", 100), TLS_FAILED);
    CHECK(strcmp(broker.detail, "CONNACK reason 135 (not authorized): nope") == 0);
    SAYS("");
    CHECK_INT(mqtt_connect(&mqtt, "T2", 0), TLS_TIMEOUT);
}

static void subscribes_and_publishes(void)
{
    uint8_t reason = 99;
    SAYS("\x90\x04\x00\x01\x00\x01");
    CHECK_INT(mqtt_subscribe(&mqtt, "a/b", 100), TLS_OK);
    HEARD("\x82\x09\x00\x01\x00\x00\x03" "a/b\x01");
    SAYS("\x90\x04\x00\x01\x00\x87");
    CHECK_INT(mqtt_subscribe(&mqtt, "a/b", 100), TLS_FAILED);
    CHECK(strcmp(broker.detail, "SUBACK reason 135 (not authorized)") == 0);
    SAYS("\x40\x02\x00\x09\x40\x03\x00\x01\x87"); /* the first is for another packet */
    CHECK_INT(mqtt_publish(&mqtt, "a", "hi", &reason, 100), TLS_OK);
    CHECK_INT(reason, 135);
    HEARD("\x32\x08\x00\x01" "a\x00\x01\x00hi");
    SAYS("\x40\x02\x00\x01");
    CHECK_INT(mqtt_publish(&mqtt, "a", "hi", &reason, 100), TLS_OK);
    CHECK_INT(reason, 0);
}

static void speaks_3_1_1(void)
{
    uint8_t reason = 99;
    SAYS("\x20\x02\x00\x00" "\x90\x03\x00\x01\x01" "\x40\x02\x00\x02" "\x32\x07\x00\x01" "a\x00\x06" "hi");
    mqtt.version = 4;
    CHECK_INT(mqtt_connect(&mqtt, "T2", 100), TLS_OK);
    CHECK_INT(mqtt_subscribe(&mqtt, "a", 100), TLS_OK);
    CHECK_INT(mqtt_publish(&mqtt, "a", "hi", &reason, 100), TLS_OK);
    CHECK_INT(reason, 0);
    mqtt.expected_topic = "a";
    mqtt.expected_payload = "hi";
    CHECK_INT(mqtt_wait_echo(&mqtt, 0), TLS_OK);
    HEARD("\x10\x0e\x00\x04MQTT\x04\x02\x00\x0a\x00\x02T2" "\x82\x06\x00\x01\x00\x01" "a\x01" "\x32\x07\x00\x01" "a\x00\x02hi" "\x40\x02\x00\x06");
    SAYS("\x20\x02\x00\x00" "\x90\x03\x00\x01\x80");
    mqtt.version = 4;
    CHECK_INT(mqtt_connect(&mqtt, "T2", 100), TLS_OK);
    CHECK_INT(mqtt_subscribe(&mqtt, "a", 100), TLS_FAILED);
    SAYS("\x20\x02\x00\x01"); /* what a broker of 3.1.1 says to version 5 */
    CHECK_INT(mqtt_connect(&mqtt, "T2", 100), TLS_FAILED);
    CHECK(mqtt.version_refused);
}

static void sees_its_own_message_only(void)
{
    SAYS("\x32\x08\x00\x01" "b\x00\x05\x00hi" "\x32\x08\x00\x01" "a\x00\x06\x00ho" "\x30\x08\x00\x01" "a\x02\x01\x01hi");
    mqtt.expected_topic = "a";
    mqtt.expected_payload = "hi";
    CHECK_INT(mqtt_wait_echo(&mqtt, 0), TLS_OK);
    HEARD("\x40\x02\x00\x05\x40\x02\x00\x06");
    SAYS("\x32\x08\x00\x01" "b\x00\x05\x00hi");
    mqtt.expected_topic = "a";
    mqtt.expected_payload = "hi";
    CHECK_INT(mqtt_wait_echo(&mqtt, 0), TLS_TIMEOUT);
}

static void notices_the_end_of_its_session(void)
{
    SAYS("\xe0\x02\x8e\x00");
    CHECK_INT(mqtt_stay(&mqtt), TLS_FAILED);
    CHECK(strcmp(broker.detail, "DISCONNECT reason 142 (session taken over)") == 0);
    SAYS("\xe0\x00");
    CHECK_INT(mqtt_stay(&mqtt), TLS_FAILED);
    SAYS("");
    broker.after = TLS_CLOSED;
    CHECK_INT(mqtt_stay(&mqtt), TLS_CLOSED);
    SAYS(""); /* one ping, and then silence */
    CHECK_INT(mqtt_stay(&mqtt), TLS_TIMEOUT);
    HEARD("\xc0\x00");
    SAYS("\xd0\x00");
    CHECK_INT(mqtt_stay(&mqtt), TLS_TIMEOUT);
}

static void refuses_malformed_packets(void)
{
    SAYS("\x30\xff\xff\xff\xff\x01");
    CHECK_INT(mqtt_stay(&mqtt), TLS_FAILED);
    SAYS("\x30\xff\xff\x7f");
    CHECK_INT(mqtt_stay(&mqtt), TLS_FAILED);
    SAYS("\x32\x03\x00\x09" "a");
    CHECK_INT(mqtt_stay(&mqtt), TLS_FAILED);
    SAYS("\x30\x04\x00\x01" "a\x09");
    CHECK_INT(mqtt_stay(&mqtt), TLS_FAILED);
    SAYS("\x20\x01\x00");
    CHECK_INT(mqtt_connect(&mqtt, "T2", 100), TLS_FAILED);
    SAYS("\x20\x05\x00\x00\x02\x13\x00"); /* a property that ends too early */
    CHECK_INT(mqtt_connect(&mqtt, "T2", 100), TLS_OK);
    CHECK_INT(mqtt.keep_alive, 10);
}

void test_mqtt(void)
{
    connects();
    subscribes_and_publishes();
    speaks_3_1_1();
    sees_its_own_message_only();
    notices_the_end_of_its_session();
    refuses_malformed_packets();
}
