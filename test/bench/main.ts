import { parseArgs } from 'node:util';
import { outbox100k, status1m } from './central.ts';
import { effective, effectiveRemote, reloadAcl, reloadCrl, verify } from './broker.ts';
import { cli } from './cli.ts';
import { crl100k, crl1m } from './crl.ts';
import type { Figure } from './figure.ts';
import { flood } from './flood.ts';
import { issue, issueMemory, issueShell, issueUsb } from './issue.ts';
import { run, slots16 } from './run.ts';
import { wire } from './wire.ts';

/** Every figure of `npm run bench`, by name; what each means and its target stand in docs/benchmarks.md. */
const benches: Readonly<Record<string, () => Promise<Figure>>> = {
  issue,
  'issue-memory': issueMemory,
  'issue-usb': issueUsb,
  'issue-shell': issueShell,
  'crl-100k': crl100k,
  'crl-1m': crl1m,
  run,
  wire,
  flood,
  'slots-16': slots16,
  'outbox-100k': outbox100k,
  'status-1m': status1m,
  effective,
  'effective-remote': effectiveRemote,
  verify,
  'reload-acl': reloadAcl,
  'reload-crl': reloadCrl,
  cli,
};

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } }, allowPositionals: true });
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));

if (values.help === true || unknown.length > 0) {
  process.stderr.write(
    `${unknown.map((name) => `There is no bench "${name}".\n`).join('')}npm run -s bench -- [NAME…] [--json]; names: ${Object.keys(benches).join(', ')}\n`,
  );
  process.exitCode = unknown.length > 0 ? 2 : 0;
} else {
  const names = positionals.length > 0 ? positionals : Object.keys(benches);
  const figures: Record<string, Figure> = {};
  for (const name of names) {
    process.stderr.write(`${name}…\n`);
    const figure = await benches[name]?.();
    if (figure !== undefined) figures[name] = figure;
  }
  process.stdout.write(values.json === true ? `${JSON.stringify(figures)}\n` : table(figures));
}

function table(figures: Readonly<Record<string, Figure>>): string {
  const number = (value: number | undefined): string => (value === undefined ? '-' : value.toPrecision(4));
  const rows = Object.entries(figures).map(([name, { value, unit, baseline, ratio }]) =>
    [name.padEnd(16), `${number(value)} ${unit}`.padEnd(24), number(baseline).padEnd(10), number(ratio)].join('  '),
  );
  return [['bench'.padEnd(16), 'value'.padEnd(24), 'baseline'.padEnd(10), 'ratio'].join('  '), ...rows, ''].join('\n');
}
