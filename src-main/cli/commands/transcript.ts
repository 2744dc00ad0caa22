import { resolve } from 'node:path';
import { exitCodes, type TranscriptView } from '../../contract/index.ts';
import { transcriptText } from '../../station/devices/index.ts';
import type { CommandContext } from '../context.ts';
import { writeGivenFile } from '../files.ts';

export async function showTranscript(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  const found = await station.call('transcripts.get', { run: context.values.words[0] ?? null });
  const out = context.values.text('out');
  if (out !== undefined) writeTranscript(out, found.lines);
  context.output.result(out === undefined ? found : { run: found.run, out: resolve(out) }, () =>
    out === undefined
      ? `run ${found.run} · ${found.device ?? 'no device'} · ${found.verdict ?? 'running'}\n${transcriptText(found.lines)}`
      : `${String(found.lines.length)} lines in ${resolve(out)}`,
  );
  return exitCodes.OK;
}

/** One JSON object a line; DATA_DENIED when the file cannot be written. */
export function writeTranscript(path: string, lines: TranscriptView['lines']): void {
  writeGivenFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 });
}
