#include "harness.h"

int failures;

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"framing", test_framing},     {"cbor", test_cbor},     {"smp", test_smp},       {"items", test_items},
        {"provision", test_provision}, {"folder", test_folder}, {"faults", test_faults}, {"mqtt", test_mqtt},
        {"port", test_port},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        int before = failures;
        tests[i].run();
        printf("%-10s %s\n", tests[i].name, failures == before ? "ok" : "FAILED");
    }
    return failures == 0 ? 0 : 1;
}
