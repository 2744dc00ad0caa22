#include "mqtt.h"

#include <stdio.h>
#include <string.h>

#include "link.h"

enum { CONNECT = 0x10, CONNACK = 0x20, PUBLISH = 0x30, PUBACK = 0x40, SUBSCRIBE = 0x82, SUBACK = 0x90, PINGREQ = 0xc0, PINGRESP = 0xd0,
       DISCONNECT = 0xe0 };
enum { CONNACK_OTHER_VERSION = 1 /* 3.1.1, 3.2.2.3 */, REASON_OTHER_VERSION = 132 };
enum { QOS_1 = 0x02, CLEAN_START = 0x02, KEEP_ALIVE_S = 10, WRITE_MS = 5000 };
enum { PROPERTY_SERVER_KEEP_ALIVE = 0x13, PROPERTY_REASON_STRING = 0x1f, PROPERTY_MAXIMUM_PACKET_SIZE = 0x27 };

/* A received packet; `body` is what follows the fixed header. */
struct packet {
    uint8_t type;
    uint8_t flags;
    const uint8_t *body;
    size_t len;
};

/* A packet in the making; the fixed header is put in front at the end. */
struct outgoing {
    uint8_t data[MQTT_PACKET_MAX];
    size_t len;
};

static void put_u8(struct outgoing *out, uint8_t value)
{
    out->data[out->len++] = value;
}

static void put_u16(struct outgoing *out, uint16_t value)
{
    put_u8(out, (uint8_t)(value >> 8));
    put_u8(out, (uint8_t)value);
}

static void put_string(struct outgoing *out, const char *text)
{
    size_t len = strlen(text); /* the settings' own limits keep every packet far below MQTT_PACKET_MAX */
    put_u16(out, (uint16_t)len);
    memcpy(out->data + out->len, text, len);
    out->len += len;
}

static enum tls_result send_packet(struct mqtt *mqtt, uint8_t first, const struct outgoing *out)
{
    uint8_t whole[MQTT_PACKET_MAX + 3];
    size_t head = 0, left = out->len;
    whole[head++] = first;
    do {
        whole[head] = (uint8_t)(left & 0x7f);
        left >>= 7;
        whole[head++] |= left > 0 ? 0x80 : 0;
    } while (left > 0);
    memcpy(whole + head, out->data, out->len);
    return tls_write(mqtt->tls, whole, head + out->len, WRITE_MS);
}

static uint16_t u16_at(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* A variable byte integer (1.5.5); bytes used, 0 when more are needed, -1 when it is malformed. */
static int read_varint(const uint8_t *p, size_t len, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i >= len)
            return 0;
        *value |= (uint32_t)(p[i] & 0x7f) << (7 * i);
        if ((p[i] & 0x80) == 0)
            return (int)i + 1;
    }
    return -1;
}

static enum tls_result fail(struct mqtt *mqtt, const char *what)
{
    snprintf(mqtt->tls->detail, BMA_DETAIL_MAX, "%s", what);
    return TLS_FAILED;
}

/* Length of a property's value (2.2.2.2); false for what no server may send us. */
static bool property_length(uint8_t id, const uint8_t *p, size_t len, size_t *value_len)
{
    switch (id) {
    case 0x01: case 0x24: case 0x25: case 0x28: case 0x29: case 0x2a:
        *value_len = 1;
        return true;
    case 0x13: case 0x21: case 0x22: case 0x23:
        *value_len = 2;
        return true;
    case 0x02: case 0x11: case 0x27:
        *value_len = 4;
        return true;
    case 0x03: case 0x08: case 0x09: case 0x12: case 0x15: case 0x16: case 0x1a: case 0x1c: case 0x1f:
        *value_len = len < 2 ? len + 1 : 2u + u16_at(p);
        return true;
    case 0x26:
        *value_len = len < 2 ? len + 1 : 2u + u16_at(p);
        *value_len += *value_len + 2 > len ? len : 2u + u16_at(p + *value_len);
        return true;
    case 0x0b: {
        uint32_t ignored;
        int used = read_varint(p, len, &ignored);
        *value_len = (size_t)(used > 0 ? used : 1);
        return used > 0;
    }
    default:
        return false;
    }
}

