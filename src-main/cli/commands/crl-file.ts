import { readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { exitCodes, Failure, limits } from '../../contract/index.ts';
import {
  bytesSource,
  certificateFromFile,
  CrlFile,
  describeCrl,
  readCrlEntries,
  readIssuer,
  withCrlFile,
  type CrlDescription,
  type CrlSource,
  type Issuer,
} from '../../station/ca/index.ts';
import { listsIn } from '../../station/broker/index.ts';
import { isDer } from '../../station/x509-files/index.ts';
import type { CommandContext } from '../context.ts';
import { fileFailure, readBytes } from '../files.ts';
import { facts, table } from '../output.ts';

/** PEM is a third larger than what it holds. */
const maxPemBytes = Math.ceil(limits.crlBytes * 1.4);

/** Runs `use` with each CRL of a file, DER or PEM; a PEM file may hold several. */
async function eachCrl(path: string, use: (crl: CrlFile) => Promise<void>): Promise<void> {
  try {
    if (path === '-') {
      for (const source of sourcesIn(readBytes(path))) await use(await CrlFile.read(source));
      return;
    }
    const start = Buffer.alloc(64);
    await using file = await open(path, 'r');
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    if (isDer(start.subarray(0, bytesRead))) return await withCrlFile(path, async (source) => use(await CrlFile.read(source)));
    if (statSync(path).size > maxPemBytes) throw new Failure('CRL_REJECTED', { problem: `it has more than ${String(maxPemBytes)} bytes` });
    for (const source of sourcesIn(readFileSync(path))) await use(await CrlFile.read(source));
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'CRL_REJECTED')
      throw new Failure('CRL_FILE_INVALID', { path, problem: String(thrown.params['problem']) });
    if (thrown instanceof Failure || !('code' in (thrown as object))) throw thrown;
    throw fileFailure(path, 'read', thrown);
  }
}

const sourcesIn = (bytes: Buffer): CrlSource[] => (isDer(bytes) ? [bytes] : listsIn(bytes)).map(bytesSource);

export async function showCrlFile(context: CommandContext): Promise<number> {
  const limit = context.values.number('limit', { min: 1, max: limits.pageRows, fallback: 20 });
  const found: (CrlDescription & { sample: Awaited<ReturnType<typeof readCrlEntries>>['first'] })[] = [];
  await eachCrl(context.values.word, async (crl) => {
    const { count, first } = await readCrlEntries(crl, limit);
    found.push({ ...(await describeCrl(crl)), entries: count, sample: first });
  });
  context.output.result({ crls: found }, () =>
    found
      .map(({ sample, ...crl }) =>
        [
          factsOf(crl),
          ...(sample.length === 0
            ? []
            : [
                table(
                  ['SERIAL', 'REVOKED', 'REASON'],
                  sample.map((one) => [one.serial, one.revokedAt, one.reason]),
                ),
              ]),
          ...(crl.entries > sample.length ? [`… and ${String(crl.entries - sample.length)} more`] : []),
        ].join('\n'),
      )
      .join('\n\n'),
  );
  return exitCodes.OK;
}

const factsOf = (crl: CrlDescription): string =>
  facts([
    ['issuer', crl.issuer],
    ['number', crl.number ?? 'none'],
    ['this update', crl.thisUpdate],
    ['next update', crl.nextUpdate ?? 'none'],
    ['scope', crl.uri ?? 'all certificates of the issuer'],
    ['authority key', crl.authorityKeyId ?? 'none'],
    ['signed with', crl.algorithm],
    ['entries', String(crl.entries)],
    ['bytes', String(crl.bytes)],
    ['sha256', crl.sha256],
    ...crl.notes.map((note) => ['note', note] as const),
  ]);

/** Exit code 0 only when every list of the file is good now. */
export async function verifyCrlFile(context: CommandContext): Promise<number> {
  const ca = context.values.text('ca');
  const issuers = ca === undefined ? await ownIssuers(context) : [readCa(ca)];
  const found: (CrlDescription & { signedBy: string | null; problems: string[] })[] = [];
  await eachCrl(context.values.word, async (crl) => {
    const { count } = await readCrlEntries(crl, 0);
    const said = { ...(await describeCrl(crl)), entries: count };
    const problems: string[] = [];
    let signedBy: string | null = null;
    for (const issuer of issuers) if (await crl.signedBy(issuer.read)) signedBy = issuer.name;
    if (signedBy === null) problems.push(`its signature is not by ${ca === undefined ? 'any CA of this station' : ca}`);
    const now = new Date().toISOString();
    if (said.thisUpdate > now) problems.push(`it begins only ${said.thisUpdate}`);
    if (said.nextUpdate === null) problems.push('it does not say when the next one comes');
    else if (said.nextUpdate <= now) problems.push(`it ended ${said.nextUpdate}: whoever uses it locks every device of its issuer out`);
    found.push({ ...said, signedBy, problems: [...problems, ...said.notes] });
  });
  const good = found.every(({ problems }) => problems.length === 0);
  context.output.result({ crls: found }, () =>
    found
      .map(({ issuer, number, entries, signedBy, problems, uri }) =>
        [
          `${problems.length === 0 ? 'good' : 'BAD '}  ${issuer}, number ${number ?? 'none'}, ${String(entries)} entries${uri === null ? '' : `, for ${uri}`}`,
          ...(signedBy === null ? [] : [`      signed by ${signedBy}`]),
          ...problems.map((problem) => `      ${problem}`),
        ].join('\n'),
      )
      .join('\n'),
  );
  return good ? exitCodes.OK : exitCodes.FAILED;
}

interface Named {
  readonly name: string;
  readonly read: Issuer;
}

async function ownIssuers(context: CommandContext): Promise<Named[]> {
  const station = context.start({ broker: false, line: 'off' });
  const issuers = await station.call('crl.signers', {});
  await context.stop();
  return issuers.map(({ issuer, certificate }) => ({ name: issuer, read: readIssuer(certificate) }));
}

function readCa(path: string): Named {
  return { name: path, read: readIssuer(certificateFromFile(readBytes(path))) };
}
