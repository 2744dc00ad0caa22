import react from '@vitejs/plugin-react';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import type { InlineConfig, Plugin } from 'vite';

const here = join(import.meta.dirname, '..');

/** Loaded at run time from node_modules: native code cannot be bundled. */
const nativeModules = ['better-sqlite3', 'pkcs11js', 'serialport'];
/** What ssh2 uses where somebody has compiled it, and does without here. */
const compiledParts = ['cpu-features', './crypto/build/Release/sshcrypto.node'];
const fromNode = [...builtinModules, ...builtinModules.map((name) => `node:${name}`)];

interface Bundle {
  readonly entry: string;
  readonly folder: string;
  readonly file: string;
  readonly target: string;
  readonly external: readonly string[];
}

/** pdfkit loads its fonts through a `require` of its own making, in which a bundler sees nothing to bundle. */
const fontsOfPdfkit: Plugin = {
  name: 'fonts-of-pdfkit',
  transform: (code, id) =>
    id.endsWith('/pdfkit.node.mjs')
      ? { code: code.replaceAll("require$1('#standard-fonts/", "require('#standard-fonts/"), map: null }
      : null,
};

/** One CommonJS file: what Electron loads as main and as a sandboxed preload, and what runs as a service. */
const commonJs = ({ entry, folder, file, target, external }: Bundle): InlineConfig => ({
  configFile: false,
  root: here,
  logLevel: 'warn',
  plugins: [fontsOfPdfkit],
  ssr: { noExternal: true, external: [...external] },
  build: {
    ssr: join(here, entry),
    outDir: join(here, 'out', folder),
    emptyOutDir: false,
    target,
    sourcemap: true,
    minify: false,
    rolldownOptions: {
      external: [...external],
      output: { format: 'cjs', entryFileNames: file, codeSplitting: false },
    },
  },
});

/** What packages written as CommonJS find their own files with. */
const commonJsNames = 'const [__dirname, __filename] = [import.meta.dirname, import.meta.filename];';

/** Modules that load each other when they are needed: a command reads its own part and what that is made of, nothing else. */
const inParts = ({ entry, folder, file, target, external }: Bundle): InlineConfig => ({
  configFile: false,
  root: here,
  logLevel: 'warn',
  ssr: { noExternal: true, external: [...external] },
  build: {
    ssr: join(here, entry),
    outDir: join(here, 'out', folder),
    emptyOutDir: true,
    target,
    sourcemap: true,
    minify: false,
    rolldownOptions: {
      external: [...external],
      output: { format: 'es', entryFileNames: file, chunkFileNames: 'part-[hash].mjs', banner: commonJsNames },
    },
  },
});

/**
 * The targets are those of the oldest runtime in use (Chrome 114, Node 18); the services always have Node 24.
 * @see docs/dependencies.md
 */
export const builds = {
  renderer: {
    configFile: false,
    root: join(here, 'src-renderer'),
    base: './',
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir: join(here, 'out', 'renderer'),
      emptyOutDir: true,
      target: 'chrome114',
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1000,
      modulePreload: { polyfill: false },
    },
  },
  desktop: commonJs({
    entry: 'src-main/desktop/main.ts',
    folder: 'desktop',
    file: 'main.cjs',
    target: 'node18',
    external: ['electron', ...fromNode],
  }),
  preload: commonJs({
    entry: 'src-main/preload/preload.ts',
    folder: 'preload',
    file: 'preload.cjs',
    target: 'chrome114',
    external: ['electron'],
  }),
  cli: inParts({
    entry: 'src-main/cli/main.ts',
    folder: 'cli',
    file: 'birthmark.mjs',
    target: 'node24',
    external: [...nativeModules, ...compiledParts, ...fromNode],
  }),
  station: commonJs({
    entry: 'src-main/station/service.ts',
    folder: 'services',
    file: 'station.cjs',
    target: 'node24',
    external: [...nativeModules, ...compiledParts, ...fromNode],
  }),
  signer: commonJs({
    entry: 'src-main/signer/service.ts',
    folder: 'services',
    file: 'signer.cjs',
    target: 'node24',
    external: [...nativeModules, ...fromNode],
  }),
} satisfies Record<string, InlineConfig>;