/* Finds a property's value among the properties at `p`; NULL when it is not there. */
static const uint8_t *find_property(const uint8_t *p, size_t len, uint8_t id, size_t *value_len)
{
    uint32_t total;
    int used = read_varint(p, len, &total);
    if (used <= 0 || total > len - (size_t)used)
        return NULL;
    p += used;
    while (total > 0 && property_length(*p, p + 1, total - 1, value_len) && *value_len <= total - 1) {
        if (*p == id)
            return p + 1;
        p += 1 + *value_len;
        total -= 1 + (uint32_t)*value_len;
    }
    return NULL;
}

/* "CONNACK reason 135 (not authorized): the broker's own words" */
static enum tls_result fail_reason(struct mqtt *mqtt, const char *what, uint8_t code, const uint8_t *properties, size_t len)
{
    size_t value_len = 0;
    const uint8_t *words = len > 0 ? find_property(properties, len, PROPERTY_REASON_STRING, &value_len) : NULL;
    int n = snprintf(mqtt->tls->detail, BMA_DETAIL_MAX, "%s reason %u (%s)", what, code, mqtt_reason(code));
    if (words != NULL && value_len > 2)
        snprintf(mqtt->tls->detail + n, (size_t)(BMA_DETAIL_MAX - n), ": %.*s", (int)(value_len - 2), (const char *)words + 2);
    return TLS_FAILED;
}

/* Next packet; TLS_TIMEOUT leaves what has come so far for the next call. */
static enum tls_result receive(struct mqtt *mqtt, struct packet *packet, int64_t deadline)
{
    for (;;) {
        uint32_t len = 0;
        int used = mqtt->have < 2 ? 0 : read_varint(mqtt->in + 1, mqtt->have - 1, &len);
        if (used < 0 || (used > 0 && len > sizeof mqtt->in - 1 - (size_t)used))
            return fail(mqtt, "the broker sent a packet of impossible length");
        if (used > 0 && mqtt->have >= 1 + (size_t)used + len) {
            *packet = (struct packet){mqtt->in[0] & 0xf0, mqtt->in[0] & 0x0f, mqtt->in + 1 + used, len};
            return TLS_OK;
        }
        int64_t left = (deadline - monotonic_ns()) / 1000000;
        int n = tls_read(mqtt->tls, mqtt->in + mqtt->have, sizeof mqtt->in - mqtt->have, left < 0 ? 0 : (int)left);
        if (n < 0)
            return (enum tls_result)n;
        mqtt->have += (size_t)n;
    }
}

/* Makes room for the next packet once this one has been dealt with. */
static void done_with(struct mqtt *mqtt, const struct packet *packet)
{
    size_t whole = (size_t)(packet->body - mqtt->in) + packet->len;
    memmove(mqtt->in, mqtt->in + whole, mqtt->have - whole);
    mqtt->have -= whole;
}

static enum tls_result on_message(struct mqtt *mqtt, const struct packet *packet)
{
    const uint8_t *p = packet->body;
    size_t len = packet->len;
    bool qos_1 = (packet->flags & 0x06) == QOS_1;
    uint32_t properties;
    if (len < 2 || len - 2 < u16_at(p))
        return fail(mqtt, "the broker sent a malformed PUBLISH");
    const char *topic = (const char *)p + 2;
    size_t topic_len = u16_at(p);
    p += 2 + topic_len;
    len -= 2 + topic_len;
    if (qos_1 && len < 2)
        return fail(mqtt, "the broker sent a malformed PUBLISH");
    uint16_t id = qos_1 ? u16_at(p) : 0;
    p += qos_1 ? 2 : 0;
    len -= qos_1 ? 2 : 0;
    if (mqtt->version == 5) {
        int used = read_varint(p, len, &properties);
        if (used <= 0 || properties > len - (size_t)used)
            return fail(mqtt, "the broker sent a malformed PUBLISH");
        p += (size_t)used + properties;
        len -= (size_t)used + properties;
    }
    if (mqtt->expected_topic != NULL && topic_len == strlen(mqtt->expected_topic) && memcmp(topic, mqtt->expected_topic, topic_len) == 0 &&
        len == strlen(mqtt->expected_payload) && memcmp(p, mqtt->expected_payload, len) == 0)
        mqtt->echoed = true;
    if (!qos_1)
        return TLS_OK;
    struct outgoing out = {.len = 0};
    put_u16(&out, id);
    return send_packet(mqtt, PUBACK, &out);
}

