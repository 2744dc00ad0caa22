import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';

const keptBytes = 1024 * 1024;

/** Lines of the main process and the services' output, on stderr and in a file (0600) that is put aside once it is large. */
export function openLog(file: string): (line: string) => void {
  if (existsSync(file) && statSync(file).size > keptBytes) renameSync(file, `${file}.1`);
  // Whoever read stderr may be gone (a pipe that was closed); the file still has the line.
  process.stderr.on('error', () => undefined);
  return (line) => {
    const text = `${new Date().toISOString()} ${line}\n`;
    process.stderr.write(text);
    try {
      appendFileSync(file, text, { mode: 0o600 });
    } catch {
      // A full disk must not take the window down; the line is on stderr.
    }
  };
}
