import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { exitCodes, Failure, unwrap, type CeremonyView, type CallOutput } from '../../contract/index.ts';
import { makeDataFolder } from '../../service-host/index.ts';
import { lintCeremonyFile, verifyTranscript } from '../../station/ceremony/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { readBytes, readText, writeGivenFile } from '../files.ts';
import { table } from '../output.ts';
import { readSecret } from '../pin.ts';
import type { StationProcess } from '../station-process.ts';

export const ceremony: Command = {
  name: 'ceremony',
  summary: 'make issuers in a recorded ceremony: begin, go on after an interruption, confirm, import, record, verify',
  options: {
    file: { argument: 'FILE', help: 'begin the ceremony of this file, or go on with it; without an option the open ceremony goes on' },
    'password-file': { argument: 'FILE', help: 'file with the password of the first officer of a new station' },
    status: { help: 'what is done and what the open ceremony waits for; changes nothing' },
    confirm: { argument: 'NAME', help: 'confirm the open ceremony as this officer; the password is asked for, or in --password-file' },
    requests: { argument: 'DIR', help: 'write the requests to the customer’s CA to a folder' },
    import: { argument: 'FILE', multiple: true, help: 'certificates from the customer’s CA with their chain: PEM, DER or PKCS#7' },
    abandon: { help: 'give the open ceremony up; its keys stay on the token' },
    list: { help: 'every ceremony of this station' },
    record: { argument: 'ID', help: 'write the record of a ceremony that is done (transcript as JSON and PDF, signatures) to --out' },
    out: { argument: 'DIR', help: 'folder for --record; made when it is not there' },
    lint: { argument: 'FILE', help: 'check a ceremony file; needs no station. Exit code 1 when it cannot be used' },
    verify: { argument: 'DIR', help: 'check the record of a ceremony; needs no station. Exit code 1 when it does not hold' },
    trust: {
      argument: 'FILE',
      multiple: true,
      help: 'with --verify: a CA certificate got in another way, which must be one of the record’s',
    },
  },
  async run(context) {
    const [lint, verify] = [context.text('lint'), context.text('verify')];
    if (lint !== undefined) return lintFile(context, lint);
    if (verify !== undefined) return verifyRecord(context, verify);
    const parts = { broker: true, line: 'off' } as const;
    const station = context.text('file') === undefined ? context.start(parts) : context.startNew(parts);
    const [confirm, requests, record] = [context.text('confirm'), context.text('requests'), context.text('record')];
    if (context.flag('list')) return list(context, await station.call('ceremony.list', {}));
    if (record !== undefined) return saveRecord(context, await station.call('ceremony.record', { id: record }));
    if (context.flag('status')) return show(context, await station.call('ceremony.current', {}));
    if (requests !== undefined) return saveRequests(context, await station.call('ceremony.current', {}), requests);
    if (confirm !== undefined)
      return show(context, await station.call('ceremony.confirm', { name: confirm, password: await password(context, confirm) }));
    if (context.flag('abandon')) return show(context, await station.call('ceremony.abandon', {}));
    return goOn(context, station);
  },
};

/** Begins, imports, and goes on as far as it can. */
async function goOn(context: CommandContext, station: StationProcess): Promise<number> {
  const [file, imports] = [context.text('file'), context.list('import')];
  if (file !== undefined) {
    const text = readText(file);
    const { findings } = lintCeremonyFile(text);
    for (const { line, level, problem } of findings) context.output.note(`${basename(file)}:${String(line)}: ${level}: ${problem}`);
    const given = context.text('password-file');
    await station.call('ceremony.start', { text, password: given === undefined ? null : await password(context, 'the first officer') });
  }
  if (imports.length > 0) await station.call('ceremony.import', { files: imports.map((path) => readBytes(path).toString('base64')) });
  let refused: unknown;
  station.on('pin.wanted', (request) => {
    void context.answerPin(station, request, false).catch((thrown: unknown) => {
      // A wrong PIN is not tried twice; the ceremony stays where it is.
      refused = thrown;
      return station.stop();
    });
  });
  station.on('setup.progress', (progress) => context.output.note(`${String(progress.done)}/${String(progress.total)} ${progress.step}`));
  try {
    return show(context, await station.call('ceremony.continue', {}));
  } catch (thrown) {
    throw refused ?? thrown;
  }
}

