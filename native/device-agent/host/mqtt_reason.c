#include "mqtt.h"

/* MQTT 5, table 2-6: those that can meet a client that connects, subscribes and publishes. */
const char *mqtt_reason(uint8_t code)
{
    switch (code) {
    case 0:
        return "success";
    case 16:
        return "no matching subscribers";
    case 128:
        return "unspecified error";
    case 129:
        return "malformed packet";
    case 130:
        return "protocol error";
    case 131:
        return "implementation specific error";
    case 132:
        return "unsupported protocol version";
    case 133:
        return "client identifier not valid";
    case 134:
        return "bad user name or password";
    case 135:
        return "not authorized";
    case 136:
        return "server unavailable";
    case 137:
        return "server busy";
    case 138:
        return "banned";
    case 139:
        return "server shutting down";
    case 140:
        return "bad authentication method";
    case 141:
        return "keep alive timeout";
    case 142:
        return "session taken over";
    case 143:
        return "topic filter invalid";
    case 144:
        return "topic name invalid";
    case 147:
        return "receive maximum exceeded";
    case 149:
        return "packet too large";
    case 150:
        return "message rate too high";
    case 151:
        return "quota exceeded";
    case 152:
        return "administrative action";
    case 155:
        return "QoS not supported";
    case 156:
        return "use another server";
    case 157:
        return "server moved";
    case 159:
        return "connection rate exceeded";
    case 160:
        return "maximum connect time";
    default:
        return "unknown reason";
    }
}
