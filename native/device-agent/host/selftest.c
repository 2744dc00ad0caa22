#define _POSIX_C_SOURCE 200809L
#include "selftest.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "mqtt.h"

enum { STEP_MS = 5000, HANDSHAKE_MS = 10000 };
enum { MQTT_3_1_1 = 4, MQTT_5 = 5 };

struct selftest {
    const struct folder *folder;
    struct bma_storage storage;
    pthread_mutex_t mutex; /* guards `status` */
    struct bma_selftest_status status;
    bool running; /* the thread has to be joined */
    pthread_t thread;
    int wake[2]; /* closing [1] gives the session up */
    /* What the thread works with, loaded before it starts. */
    struct bma_selftest test;
    uint8_t *chain, *anchors;
    size_t chain_len, anchors_len;
    mbedtls_pk_context key;
    char detail[BMA_DETAIL_MAX];
};

static void set_stage(struct selftest *s, const char *stage)
{
    pthread_mutex_lock(&s->mutex);
    s->status.stage = stage;
    pthread_mutex_unlock(&s->mutex);
}

static void set_result(struct selftest *s, bool connected, bool echoed, int foreign)
{
    pthread_mutex_lock(&s->mutex);
    s->status.connected = connected;
    s->status.echoed = echoed;
    s->status.foreign = foreign;
    pthread_mutex_unlock(&s->mutex);
}

static void set_state(struct selftest *s, enum bma_selftest_state state, const char *detail)
{
    pthread_mutex_lock(&s->mutex);
    s->status.state = state;
    if (state == BMA_SELFTEST_DONE)
        s->status.stage = "done";
    snprintf(s->status.detail, sizeof s->status.detail, "%s", detail);
    pthread_mutex_unlock(&s->mutex);
}

/* The session is over, by whoever: what was proven before stays proven. */
static void set_ended(struct selftest *s, const char *detail)
{
    pthread_mutex_lock(&s->mutex);
    s->status.connected = false;
    snprintf(s->status.detail, sizeof s->status.detail, "%s", detail);
    pthread_mutex_unlock(&s->mutex);
}

static enum tls_result open_session(struct selftest *s, struct tls *tls, struct mqtt *mqtt)
{
    const struct bma_broker *broker = &s->test.broker;
    const struct tls_identity identity = {s->chain, s->chain_len, s->anchors, s->anchors_len, &s->key, broker->name};
    enum tls_result rc = tls_connect(tls, broker->host, broker->port, STEP_MS);
    if (rc != TLS_OK)
        return rc;
    set_stage(s, "tls");
    if ((rc = tls_handshake(tls, &identity, HANDSHAKE_MS)) != TLS_OK)
        return rc;
    set_stage(s, "connect");
    if ((rc = mqtt_connect(mqtt, broker->client, STEP_MS)) == TLS_OK)
        set_result(s, true, false, -1);
    return rc;
}

static enum tls_result prove_topics(struct selftest *s, struct mqtt *mqtt, const char *topic)
{
    uint8_t reason = 0;
    set_stage(s, "subscribe");
    mqtt->expected_topic = topic;
    mqtt->expected_payload = s->test.nonce;
    enum tls_result rc = mqtt_subscribe(mqtt, topic, STEP_MS);
    if (rc != TLS_OK)
        return rc;
    set_stage(s, "publish");
    if ((rc = mqtt_publish(mqtt, topic, s->test.nonce, &reason, STEP_MS)) != TLS_OK)
        return rc;
    if (reason >= 128)
        return TLS_FAILED;
    set_stage(s, "echo");
    if ((rc = mqtt_wait_echo(mqtt, STEP_MS)) != TLS_OK)
        return rc;
    set_result(s, true, true, -1);
    if (s->test.foreign[0] == 0)
        return TLS_OK;
    set_stage(s, "foreign");
    rc = mqtt_publish(mqtt, s->test.foreign, s->test.nonce, &reason, STEP_MS);
    /* 3.1.1 has no word for a refusal: an acknowledgement says nothing, and some brokers close the connection. Who watches the topic knows. */
    if (rc == TLS_OK && mqtt->version == MQTT_5)
        set_result(s, true, true, reason);
    return rc;
}

/* A broker that speaks 3.1.1 only refuses a CONNECT of version 5, or cannot read it and hangs up. */
static enum tls_result open_older_session(struct selftest *s, struct tls *tls, struct mqtt *mqtt)
{
    tls_free(tls);
    tls_init(tls, s->wake[0], s->detail);
    mqtt_init(mqtt, tls, MQTT_3_1_1);
    return open_session(s, tls, mqtt);
}