/* Deals with what a broker may send at any time; TLS_FAILED also for the end of the session by DISCONNECT. */
static enum tls_result serve(struct mqtt *mqtt, const struct packet *packet)
{
    if (packet->type == PUBLISH)
        return on_message(mqtt, packet);
    if (packet->type == DISCONNECT)
        return fail_reason(mqtt, "DISCONNECT", packet->len > 0 ? packet->body[0] : 0, packet->body + 1, packet->len > 1 ? packet->len - 1 : 0);
    return TLS_OK;
}

/* Waits for a packet of this type and, where `id` is not 0, this packet identifier, serving what comes in between. */
static enum tls_result await(struct mqtt *mqtt, uint8_t type, uint16_t id, struct packet *packet, int timeout_ms)
{
    int64_t deadline = monotonic_ns() + timeout_ms * INT64_C(1000000);
    for (;;) {
        enum tls_result rc = receive(mqtt, packet, deadline);
        if (rc != TLS_OK)
            return rc;
        bool found = packet->type == type && (id == 0 || (packet->len >= 2 && u16_at(packet->body) == id));
        if (found)
            return TLS_OK; /* the caller reads it, and then is done with it */
        rc = serve(mqtt, packet);
        done_with(mqtt, packet);
        if (rc != TLS_OK)
            return rc;
    }
}

void mqtt_init(struct mqtt *mqtt, struct tls *tls, int version)
{
    memset(mqtt, 0, sizeof *mqtt);
    mqtt->tls = tls;
    mqtt->version = version;
    mqtt->keep_alive = KEEP_ALIVE_S;
    mqtt->next_id = 1;
}

enum tls_result mqtt_connect(struct mqtt *mqtt, const char *client, int timeout_ms)
{
    struct outgoing out = {.len = 0};
    struct packet packet;
    put_string(&out, "MQTT");
    put_u8(&out, (uint8_t)mqtt->version);
    put_u8(&out, CLEAN_START);
    put_u16(&out, KEEP_ALIVE_S);
    if (mqtt->version == 5) {
        put_u8(&out, 5); /* bytes of properties */
        put_u8(&out, PROPERTY_MAXIMUM_PACKET_SIZE);
        put_u16(&out, 0);
        put_u16(&out, MQTT_PACKET_MAX);
    }
    put_string(&out, client);
    enum tls_result rc = send_packet(mqtt, CONNECT, &out);
    if (rc == TLS_OK)
        rc = await(mqtt, CONNACK, 0, &packet, timeout_ms);
    if (rc != TLS_OK)
        return rc;
    if (packet.len < 2)
        return fail(mqtt, "the broker sent a malformed CONNACK");
    mqtt->version_refused = packet.body[1] == CONNACK_OTHER_VERSION || packet.body[1] == REASON_OTHER_VERSION;
    if (packet.body[1] != 0)
        return fail_reason(mqtt, "CONNACK", packet.body[1], packet.body + 2, packet.len - 2);
    size_t value_len = 0;
    const uint8_t *keep_alive = find_property(packet.body + 2, packet.len - 2, PROPERTY_SERVER_KEEP_ALIVE, &value_len);
    if (keep_alive != NULL)
        mqtt->keep_alive = u16_at(keep_alive);
    done_with(mqtt, &packet);
    return TLS_OK;
}

