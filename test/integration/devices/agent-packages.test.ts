import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const agent = resolve('native/device-agent');
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'birthmark-packages-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});
const run = (program: string, ...args: string[]): string => execFileSync(program, args, { cwd: dir, encoding: 'utf8', stdio: 'pipe' });

/** A project of a device maker: its files, configured and built; the program that it makes. */
function project(name: string, files: Readonly<Record<string, string>>, ...settings: string[]): string {
  const [source, build] = [join(dir, name), join(dir, `${name}-build`)];
  mkdirSync(source);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(source, file), text);
  run('cmake', '-S', source, '-B', build, ...settings);
  run('cmake', '--build', build);
  return join(build, 'firmware');
}

/** C++, as firmware of Arduino and ESP-IDF often is. Ports that are missing are refused: 2 is BMA_INVALID. */
const application = `#include <birthmark_agent.h>
#include <cstdio>
static bma_agent agent;
int main() {
  bma_ports ports = {};
  std::printf("%d %zu", bma_init(&agent, &ports), sizeof agent.answer);
}
`;

/** The functions of board.h that are the application's. */
const board = `#include <board.h>
#include <port.h>
const char *board_serial_number(void) { return "SN-1"; }
const char *board_model(void) { return "model"; }
const char *board_firmware(void) { return "1"; }
void board_uart_send(const uint8_t *, size_t) {}
uint32_t board_milliseconds(void) { return 0; }
int32_t board_file_size(const char *) { return -1; }
int32_t board_file_read(const char *, uint32_t, uint8_t *, size_t) { return -1; }
int board_file_append(const char *, const uint8_t *, size_t) { return BMA_OK; }
int board_file_move(const char *, const char *) { return BMA_OK; }
int board_file_remove(const char *) { return BMA_OK; }
static bma_agent agent;
int main() { return port_start(&agent); }
`;

describe('CMake', () => {
  test('an installed agent is found by find_package, with the sizes that it was built with', () => {
    const prefix = join(dir, 'prefix');
    run('cmake', '-S', agent, '-B', join(dir, 'agent'), `-DCMAKE_INSTALL_PREFIX=${prefix}`, '-DBIRTHMARK_AGENT_PACKET_MAX=512');
    run('cmake', '--build', join(dir, 'agent'), '--target', 'install');
    const lists = `cmake_minimum_required(VERSION 3.16)
project(firmware CXX)
find_package(birthmark_agent 0.1 REQUIRED)
add_executable(firmware main.cpp)
target_link_libraries(firmware birthmark::agent)
`;
    const made = project('found', { 'CMakeLists.txt': lists, 'main.cpp': application }, `-DCMAKE_PREFIX_PATH=${prefix}`);
    expect(run(made)).toBe('2 512');
  });

  test('as a folder of a project, with the port and its keys on PSA Crypto', () => {
    const lists = `cmake_minimum_required(VERSION 3.16)
project(firmware C CXX)
set(BIRTHMARK_AGENT_PORT ON)
add_subdirectory(${agent} agent)
add_executable(firmware main.cpp)
target_link_libraries(firmware birthmark::agent)
`;
    run(project('inside', { 'CMakeLists.txt': lists, 'main.cpp': board }, '-DCMAKE_POLICY_DEFAULT_CMP0077=NEW'));
  });
});

