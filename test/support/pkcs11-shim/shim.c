/*
 * Stands between a program and a PKCS#11 module and behaves as others do:
 *   PKCS11_SHIM_TARGET   the module behind it
 *   PKCS11_SHIM_SIGN_MS  what every C_Sign takes at least; one at a time, as inside a USB HSM
 *   PKCS11_SHIM_PIN      the PIN that a person types on the PIN pad of `pad`
 *   PKCS11_SHIM_FAULT    a file that names behaviours while it exists, one in a line:
 *
 *  Faults
 *     hang NAME         the function NAME never returns
 *     crash NAME        the process ends inside NAME as with a wild pointer
 *     answer NAME RV    NAME answers the number RV and does nothing
 *     flip              one bit of every signature is wrong
 *     closed            sessions are closed once: the next C_SignInit says so and the fault goes away
 *     stale RV          handles of keys died, and C_SignInit says RV until they are looked for again; the session lives
 *     restart RV        C_SignInit and C_OpenSession say RV until the module was initialised anew
 *     process RV        C_SignInit, C_OpenSession and C_Initialize say RV for as long as this process lives
 *     unseen            tokens are in no slot list of this process, although they are there
 *     noise             answers about tokens, slots and attributes have wrong lengths and values
 *
 *  Ways of being a token
 *     extractable       private keys say that they may leave the token
 *     mute              private keys do not say whether they may leave the token
 *     bare-point        CKA_EC_POINT is the point without an OCTET STRING around it
 *     refuse TYPE       key generation refuses templates with the attribute TYPE; what is left out is as it should be
 *     refuse TYPE loose the same, and what is left out is not
 *     pad ANSWER        C_Login takes no PIN but waits for a person at the PIN pad: `right`, `wrong`, `cancel`, `late`, or `waiting` for them
 *     flags SET CLEAR   these flags of the token are set and cleared
 *     sessions N        no more than N sessions
 *     big-slots         slot numbers need 64 bits
 *     all-slots         a list of slots with a token is always empty; the list of all slots is not
 *     nul-padding       texts are padded with NUL
 *     no-serial         tokens have no serial number
 *     mechanisms N      the list has N mechanisms, unknown ones where there are more than the token has
 *     no-mechanism TYPE the mechanism TYPE is not there
 *     one-thread        C_Initialize wants no locking and the module dies when another thread comes
 *     talk              the module prints on standard output
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

/* What has happened since the fault file was written: the fault is cured by the right event only. */
static unsigned long starts, finds, sessions_open;
static unsigned long broken_at_start, broken_at_find;
static int process_broken, process_blind;
static CK_RV process_rv;
static pthread_t only_thread;
static int has_only_thread;

/* Is the behaviour named in the file? Its words after the name go to `rest`. */
static int behaves(const char *name, char *rest, size_t size) {
  const char *path = getenv("PKCS11_SHIM_FAULT");
  size_t length = strlen(name);
  char line[128];
  int found = 0;
  FILE *file = path == NULL ? NULL : fopen(path, "r");
  if (file == NULL) return 0;
  while (!found && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    found = strncmp(line, name, length) == 0 && (line[length] == '\0' || line[length] == ' ');
    if (found && rest != NULL) snprintf(rest, size, "%s", line[length] == '\0' ? "" : line + length + 1);
  }
  fclose(file);
  return found;
}

static int is(const char *name) { return behaves(name, NULL, 0); }

static void clear(void) { unlink(getenv("PKCS11_SHIM_FAULT")); }

static CK_RV number_of(const char *name) {
  char rest[64];
  return behaves(name, rest, sizeof rest) ? strtoul(rest, NULL, 0) : CKR_OK;
}

static void wait_ms(long ms) {
  struct timespec left = {ms / 1000, (ms % 1000) * 1000000L};
  while (nanosleep(&left, &left) != 0) continue;
}

/* Every function comes through here first. */
static CK_RV enter(const char *function) {
  char wanted[64], rest[64];
  snprintf(wanted, sizeof wanted, "hang %s", function);
  while (is(wanted)) pause();
  snprintf(wanted, sizeof wanted, "crash %s", function);
  if (is(wanted)) raise(SIGSEGV);
  if (is("talk")) {
    printf("vendor trace: %s\n", function);
    fflush(stdout);
  }
  if (has_only_thread && !pthread_equal(only_thread, pthread_self())) raise(SIGSEGV);
  snprintf(wanted, sizeof wanted, "answer %s", function);
  return behaves(wanted, rest, sizeof rest) ? strtoul(rest, NULL, 0) : CKR_OK;
}

