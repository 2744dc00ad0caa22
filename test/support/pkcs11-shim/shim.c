/*
 * Stands between a program and a PKCS#11 module:
 *   PKCS11_SHIM_TARGET   the module behind it
 *   PKCS11_SHIM_SIGN_MS  what every C_Sign takes at least; one at a time, as inside a USB HSM
 *   PKCS11_SHIM_FAULT    a file that may name a fault while it exists, one of:
 *     hang NAME       the function NAME (C_Sign, C_Login, C_GetTokenInfo) never returns
 *     crash NAME      the process ends inside NAME as with a wild pointer
 *     flip            one bit of every signature is wrong
 *     extractable     private keys say that they may leave the token
 *     mute            private keys do not say whether they may leave the token
 *     closed          sessions are closed once: the next C_SignInit says so and the fault goes away
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pkcs11.h"

static CK_FUNCTION_LIST_PTR target;
static CK_FUNCTION_LIST table;
static long sign_ms;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static int fault(const char *name, const char *function) {
  const char *path = getenv("PKCS11_SHIM_FAULT");
  char line[64] = "", wanted[64];
  FILE *file = path == NULL ? NULL : fopen(path, "r");
  if (file == NULL) return 0;
  if (fgets(line, sizeof line, file) == NULL) line[0] = '\0';
  fclose(file);
  line[strcspn(line, "\n")] = '\0';
  snprintf(wanted, sizeof wanted, function == NULL ? "%s" : "%s %s", name, function);
  return strcmp(line, wanted) == 0;
}

static void enter(const char *function) {
  while (fault("hang", function)) pause();
  if (fault("crash", function)) raise(SIGSEGV);
}

static void wait_ms(long ms) {
  struct timespec left = {ms / 1000, (ms % 1000) * 1000000L};
  while (nanosleep(&left, &left) != 0) continue;
}

static CK_RV shim_sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR signature, CK_ULONG_PTR signature_length) {
  enter("C_Sign");
  pthread_mutex_lock(&one_at_a_time);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  CK_RV rv = target->C_Sign(session, data, length, signature, signature_length);
  clock_gettime(CLOCK_MONOTONIC, &end);
  long spent = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
  if (spent < sign_ms) wait_ms(sign_ms - spent);
  pthread_mutex_unlock(&one_at_a_time);
  if (rv == CKR_OK && signature != NULL && fault("flip", NULL)) signature[*signature_length - 1] ^= 1;
  return rv;
}

static CK_RV shim_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  if (fault("closed", NULL)) {
    unlink(getenv("PKCS11_SHIM_FAULT"));
    target->C_CloseSession(session);
  }
  return target->C_SignInit(session, mechanism, key);
}

static CK_RV shim_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  enter("C_Login");
  return target->C_Login(session, user, pin, length);
}

static CK_RV shim_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  enter("C_GetTokenInfo");
  return target->C_GetTokenInfo(slot, info);
}

static CK_RV shim_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  CK_RV rv = target->C_GetAttributeValue(session, object, attributes, count);
  for (CK_ULONG i = 0; i < count; i++) {
    if (attributes[i].type != CKA_EXTRACTABLE) continue;
    if (fault("mute", NULL)) return CKR_ATTRIBUTE_TYPE_INVALID;
    if (fault("extractable", NULL) && attributes[i].pValue != NULL) *(CK_BBOOL *)attributes[i].pValue = CK_TRUE;
  }
  return rv;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  if (target == NULL) {
    const char *path = getenv("PKCS11_SHIM_TARGET");
    const char *ms = getenv("PKCS11_SHIM_SIGN_MS");
    void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;
    if (library != NULL) *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&target) != CKR_OK) return CKR_GENERAL_ERROR;
    sign_ms = ms == NULL ? 0 : atol(ms);
    table = *target;
    table.C_Sign = shim_sign;
    table.C_SignInit = shim_sign_init;
    table.C_Login = shim_login;
    table.C_GetTokenInfo = shim_token_info;
    table.C_GetAttributeValue = shim_attributes;
  }
  *list = &table;
  return CKR_OK;
}
