// Builds the app into out/; with names, only those parts:
//   node scripts/build.mjs [renderer|desktop|preload|cli|station|signer …]
import { build } from 'vite';
import { builds } from './bundles.ts';

const named = process.argv.slice(2);
for (const [name, config] of Object.entries(builds)) {
  if (named.length === 0 || named.includes(name)) await build(config);
}