#define ENTER(name)                \
  do {                             \
    CK_RV rv_ = enter(name);       \
    if (rv_ != CKR_OK) return rv_; \
  } while (0)

/* Faults that one event cures. The file goes at once: what is left is the state. */
static CK_RV broken(void) {
  CK_RV rv = number_of("restart");
  if (rv != CKR_OK && broken_at_start == 0) broken_at_start = starts;
  if (broken_at_start == starts && rv != CKR_OK) return rv;
  if (rv != CKR_OK) clear();
  if (rv != CKR_OK) broken_at_start = 0;
  rv = number_of("process");
  if (rv != CKR_OK) {
    process_broken = 1;
    process_rv = rv;
    clear();
  }
  return process_broken ? process_rv : CKR_OK;
}

static CK_RV shim_initialize(CK_VOID_PTR arguments) {
  ENTER("C_Initialize");
  if (process_broken) return process_rv;
  if (is("one-thread")) {
    if (arguments != NULL && (((CK_C_INITIALIZE_ARGS_PTR)arguments)->flags & CKF_OS_LOCKING_OK) != 0) return CKR_CANT_LOCK;
    only_thread = pthread_self();
    has_only_thread = 1;
  }
  starts++;
  return target->C_Initialize(arguments);
}

static CK_RV shim_finalize(CK_VOID_PTR reserved) {
  ENTER("C_Finalize");
  sessions_open = 0;
  return target->C_Finalize(reserved);
}

static const CK_SLOT_ID far_away = (CK_SLOT_ID)1 << 40;
static CK_SLOT_ID real(CK_SLOT_ID slot) { return slot >= far_away ? slot - far_away : slot; }

static CK_RV shim_slots(CK_BBOOL with_token, CK_SLOT_ID_PTR list, CK_ULONG_PTR count) {
  ENTER("C_GetSlotList");
  if (is("unseen")) {
    process_blind = 1;
    clear();
  }
  if (process_blind || (with_token && is("all-slots"))) {
    *count = 0;
    return CKR_OK;
  }
  CK_RV rv = target->C_GetSlotList(with_token, list, count);
  if (rv == CKR_OK && list != NULL && is("big-slots"))
    for (CK_ULONG i = 0; i < *count; i++) list[i] += far_away;
  return rv;
}

static CK_RV shim_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info) {
  ENTER("C_GetSlotInfo");
  return target->C_GetSlotInfo(real(slot), info);
}

static void pad_with_nul(unsigned char *text, size_t size) {
  for (size_t end = size; end > 0 && text[end - 1] == ' '; end--) text[end - 1] = '\0';
}

static CK_RV shim_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  ENTER("C_GetTokenInfo");
  char rest[64];
  CK_RV rv = target->C_GetTokenInfo(real(slot), info);
  if (rv != CKR_OK) return rv;
  if (is("pad")) info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
  if (behaves("flags", rest, sizeof rest)) {
    char *end;
    info->flags |= strtoul(rest, &end, 0);
    info->flags &= ~strtoul(end, NULL, 0);
  }
  if (is("no-serial")) memset(info->serialNumber, ' ', sizeof info->serialNumber);
  if (is("nul-padding")) {
    pad_with_nul(info->label, sizeof info->label);
    pad_with_nul(info->model, sizeof info->model);
    pad_with_nul(info->serialNumber, sizeof info->serialNumber);
    pad_with_nul(info->manufacturerID, sizeof info->manufacturerID);
  }
  if (is("noise")) {
    unsigned char *bytes = (unsigned char *)info;
    for (int n = 0; n < 8; n++) bytes[rand() % sizeof *info] = rand() & 0xff;
  }
  return rv;
}

static CK_RV shim_mechanisms(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count) {
  ENTER("C_GetMechanismList");
  char rest[64];
  CK_ULONG room = *count, have = 0;
  CK_RV rv = target->C_GetMechanismList(real(slot), NULL, &have);
  if (rv != CKR_OK) return rv;
  CK_ULONG wanted = behaves("mechanisms", rest, sizeof rest) ? strtoul(rest, NULL, 0) : have;
  *count = wanted;
  if (list == NULL) return CKR_OK;
  if (room < wanted) return CKR_BUFFER_TOO_SMALL;
  CK_MECHANISM_TYPE *all = calloc(have, sizeof *all);
  rv = target->C_GetMechanismList(real(slot), all, &have);
  CK_MECHANISM_TYPE without = behaves("no-mechanism", rest, sizeof rest) ? strtoul(rest, NULL, 0) : CK_UNAVAILABLE_INFORMATION;
  for (CK_ULONG i = 0; i < wanted; i++) list[i] = i < have && all[i] != without ? all[i] : CKM_VENDOR_DEFINED + i;
  free(all);
  return rv;
}

