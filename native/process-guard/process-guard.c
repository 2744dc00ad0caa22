/*
 * Loaded into a process that sees PINs: no core files from now on, and on Linux no other process of the same user may read its memory or attach to
 * it (prctl(2), PR_SET_DUMPABLE). What is exported is a number: 1 where there are no core files, plus 2 where the memory cannot be read.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

/* Node-API, as far as it is needed here; its binary form never changes. */
typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
extern int napi_create_int32(napi_env env, int32_t value, napi_value *result);

static int no_core_files(void) {
  const struct rlimit none = {0, 0};
  struct rlimit now;
  return setrlimit(RLIMIT_CORE, &none) == 0 && getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_max == 0;
}

static int not_readable(void) {
#ifdef __linux__
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
#else
  return 0;
#endif
}

__attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1(void) { return 8; }

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value result = NULL;
  (void)exports;
  return napi_create_int32(env, no_core_files() + 2 * not_readable(), &result) == 0 ? result : NULL;
}