enum tls_result mqtt_subscribe(struct mqtt *mqtt, const char *topic, int timeout_ms)
{
    struct outgoing out = {.len = 0};
    struct packet packet;
    uint16_t id = mqtt->next_id++;
    put_u16(&out, id);
    if (mqtt->version == 5)
        put_u8(&out, 0); /* no properties */
    put_string(&out, topic);
    put_u8(&out, 1); /* maximum QoS */
    enum tls_result rc = send_packet(mqtt, SUBSCRIBE, &out);
    if (rc == TLS_OK)
        rc = await(mqtt, SUBACK, id, &packet, timeout_ms);
    if (rc != TLS_OK)
        return rc;
    uint8_t code = packet.len < (mqtt->version == 5 ? 4u : 3u) ? 128 : packet.body[packet.len - 1]; /* one topic, one code, at the end */
    if (code >= 128)
        rc = fail_reason(mqtt, "SUBACK", code, packet.body + 2, packet.len < 4 ? 0 : packet.len - 3);
    done_with(mqtt, &packet);
    return rc;
}

enum tls_result mqtt_publish(struct mqtt *mqtt, const char *topic, const char *payload, uint8_t *reason, int timeout_ms)
{
    struct outgoing out = {.len = 0};
    struct packet packet;
    uint16_t id = mqtt->next_id++;
    put_string(&out, topic);
    put_u16(&out, id);
    if (mqtt->version == 5)
        put_u8(&out, 0); /* no properties */
    memcpy(out.data + out.len, payload, strlen(payload));
    out.len += strlen(payload);
    enum tls_result rc = send_packet(mqtt, PUBLISH | QOS_1, &out);
    if (rc == TLS_OK)
        rc = await(mqtt, PUBACK, id, &packet, timeout_ms);
    if (rc != TLS_OK)
        return rc;
    *reason = packet.len > 2 ? packet.body[2] : 0; /* 3.4.2.1: left out means success */
    if (*reason >= 128)
        fail_reason(mqtt, "PUBACK", *reason, packet.body + 3, packet.len - 3);
    done_with(mqtt, &packet);
    return TLS_OK;
}

enum tls_result mqtt_wait_echo(struct mqtt *mqtt, int timeout_ms)
{
    int64_t deadline = monotonic_ns() + timeout_ms * INT64_C(1000000);
    while (!mqtt->echoed) {
        struct packet packet;
        enum tls_result rc = receive(mqtt, &packet, deadline);
        if (rc != TLS_OK)
            return rc;
        rc = serve(mqtt, &packet);
        done_with(mqtt, &packet);
        if (rc != TLS_OK)
            return rc;
    }
    return TLS_OK;
}

enum tls_result mqtt_stay(struct mqtt *mqtt)
{
    const int64_t interval = mqtt->keep_alive * INT64_C(500000000); /* half of the keep alive time, and never when it is 0 */
    int64_t next = monotonic_ns() + interval;
    bool waiting = false;
    for (;;) {
        struct packet packet;
        enum tls_result rc = receive(mqtt, &packet, interval > 0 ? next : monotonic_ns() + INT64_C(3600000000000));
        if (rc == TLS_OK) {
            waiting = false; /* whatever comes shows that the broker is there */
            rc = serve(mqtt, &packet);
            done_with(mqtt, &packet);
        } else if (rc == TLS_TIMEOUT && !waiting) {
            const struct outgoing nothing = {.len = 0};
            waiting = interval > 0;
            next = monotonic_ns() + interval;
            rc = waiting ? send_packet(mqtt, PINGREQ, &nothing) : TLS_OK;
        }
        if (rc != TLS_OK)
            return rc;
    }
}

void mqtt_disconnect(struct mqtt *mqtt)
{
    const struct outgoing nothing = {.len = 0};
    send_packet(mqtt, DISCONNECT, &nothing);
}
