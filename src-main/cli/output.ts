import { exitCodes, explain, type FailureData, catalogue } from '../contract/index.ts';

/** Where a command writes: one JSON object or readable text on stdout, everything else on stderr. */
export interface Output {
  readonly json: boolean;
  /** The command's result, once. `text` is used without --json. */
  result(value: unknown, text: () => string): void;
  note(line: string): void;
}

export function createOutput(json: boolean): Output {
  let told = false;
  return {
    json,
    result: (value, text) => {
      if (told) return;
      told = true;
      process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`);
    },
    note: (line) => void process.stderr.write(`${line}\n`),
  };
}

/** Tells a failure the way the screens do, and gives its exit code. */
export function reportFailure(output: Output, failure: FailureData): number {
  const { title, what, steps, who } = explain(failure.code, failure.params);
  if (output.json) output.result({ verdict: 'FAIL', error: { ...failure, title, what, steps, who } }, () => '');
  output.note(`${title}\n  ${what}`);
  for (const step of steps) output.note(`  → ${step}`);
  output.note(`  who: ${who} · code: ${failure.code}${failure.detail === undefined ? '' : ` · ${failure.detail}`}`);
  return exitCodes[catalogue[failure.code].exit];
}

/** What a unit calls itself is anybody's text: no control character of it reaches the terminal. */
const printable = (cell: string): string => cell.replace(/\p{Cc}/gu, '�');

/** Left-aligned columns; the last one is not padded. */
export function table(head: readonly string[], cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  return [head, ...rows]
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '))
    .join('\n');
}