static CK_RV shim_mechanism(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info) {
  ENTER("C_GetMechanismInfo");
  return target->C_GetMechanismInfo(real(slot), type, info);
}

static CK_RV shim_init_token(CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG length, CK_UTF8CHAR_PTR label) {
  ENTER("C_InitToken");
  return target->C_InitToken(real(slot), pin, length, label);
}

static CK_RV shim_open(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify, CK_SESSION_HANDLE_PTR session) {
  ENTER("C_OpenSession");
  char rest[64];
  CK_TOKEN_INFO info;
  if (broken() != CKR_OK) return broken();
  if (behaves("sessions", rest, sizeof rest) && sessions_open >= strtoul(rest, NULL, 0)) return CKR_SESSION_COUNT;
  if ((flags & CKF_RW_SESSION) != 0 && shim_token_info(slot, &info) == CKR_OK && (info.flags & CKF_WRITE_PROTECTED) != 0)
    return CKR_TOKEN_WRITE_PROTECTED;
  CK_RV rv = target->C_OpenSession(real(slot), flags, application, notify, session);
  if (rv == CKR_OK) sessions_open++;
  return rv;
}

static CK_RV shim_close(CK_SESSION_HANDLE session) {
  ENTER("C_CloseSession");
  CK_RV rv = target->C_CloseSession(session);
  if (rv == CKR_OK && sessions_open > 0) sessions_open--;
  return rv;
}

static CK_RV shim_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  ENTER("C_Login");
  char answer[64], *typed = getenv("PKCS11_SHIM_PIN");
  if (user != CKU_USER || !is("pad")) return target->C_Login(session, user, pin, length);
  if (pin != NULL) return CKR_ARGUMENTS_BAD;
  while (behaves("pad", answer, sizeof answer) && strcmp(answer, "waiting") == 0) wait_ms(10);
  if (strcmp(answer, "cancel") == 0) return CKR_FUNCTION_CANCELED;
  if (strcmp(answer, "late") == 0) return CKR_FUNCTION_REJECTED;
  if (strcmp(answer, "wrong") == 0) typed = "000000";
  return target->C_Login(session, user, (CK_UTF8CHAR_PTR)typed, strlen(typed));
}

static CK_RV shim_logout(CK_SESSION_HANDLE session) {
  ENTER("C_Logout");
  return target->C_Logout(session);
}

static CK_RV shim_find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count) {
  ENTER("C_FindObjectsInit");
  finds++;
  return target->C_FindObjectsInit(session, template, count);
}

static CK_RV shim_find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR objects, CK_ULONG max, CK_ULONG_PTR count) {
  ENTER("C_FindObjects");
  return target->C_FindObjects(session, objects, max, count);
}

static CK_RV shim_find_final(CK_SESSION_HANDLE session) {
  ENTER("C_FindObjectsFinal");
  return target->C_FindObjectsFinal(session);
}

static CK_RV bare_point(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR one) {
  CK_BYTE wrapped[256];
  CK_ATTRIBUTE whole = {CKA_EC_POINT, wrapped, sizeof wrapped};
  CK_RV rv = target->C_GetAttributeValue(session, object, &whole, 1);
  if (rv != CKR_OK) return rv;
  CK_ULONG header = whole.ulValueLen > 2 + 0x7f ? 3 : 2, room = one->ulValueLen;
  one->ulValueLen = whole.ulValueLen - header;
  if (one->pValue == NULL) return CKR_OK;
  if (room < one->ulValueLen) return CKR_BUFFER_TOO_SMALL;
  memcpy(one->pValue, wrapped + header, one->ulValueLen);
  return CKR_OK;
}

static CK_RV shim_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attributes, CK_ULONG count) {
  ENTER("C_GetAttributeValue");
  if (count == 1 && attributes->type == CKA_EC_POINT && is("bare-point")) return bare_point(session, object, attributes);
  CK_RV rv = target->C_GetAttributeValue(session, object, attributes, count);
  for (CK_ULONG i = 0; i < count; i++) {
    CK_ATTRIBUTE *one = &attributes[i];
    if (one->type == CKA_EXTRACTABLE && is("mute")) return CKR_ATTRIBUTE_TYPE_INVALID;
    if (one->type == CKA_EXTRACTABLE && one->pValue != NULL && is("extractable")) *(CK_BBOOL *)one->pValue = CK_TRUE;
    if (rv == CKR_OK && is("noise")) {
      if (one->pValue != NULL && one->ulValueLen > 0) ((CK_BYTE *)one->pValue)[rand() % one->ulValueLen] ^= 1 << (rand() % 8);
      if (one->pValue == NULL && rand() % 2 == 0) one->ulValueLen = rand() % 300;
      if (one->pValue != NULL && rand() % 2 == 0) one->ulValueLen = one->ulValueLen == 0 ? 0 : rand() % one->ulValueLen;
    }
  }
  return rv;
}

