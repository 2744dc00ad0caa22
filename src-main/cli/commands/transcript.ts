import { resolve } from 'node:path';
import { exitCodes, type TranscriptView } from '../../contract/index.ts';
import { transcriptText } from '../../station/devices/index.ts';
import type { Command } from '../command.ts';
import { writeGivenFile } from '../files.ts';

export const transcript: Command = {
  name: 'transcript',
  summary: 'what was said on the line to a unit in a run, without anything secret',
  options: {
    run: { argument: 'ID', help: 'the run (default: the one that began last)' },
    out: { argument: 'FILE', help: 'write it to a file, for birthmark profile dry-run' },
  },
  async run(context) {
    const station = context.start({ broker: false, line: 'off' });
    const found = await station.call('transcripts.get', { run: context.text('run') ?? null });
    const out = context.text('out');
    if (out !== undefined) writeTranscript(out, found.lines);
    context.output.result(out === undefined ? found : { run: found.run, out: resolve(out) }, () =>
      out === undefined
        ? `run ${found.run} · ${found.device ?? 'no device'} · ${found.verdict ?? 'running'}\n${transcriptText(found.lines)}`
        : `${String(found.lines.length)} lines in ${resolve(out)}`,
    );
    return exitCodes.OK;
  },
};

/** One JSON object a line; DATA_DENIED when the file cannot be written. */
export function writeTranscript(path: string, lines: TranscriptView['lines']): void {
  writeGivenFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 });
}
