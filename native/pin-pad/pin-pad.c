/*
 * The function list of the PKCS#11 module that BIRTHMARK_PIN_PAD_MODULE names and that this process has loaded already, but for one thing:
 * C_Login with a PIN of length 0 passes NULL. With CKF_PROTECTED_AUTHENTICATION_PATH that means "ask on the device" (PKCS#11 3.0, 5.6.8), and
 * there is no way to say it through pkcs11js.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

#include "pkcs11.h"

static CK_FUNCTION_LIST_PTR module;
static CK_FUNCTION_LIST list;

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  return module->C_Login(session, user, length == 0 ? NULL : pin, length);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out) {
  const char *path = getenv("BIRTHMARK_PIN_PAD_MODULE");
  /* Not a second copy: the session belongs to the one that is there. */
  void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_NOLOAD);
  CK_C_GetFunctionList get = NULL;
  if (library != NULL) *(void **)&get = dlsym(library, "C_GetFunctionList");
  if (get == NULL || get(&module) != CKR_OK) return CKR_GENERAL_ERROR;
  list = *module;
  list.C_Login = login;
  *out = &list;
  return CKR_OK;
}
