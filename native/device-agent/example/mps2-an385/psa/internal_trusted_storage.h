/* The interface that Mbed TLS has for its own files; main.c keeps to it. */
#include <psa_crypto_its.h>