static int has_attribute(CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_ATTRIBUTE_TYPE type) {
  for (CK_ULONG i = 0; i < count; i++)
    if (template[i].type == type) return 1;
  return 0;
}

static CK_RV shim_generate(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR public, CK_ULONG public_count,
                           CK_ATTRIBUTE_PTR private, CK_ULONG private_count, CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key) {
  ENTER("C_GenerateKeyPair");
  char rest[64];
  CK_RV type = number_of("refuse"), missing = number_of("no-mechanism");
  if (missing != CKR_OK && mechanism->mechanism == missing) return CKR_MECHANISM_INVALID;
  if (type != CKR_OK && (has_attribute(public, public_count, type) || has_attribute(private, private_count, type)))
    return CKR_ATTRIBUTE_TYPE_INVALID;
  if (!behaves("refuse", rest, sizeof rest) || strstr(rest, "loose") != NULL)
    return target->C_GenerateKeyPair(session, mechanism, public, public_count, private, private_count, public_key, private_key);
  static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
  CK_ATTRIBUTE all[32], always[] = {{CKA_PRIVATE, &yes, 1}, {CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1}, {CKA_SIGN, &yes, 1}};
  CK_ULONG count = 0;
  for (; count < private_count && count < 24; count++) all[count] = private[count];
  for (size_t i = 0; i < sizeof always / sizeof *always; i++)
    if (!has_attribute(private, private_count, always[i].type)) all[count++] = always[i];
  return target->C_GenerateKeyPair(session, mechanism, public, public_count, all, count, public_key, private_key);
}

static CK_RV shim_destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  ENTER("C_DestroyObject");
  return target->C_DestroyObject(session, object);
}

static CK_RV shim_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  ENTER("C_SignInit");
  CK_RV stale = number_of("stale"), missing = number_of("no-mechanism");
  if (missing != CKR_OK && mechanism->mechanism == missing) return CKR_MECHANISM_INVALID;
  if (stale != CKR_OK) {
    if (broken_at_find == 0) broken_at_find = finds + 1;
    if (finds < broken_at_find) return stale;
    broken_at_find = 0;
    clear();
  }
  if (broken() != CKR_OK) return broken();
  if (is("closed")) {
    clear();
    target->C_CloseSession(session);
  }
  return target->C_SignInit(session, mechanism, key);
}

static CK_RV shim_sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR signature, CK_ULONG_PTR signature_length) {
  ENTER("C_Sign");
  pthread_mutex_lock(&one_at_a_time);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  CK_RV rv = target->C_Sign(session, data, length, signature, signature_length);
  clock_gettime(CLOCK_MONOTONIC, &end);
  long spent = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
  if (spent < sign_ms) wait_ms(sign_ms - spent);
  pthread_mutex_unlock(&one_at_a_time);
  if (rv == CKR_OK && signature != NULL && is("flip")) signature[*signature_length - 1] ^= 1;
  if (rv == CKR_OK && signature != NULL && is("noise") && rand() % 2 == 0) *signature_length = rand() % (*signature_length + 1);
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
    srand(getpid());
    table = *target;
    table.C_Initialize = shim_initialize;
    table.C_Finalize = shim_finalize;
    table.C_GetSlotList = shim_slots;
    table.C_GetSlotInfo = shim_slot_info;
    table.C_GetTokenInfo = shim_token_info;
    table.C_GetMechanismList = shim_mechanisms;
    table.C_GetMechanismInfo = shim_mechanism;
    table.C_InitToken = shim_init_token;
    table.C_OpenSession = shim_open;
    table.C_CloseSession = shim_close;
    table.C_Login = shim_login;
    table.C_Logout = shim_logout;
    table.C_FindObjectsInit = shim_find_init;
    table.C_FindObjects = shim_find;
    table.C_FindObjectsFinal = shim_find_final;
    table.C_GetAttributeValue = shim_attributes;
    table.C_GenerateKeyPair = shim_generate;
    table.C_DestroyObject = shim_destroy;
    table.C_SignInit = shim_sign_init;
    table.C_Sign = shim_sign;
  }
  *list = &table;
  return CKR_OK;
}