const next: Readonly<Record<NonNullable<CeremonyView['waits']>, string>> = {
  officers: 'Two officers confirm it, each with their own password: birthmark ceremony --confirm NAME',
  certificates: 'The customer’s CA signs the requests (birthmark ceremony --requests DIR); then: birthmark ceremony --import FILE',
  pin: 'Go on with it: birthmark ceremony',
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
      ? `It is done. Its record: birthmark ceremony --record ${view.id} --out DIR`
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

function list(context: CommandContext, all: CallOutput<'ceremony.list'>): number {
  context.output.result({ ceremonies: all }, () =>
    table(
      ['ID', 'NAME', 'STATE', 'BEGUN', 'BY', 'CAS'],
      all.map(({ id, name, state, startedAt, startedBy, authorities }) => [
        id,
        name,
        state,
        startedAt,
        startedBy,
        authorities.map(({ issuer }) => issuer).join(' '),
      ]),
    ),
  );
  return exitCodes.OK;
}

function saveRequests(context: CommandContext, view: CeremonyView | null, folder: string): number {
  if (view === null) throw new Failure('CEREMONY_NONE');
  const files = view.requests.map(({ role, pem }) => ({ name: `${role}.csr`, bytes: Buffer.from(pem) }));
  if (files.length === 0) throw new Failure('CEREMONY_WAITS', { waits: 'its keys: no request was signed yet' });
  return save(context, folder, files);
}

function saveRecord(context: CommandContext, files: CallOutput<'ceremony.record'>): number {
  const out = context.text('out');
  if (out === undefined || out === '') throw new Failure('INVALID_INPUT', { field: '--out', problem: 'a folder is needed' });
  return save(
    context,
    out,
    files.map(({ name, base64 }) => ({ name, bytes: Buffer.from(base64, 'base64') })),
  );
}

function save(context: CommandContext, folder: string, files: readonly { name: string; bytes: Uint8Array }[]): number {
  for (const { name, bytes } of files) {
    const path = join(resolve(folder), name);
    makeDataFolder(dirname(path), 0o755);
    writeGivenFile(path, bytes);
  }
  const names = files.map(({ name }) => name);
  context.output.result({ out: resolve(folder), files: names }, () => `${names.join(', ')} in ${resolve(folder)}`);
  return exitCodes.OK;
}

function lintFile(context: CommandContext, path: string): number {
  const { file, findings } = lintCeremonyFile(readText(path));
  context.output.result({ file: path, usable: file !== null, findings }, () =>
    findings.length === 0
      ? `${path}: nothing wrong`
      : findings.map(({ line, column, level, problem }) => `${path}:${String(line)}:${String(column)}: ${level}: ${problem}`).join('\n'),
  );
  return file === null ? exitCodes.FAILED : exitCodes.OK;
}

/** The folder that --record wrote, or its transcript.json. */
function verifyRecord(context: CommandContext, path: string): number {
  const folder = existsSync(path) && statSync(path).isDirectory() ? path : dirname(path);
  const text = readText(join(folder, 'transcript.json'));
  const signatures = new Map(
    readdirSync(folder).flatMap((name) => {
      const role = /^transcript\.(\w+)\.sig$/u.exec(name)?.[1];
      return role === undefined ? [] : [[role, readBytes(join(folder, name))] as const];
    }),
  );
  const trusted = context.list('trust').map((file) => readBytes(file));
  const { body, sha256, problems } = verifyTranscript(text, signatures, trusted);
  if (problems.length > 0) throw new Failure('TRANSCRIPT_INVALID', { problem: problems.join('; ') });
  const made = (body?.certificates ?? []).map(({ role, subject, sha256: fingerprint }) => ({ role, subject, sha256: fingerprint }));
  context.output.result({ verdict: 'PASS', sha256, ceremony: body?.ceremony, certificates: made }, () =>
    [
      `The transcript holds (SHA-256 ${sha256}): every key that it names has signed it.`,
      table(
        ['ROLE', 'SUBJECT', 'CERTIFICATE SHA-256'],
        made.map((one) => [one.role, one.subject, one.sha256]),
      ),
      ...(trusted.length === 0 ? ['Whether these are the right CAs only a certificate got in another way can tell: --trust FILE'] : []),
    ].join('\n'),
  );
  return exitCodes.OK;
}

function password(context: CommandContext, name: string): Promise<string> {
  return readSecret({ file: context.text('password-file'), option: '--password-file', tryOut: false }, `Password of ${name}`);
}