static bool speaks_older(const struct selftest *s, const struct mqtt *mqtt, enum tls_result rc)
{
    return mqtt->version_refused || (rc == TLS_CLOSED && strcmp(s->status.stage, "connect") == 0);
}

static void run(struct selftest *s, struct tls *tls, struct mqtt *mqtt)
{
    char topic[MQTT_TOPIC_MAX];
    enum tls_result rc = open_session(s, tls, mqtt);
    if (rc != TLS_OK && speaks_older(s, mqtt, rc))
        rc = open_older_session(s, tls, mqtt);
    if (rc == TLS_OK) {
        snprintf(topic, sizeof topic, "%s/verify/%s", s->test.broker.base, s->test.nonce);
        rc = prove_topics(s, mqtt, topic);
        if (rc == TLS_CLOSED && mqtt->version == MQTT_3_1_1 && strcmp(s->status.stage, "foreign") == 0 &&
            (rc = open_older_session(s, tls, mqtt)) == TLS_OK)
            set_result(s, true, true, -1);
        if (rc == TLS_OK) {
            set_state(s, BMA_SELFTEST_DONE, "");
            rc = mqtt_stay(mqtt);
            if (rc != TLS_GIVEN_UP)
                set_ended(s, s->detail);
        } else {
            set_state(s, BMA_SELFTEST_FAILED, s->detail);
        }
        if (rc == TLS_GIVEN_UP || rc == TLS_TIMEOUT || rc == TLS_FAILED) {
            mqtt_disconnect(mqtt);
            tls_goodbye(tls);
        }
    } else if (rc != TLS_GIVEN_UP) {
        set_state(s, BMA_SELFTEST_FAILED, s->detail);
    }
}

static void *work(void *user)
{
    struct selftest *s = user;
    struct tls tls;
    static _Thread_local struct mqtt mqtt;
    tls_init(&tls, s->wake[0], s->detail);
    mqtt_init(&mqtt, &tls, MQTT_5);
    run(s, &tls, &mqtt);
    tls_free(&tls);
    return NULL;
}

/* Ends the thread, if there is one, and forgets what it worked with. */
static void give_up(struct selftest *s)
{
    if (!s->running)
        return;
    close(s->wake[1]);
    pthread_join(s->thread, NULL);
    close(s->wake[0]);
    free(s->chain);
    free(s->anchors);
    mbedtls_pk_free(&s->key);
    s->running = false;
}

static bool load(struct selftest *s, uint8_t slot)
{
    s->chain = record_load(&s->storage, (struct bma_record){BMA_RECORD_ITEM, slot, BMA_ITEM_CERT}, &s->chain_len);
    s->anchors = record_load(&s->storage, (struct bma_record){BMA_RECORD_ITEM, slot, BMA_ITEM_CA}, &s->anchors_len);
    mbedtls_pk_init(&s->key);
    return s->chain != NULL && s->anchors != NULL && crypto_load_key(s->folder, slot, &s->key);
}

static int start(void *user, const struct bma_selftest *test)
{
    struct selftest *s = user;
    sigset_t all, before;
    give_up(s);
    s->test = *test;
    bool ready = load(s, test->slot) && pipe(s->wake) == 0;
    s->status = (struct bma_selftest_status){BMA_SELFTEST_RUNNING, "tcp", false, false, -1, ""};
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* signals are the main thread's */
    s->running = ready && pthread_create(&s->thread, NULL, work, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (s->running)
        return BMA_OK;
    s->status = (struct bma_selftest_status){BMA_SELFTEST_IDLE, "idle", false, false, -1, ""};
    free(s->chain);
    free(s->anchors);
    mbedtls_pk_free(&s->key);
    return ready ? BMA_UNKNOWN : BMA_NOT_FOUND;
}

static void status(void *user, struct bma_selftest_status *into)
{
    struct selftest *s = user;
    pthread_mutex_lock(&s->mutex);
    *into = s->status;
    pthread_mutex_unlock(&s->mutex);
}

static void stop(void *user)
{
    struct selftest *s = user;
    give_up(s);
    s->status = (struct bma_selftest_status){BMA_SELFTEST_IDLE, "idle", false, false, -1, ""};
}

struct selftest *selftest_new(const struct folder *folder, const struct bma_storage *storage)
{
    struct selftest *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->folder = folder;
    s->storage = *storage;
    pthread_mutex_init(&s->mutex, NULL);
    stop(s);
    return s;
}

void selftest_free(struct selftest *s)
{
    give_up(s);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

struct bma_network selftest_table(struct selftest *selftest)
{
    return (struct bma_network){selftest, start, status, stop};
}
