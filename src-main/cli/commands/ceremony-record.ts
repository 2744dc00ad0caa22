import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exitCodes, Failure } from '../../contract/index.ts';
import { lintCeremonyFile, verifyTranscript } from '../../station/ceremony/index.ts';
import type { CommandContext } from '../context.ts';
import { readBytes, readText } from '../files.ts';
import { table } from '../output.ts';

export function lintFile(context: CommandContext): Promise<number> {
  const path = context.values.word;
  const { file, findings } = lintCeremonyFile(readText(path));
  context.output.result({ file: path, usable: file !== null, findings }, () =>
    findings.length === 0
      ? `${path}: nothing wrong`
      : findings.map(({ line, column, level, problem }) => `${path}:${String(line)}:${String(column)}: ${level}: ${problem}`).join('\n'),
  );
  return Promise.resolve(file === null ? exitCodes.FAILED : exitCodes.OK);
}

/** The folder that `ceremony record` wrote, or its transcript.json. */
export function verifyRecord(context: CommandContext): Promise<number> {
  const path = context.values.word;
  const folder = existsSync(path) && statSync(path).isDirectory() ? path : dirname(path);
  const text = readText(join(folder, 'transcript.json'));
  const signatures = new Map(
    readdirSync(folder).flatMap((name) => {
      const role = /^transcript\.(\w+)\.sig$/u.exec(name)?.[1];
      return role === undefined ? [] : [[role, readBytes(join(folder, name))] as const];
    }),
  );
  const trusted = context.values.list('trust').map((file) => readBytes(file));
  const { body, sha256, problems } = verifyTranscript(text, signatures, trusted);
  if (problems.length > 0) throw new Failure('TRANSCRIPT_INVALID', { problem: problems.join('; ') });
  const made = (body?.certificates ?? []).map(({ role, subject, sha256: fingerprint }) => ({ role, subject, sha256: fingerprint }));
  context.output.result({ sha256, ceremony: body?.ceremony, certificates: made }, () =>
    [
      `The transcript holds (SHA-256 ${sha256}): every key that it names has signed it.`,
      table(
        ['ROLE', 'SUBJECT', 'CERTIFICATE SHA-256'],
        made.map((one) => [one.role, one.subject, one.sha256]),
      ),
      ...(trusted.length === 0 ? ['Whether these are the right CAs only a certificate got in another way can tell: --trust FILE'] : []),
    ].join('\n'),
  );
  return Promise.resolve(exitCodes.OK);
}
