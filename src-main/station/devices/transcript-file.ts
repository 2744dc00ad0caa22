import { z } from 'zod';
import { Failure } from '../../contract/index.ts';
import type { TranscriptLine } from './driver.ts';

/** One character before each line of a transcript as people read and write it; `<|` is a prompt, `<=` bytes in base64. */
const marks: Readonly<Record<string, Pick<TranscriptLine, 'direction' | 'part'>>> = {
  '>': { direction: 'to-unit' },
  '<': { direction: 'from-unit' },
  '<|': { direction: 'from-unit', part: 'prompt' },
  '<=': { direction: 'from-unit', part: 'bytes' },
  '#': { direction: 'note' },
};

const RecordedLine = z.object({
  at: z.string(),
  direction: z.enum(['to-unit', 'from-unit', 'note']),
  text: z.string(),
  part: z.enum(['prompt', 'bytes']).optional(),
});

/** A transcript for people. */
export function transcriptText(lines: readonly TranscriptLine[]): string {
  return lines.map((line) => `${markOf(line)} ${line.text}`).join('\n');
}

function markOf({ direction, part }: TranscriptLine): string {
  const found = Object.entries(marks).find(([, mark]) => mark.direction === direction && mark.part === part);
  return found?.[0] ?? '#';
}

/**
 * A transcript from its file: one JSON object a line, as the station keeps it, or as `transcriptText` writes it.
 * @throws Failure INVALID_INPUT with the line that is neither.
 */
export function parseTranscript(text: string): TranscriptLine[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const parsed = line.startsWith('{') ? fromJson(line) : fromText(line);
    if (parsed !== null) return [parsed];
    throw new Failure('INVALID_INPUT', {
      field: 'transcript',
      problem: `line ${String(index + 1)} is neither JSON nor begins with > < <| <= or #`,
    });
  });
}

function fromText(line: string): TranscriptLine | null {
  const [, name = '', text = ''] = /^(>|<\||<=|<|#) ?(.*?)\r?$/u.exec(line) ?? [];
  const mark = marks[name];
  return mark === undefined ? null : { at: '', ...mark, text };
}

function fromJson(line: string): TranscriptLine | null {
  try {
    const { at, direction, text, part } = RecordedLine.parse(JSON.parse(line));
    return { at, direction, text, ...(part === undefined ? {} : { part }) };
  } catch {
    return null;
  }
}
