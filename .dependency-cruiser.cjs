// Who may import whom. Whatever is not allowed here is an error, so a new npm package or a new folder needs a line in this file.

const folder = (name) => `^${name}/`;
const contract = folder('src-main/contract');
const serviceHost = folder('src-main/service-host');
const log = folder('src-main/log');
const der = folder('src-main/der');
const station = folder('src-main/station');
const signer = folder('src-main/signer');
const desktop = folder('src-main/desktop');
const preload = folder('src-main/preload');
const cli = folder('src-main/cli');
const renderer = folder('src-renderer');
const test = folder('test');
const scripts = '^(scripts/|[^/]+\\.(ts|js|cjs)$)';

const stationFolder = (name) => `^src-main/station/${name}/`;
/** Other folders of the station are used through these files only. */
const stationDoors = '^src-main/station/(clock\\.ts|topic-rule\\.ts|[^/]+/index\\.ts|devices/driver\\.ts|broker/host\\.ts)$';

/** Other parts use the log through these files only; the second is for whoever supervises the services. */
const logDoor = '^src-main/log/index\\.ts$';
const logWriter = '^src-main/log/station-log\\.ts$';

/** npm package → the parts that may import it. The reasons are in docs/dependencies.md. */
const packages = {
  zod: [contract, log, station, signer, desktop, cli, serviceHost, renderer],
  pino: [log],
  electron: [desktop, preload],
  pkcs11js: [signer],
  'better-sqlite3': [stationFolder('registry'), signer],
  serialport: [stationFolder('devices')],
  cborg: [stationFolder('devices')],
  pdfkit: [stationFolder('ceremony')],
  '@humanwhocodes/momoa': [stationFolder('profile-text')],
  'csv-parse': [stationFolder('registration')],
  'node-forge': [stationFolder('x509-files')],
  pg: [stationFolder('central-records')],
  ssh2: [stationFolder('broker')],
  fastify: [stationFolder('http')],
  'prom-client': [stationFolder('http')],
  mqtt: [stationFolder('verify'), stationFolder('broker'), stationFolder('support')],
  react: [renderer, folder('test/unit/screens')],
  'react-dom': [renderer, folder('test/unit/screens')],
  'radix-ui': [renderer],
  zustand: [renderer],
  '@fontsource-variable/inter': [renderer],
  '@fontsource/ibm-plex-mono': [renderer],
  vite: [scripts, folder('test/e2e')],
  '@vitejs/plugin-react': [scripts],
  eslint: [scripts],
  'typescript-eslint': [scripts],
  'eslint-plugin-react-hooks': [scripts],
  '@electron/asar': [scripts, folder('test/e2e')],
  '@electron/fuses': [folder('test/e2e')],
  playwright: [folder('test/e2e')],
  '@playwright/test': [folder('test/e2e')],
  '@axe-core/playwright': [folder('test/e2e')],
  vitest: [test, scripts],
  'fast-check': [test],
  'esptool-js': [test],
  '@micropython/micropython-webassembly-pyscript': [test],
  '@hey-api/openapi-ts': [test],
  '@seriousme/openapi-schema-validator': [test],
  '@peculiar/x509': [test],
  '@zip.js/zip.js': [test],
};
/** Tests reach for real components directly to check ours. */
const alsoInTests = ['zod', 'pkcs11js', 'better-sqlite3', 'serialport', 'cborg', 'mqtt', 'pg', 'node-forge'];

const npm = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled'];
const inNodeModules = (name) => `node_modules/(@types/)?${name}/`;
const nodeBuiltIns = { dependencyTypes: ['core'] };

/** A part may use itself and the given paths. */
const may = (from, ...to) => ({ from: { path: from }, to: { path: [from, ...to] } });

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules in a circle cannot be understood or replaced one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-cycles-of-types',
      comment: 'Here circles that are made of types alone count too.',
      severity: 'error',
      from: { path: [signer] },
      to: { circular: true },
    },
    {
      name: 'no-cycles-between-folders',
      comment: 'The folders of the station build on each other in one direction.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src-main/station/[^/]+$' },
      to: { circular: true },
    },
    { name: 'resolvable', comment: 'Every import leads somewhere.', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'types-only-from-preload',
      comment: 'The renderer knows the shape of window.birthmark, not the code behind it.',
      severity: 'error',
      from: { path: renderer },
      to: { path: preload, dependencyTypesNot: ['type-only'] },
    },
  ],
  allowed: [
    may(contract),
    may(log, contract),
    may(serviceHost, contract, logDoor),
    may(der, contract),
    { from: { path: '^src-main/station/([^/]+)/' }, to: { path: ['^src-main/station/$1/', stationDoors, contract, der, logDoor] } },
    {
      from: { path: '^src-main/station/(assembly/)?[^/]+\\.ts$' },
      to: { path: ['^src-main/station/(assembly/)?[^/]+\\.ts$', stationDoors, contract, der, serviceHost, logDoor] },
    },
    // What handlers have of the station stands in their context.ts.
    may(
      stationFolder('handlers'),
      stationDoors,
      contract,
      der,
      logDoor,
      '^src-main/station/(live-station|ceremony-desk|set-up|environment|fixture|token-rebind)\\.ts$',
      stationFolder('assembly'),
    ),
    // The data folder is made the same way by whichever service or front end is first.
    { from: { path: stationFolder('registry') }, to: { path: '^src-main/service-host/index\\.ts$' } },
    may(signer, contract, serviceHost, der, logDoor),
    may(desktop, contract, serviceHost, logDoor, logWriter, '^src-main/preload/api\\.ts$'),
    may(preload, contract),
    may(cli, contract, serviceHost, station, logDoor, logWriter),
    may(renderer, contract, '^src-main/preload/api\\.ts$', folder('resources/locales')),
    may(test, '^src-main/', renderer, folder('scripts'), '^\\.dependency-cruiser\\.cjs$'),
    may(scripts),
    { from: { path: [log, serviceHost, der, station, signer, desktop, cli, test, scripts] }, to: nodeBuiltIns },
    ...Object.entries(packages).map(([name, parts]) => ({
      from: { path: alsoInTests.includes(name) ? [...parts, test] : parts },
      to: { path: inNodeModules(name), dependencyTypes: npm },
    })),
    // Side files of the modules themselves: styles, fonts.
    { from: { path: 'node_modules' }, to: {} },
  ],
  allowedSeverity: 'error',
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^((out|build|dist)|scripts/setup/default-app)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types', 'style'] },
  },
};
