import { basename, dirname, join, resolve } from 'node:path';
import { exitCodes, Failure, unwrap, type CeremonyView, type CallOutput } from '../../contract/index.ts';
import { makeDataFolder } from '../../service-host/index.ts';
import { lintCeremonyFile, parseCeremonyFile } from '../../station/ceremony/index.ts';
import type { CommandContext } from '../context.ts';
import { readBytes, readText, writeGivenFile } from '../files.ts';
import { table } from '../output.ts';
import { readSecret } from '../pin.ts';
import { printRows, type Column } from '../rows.ts';
import type { StationProcess } from '../station-process.ts';

const parts = { broker: true, line: 'off' } as const;

export async function startCeremony(context: CommandContext): Promise<number> {
  const path = context.values.word;
  const text = readText(path);
  const { findings } = lintCeremonyFile(text);
  for (const { line, level, problem } of findings) context.output.note(`${basename(path)}:${String(line)}: ${level}: ${problem}`);
  // A file that cannot be used leaves no data folder behind.
  parseCeremonyFile(text, basename(path));
  const station = context.startNew(parts);
  const given = context.values.text('password-file');
  await station.call('ceremony.start', { text, password: given === undefined ? null : await password(context, 'the first officer') });
  return goOn(context, station);
}

export const continueCeremony = (context: CommandContext): Promise<number> => goOn(context, context.start(parts));

export async function importCertificates(context: CommandContext): Promise<number> {
  const files = context.values.words.map((path) => readBytes(path).toString('base64'));
  const station = context.start(parts);
  await station.call('ceremony.import', { files });
  return goOn(context, station);
}

export const showCeremony = async (context: CommandContext): Promise<number> =>
  show(context, await context.start(parts).call('ceremony.current', {}));

export async function confirmCeremony(context: CommandContext): Promise<number> {
  const name = context.values.word;
  const station = context.start(parts);
  return show(context, await station.call('ceremony.confirm', { name, password: await password(context, name) }));
}

export const abandonCeremony = async (context: CommandContext): Promise<number> =>
  show(context, await context.start(parts).call('ceremony.abandon', {}));

const columns: readonly Column<CallOutput<'ceremony.list'>[number]>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'NAME', of: ({ name }) => name },
  { title: 'STATE', of: ({ state }) => state },
  { title: 'BEGUN', of: ({ startedAt }) => startedAt },
  { title: 'BY', of: ({ startedBy }) => startedBy },
  { title: 'CAS', of: ({ authorities }) => authorities.map(({ issuer }) => issuer).join(' ') },
];

export async function listCeremonies(context: CommandContext): Promise<number> {
  await printRows(context, columns, await context.start(parts).call('ceremony.list', {}));
  return exitCodes.OK;
}

export async function saveRequests(context: CommandContext): Promise<number> {
  const view = await context.start(parts).call('ceremony.current', {});
  if (view === null) throw new Failure('CEREMONY_NONE');
  const files = view.requests.map(({ role, pem }) => ({ name: `${role}.csr`, bytes: Buffer.from(pem) }));
  if (files.length === 0) throw new Failure('CEREMONY_WAITS', { waits: 'its keys: no request was signed yet' });
  return save(context, files);
}

export async function saveRecord(context: CommandContext): Promise<number> {
  const files = await context.start(parts).call('ceremony.record', { id: context.values.word });
  return save(
    context,
    files.map(({ name, base64 }) => ({ name, bytes: Buffer.from(base64, 'base64') })),
  );
}

function save(context: CommandContext, files: readonly { name: string; bytes: Uint8Array }[]): number {
  const folder = resolve(context.values.needed('out'));
  for (const { name, bytes } of files) {
    const path = join(folder, name);
    makeDataFolder(dirname(path), 0o755);
    writeGivenFile(path, bytes);
  }
  const names = files.map(({ name }) => name);
  context.output.result({ out: folder, files: names }, () => `${names.join(', ')} in ${folder}`);
  return exitCodes.OK;
}

/** Goes on as far as it can. */
async function goOn(context: CommandContext, station: StationProcess): Promise<number> {
  let refused: unknown;
  station.on('pin.wanted', (request) => {
    void context.answerPin(station, request, false).catch((thrown: unknown) => {
      // A wrong PIN is not tried twice; the ceremony stays where it is.
      refused = thrown;
      return station.stop();
    });
  });
  station.on('setup.progress', (progress) =>
    context.output.progress(`${String(progress.done)}/${String(progress.total)} ${progress.step}`),
  );
  try {
    return show(context, await station.call('ceremony.continue', {}));
  } catch (thrown) {
    throw refused ?? thrown;
  }
}

const next: Readonly<Record<NonNullable<CeremonyView['waits']>, string>> = {
  officers: 'Two officers confirm it, each with their own password: birthmark ceremony confirm NAME',
  certificates: 'The customer’s CA signs the requests (birthmark ceremony requests --out DIR); then: birthmark ceremony import FILE',
  pin: 'Go on with it: birthmark ceremony continue',
};

function show(context: CommandContext, view: CeremonyView | null): number {
  context.output.result({ ceremony: view }, () => (view === null ? 'No ceremony is open.' : textOf(view)));
  return exitCodes.OK;
}

function textOf(view: CeremonyView): string {
  const marks = { done: 'done', begun: 'begun', todo: '' } as const;
  const steps = table(
    ['STEP', 'STATE', 'WHEN', 'BY'],
    view.steps.map(({ title, state, at, by }) => [title, marks[state], at ?? '', by ?? '']),
  );
  const confirmed = view.officers.confirmed.map(({ name }) => name).join(', ');
  const keys = view.authorities.map(({ ckaId }) => ckaId).join(', ');
  const end =
    view.state === 'done'
      ? `It is done. Its record: birthmark ceremony record ${view.id} --out DIR`
      : view.state === 'abandoned'
        ? `It was given up. Keys with these ids may be on the token; delete them with the vendor’s tool: ${keys}`
        : next[unwrap(view.waits, 'an open ceremony waits for something')];
  return [
    `Ceremony “${view.name}” on the token “${view.token}”, plan ${view.planSha256}`,
    steps,
    ...(view.officers.needed === 2 ? [`Confirmed by: ${confirmed === '' ? 'nobody yet' : confirmed}`] : []),
    ...view.warnings.map((warning) => `Warning: ${warning}`),
    end,
  ].join('\n');
}

function password(context: CommandContext, name: string): Promise<string> {
  return readSecret({ file: context.values.text('password-file'), option: '--password-file', tryOut: false }, `Password of ${name}`);
}
