/* A test says what it promises; a failed check names file, line and expression, and the run goes on. */
#ifndef TEST_HARNESS_H
#define TEST_HARNESS_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

extern int failures;

#define CHECK(condition)                                                                                                                   \
    do {                                                                                                                                   \
        if (!(condition)) {                                                                                                                \
            failures++;                                                                                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                               \
        }                                                                                                                                  \
    } while (0)

#define CHECK_INT(actual, expected)                                                                                                        \
    do {                                                                                                                                   \
        long long a_ = (long long)(actual), e_ = (long long)(expected);                                                                   \
        if (a_ != e_) {                                                                                                                    \
            failures++;                                                                                                                    \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, a_, e_);                                        \
        }                                                                                                                                  \
    } while (0)

void test_framing(void);
void test_cbor(void);
void test_smp(void);
void test_items(void);
void test_provision(void);
void test_folder(void);
void test_faults(void);
void test_mqtt(void);
void test_port(void);

#endif
