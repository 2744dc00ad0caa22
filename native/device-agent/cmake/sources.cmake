# The files of the core and of the keys on PSA Crypto, for all the build systems that read CMake.
set(BIRTHMARK_AGENT_ROOT ${CMAKE_CURRENT_LIST_DIR}/..)
set(BIRTHMARK_AGENT_SOURCES
    ${BIRTHMARK_AGENT_ROOT}/src/core/agent.c
    ${BIRTHMARK_AGENT_ROOT}/src/core/broker.c
    ${BIRTHMARK_AGENT_ROOT}/src/core/cbor.c
    ${BIRTHMARK_AGENT_ROOT}/src/core/crc16.c
    ${BIRTHMARK_AGENT_ROOT}/src/core/der.c
    ${BIRTHMARK_AGENT_ROOT}/src/core/framing.c
    ${BIRTHMARK_AGENT_ROOT}/src/core/items.c
    ${BIRTHMARK_AGENT_ROOT}/src/core/provision.c
    ${BIRTHMARK_AGENT_ROOT}/src/core/smp.c
    ${BIRTHMARK_AGENT_ROOT}/src/core/state.c)
set(BIRTHMARK_AGENT_PORT_SOURCES ${BIRTHMARK_AGENT_ROOT}/port/port.c)
set(BIRTHMARK_AGENT_PSA_SOURCES
    ${BIRTHMARK_AGENT_ROOT}/port/keys.c
    ${BIRTHMARK_AGENT_ROOT}/port/p256.c
    ${BIRTHMARK_AGENT_ROOT}/port/psa.c)