/** What a build system reads its own files with is not at hand; its functions, with what their reference says that they do, are. */
describe('build systems of makers', () => {
  test('ESP-IDF: the component registers all of the core, and the port where it is chosen', () => {
    const lists = `cmake_minimum_required(VERSION 3.16)
project(firmware C CXX)
set(ESP_PLATFORM 1)
set(CONFIG_BIRTHMARK_AGENT_PACKET_MAX 1024)
set(CONFIG_BIRTHMARK_AGENT_ITEM_MAX 4096)
set(CONFIG_BIRTHMARK_AGENT_PORT y)
set(COMPONENT_LIB agent)
macro(idf_component_register)
  cmake_parse_arguments(C "" "" "SRCS;INCLUDE_DIRS;PRIV_INCLUDE_DIRS;REQUIRES;PRIV_REQUIRES" \${ARGN})
  add_library(agent STATIC \${C_SRCS})
  target_include_directories(agent PUBLIC \${C_INCLUDE_DIRS} PRIVATE \${C_PRIV_INCLUDE_DIRS})
  string(REPLACE mbedtls mbedcrypto libraries "\${C_PRIV_REQUIRES}")
  target_link_libraries(agent PRIVATE \${libraries})
endmacro()
add_subdirectory(${agent} agent)
add_executable(firmware main.cpp)
target_link_libraries(firmware agent)
`;
    run(project('idf', { 'CMakeLists.txt': lists, 'main.cpp': board }));
  });

  test('Zephyr: the module compiles all of the core where it is chosen, and nothing where it is not', () => {
    const lists = `cmake_minimum_required(VERSION 3.20)
project(firmware C CXX)
set(CONFIG_BIRTHMARK_AGENT_PACKET_MAX 1024)
set(CONFIG_BIRTHMARK_AGENT_ITEM_MAX 4096)
add_library(app INTERFACE)
macro(zephyr_include_directories)
  target_include_directories(app INTERFACE \${ARGV})
endmacro()
macro(zephyr_compile_definitions)
  target_compile_definitions(app INTERFACE \${ARGV})
endmacro()
macro(zephyr_library)
  add_library(agent STATIC)
  target_link_libraries(agent PRIVATE app)
endmacro()
macro(zephyr_library_include_directories)
  target_include_directories(agent PRIVATE \${ARGV})
endmacro()
macro(zephyr_library_sources)
  target_sources(agent PRIVATE \${ARGV})
endmacro()
macro(zephyr_library_link_libraries_ifdef feature)
endmacro()
add_subdirectory(${agent}/zephyr unchosen)
set(CONFIG_BIRTHMARK_AGENT y)
add_subdirectory(${agent}/zephyr chosen)
add_executable(firmware main.cpp)
target_link_libraries(firmware agent app)
`;
    expect(run(project('zephyr', { 'CMakeLists.txt': lists, 'main.cpp': application }))).toBe('2 1024');
  });

  test('Kconfig: the options and their defaults, as Zephyr reads them', () => {
    const read = `import kconfiglib, os, sys
os.chdir(sys.argv[1])
k = kconfiglib.Kconfig("zephyr/Kconfig", warn=True, warn_to_stderr=False)
k.syms["BIRTHMARK_AGENT"].set_value(2)
print(k.warnings, *(n + "=" + k.syms["BIRTHMARK_AGENT" + n].str_value for n in ("", "_PACKET_MAX", "_ITEM_MAX", "_PORT")))`;
    expect(run('/usr/bin/python3', '-c', read, agent).trim()).toBe('[] =y _PACKET_MAX=2048 _ITEM_MAX=8192 _PORT=n');
  });

  test('Arduino and PlatformIO: every file compiles with src alone on the include path', () => {
    const core = readdirSync(join(agent, 'src/core')).filter((name) => name.endsWith('.c'));
    expect(core.length).toBeGreaterThan(5);
    for (const name of core) run('gcc', '-Werror', '-c', '-o', 'one.o', `-I${join(agent, 'src')}`, join(agent, 'src/core', name));
  });
});

test('all packages have the version of the product, and the licence', () => {
  const { version, license } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string; license: string };
  const text = (name: string): string => readFileSync(join(agent, name), 'utf8');
  expect(JSON.parse(text('library.json'))).toMatchObject({ version, license });
  expect(text('library.properties')).toContain(`\nversion=${version}\n`);
  expect(text('idf_component.yml')).toContain(`version: '${version}'\ndescription`);
  expect(text('idf_component.yml')).toContain(`license: ${license}\n`);
  expect(text('CMakeLists.txt')).toContain(`project(birthmark_agent VERSION ${version} `);
});
