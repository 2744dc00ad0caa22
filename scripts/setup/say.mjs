/** Set-up speaks on stderr only: `npm run -s birthmark -- … --json` keeps stdout for one JSON object. */
export const say = (line) => process.stderr.write(`${clearLine()}birthmark set-up: ${line}\n`);

/** On a terminal, a stage may just be counting on the last line. */
const clearLine = () => (process.stderr.isTTY ? '\r\u001b[2K' : '');

/** Something the person at the machine must do; shown without a stack trace. */
export class SetupProblem extends Error {}

const redrawMs = 500;

/**
 * Does one stage of the set-up and says what it does and how long that takes. On a terminal the line counts on; elsewhere
 * it is one line.
 * @template T
 * @param {string} what
 * @param {string} usual how long it takes on a usual machine
 * @param {() => Promise<T>} work
 * @param {() => number | null} [percent] how far it is, where that is known
 * @returns {Promise<T>}
 */
export async function stage(what, usual, work, percent = () => null) {
  say(`${what} (about ${usual})`);
  if (!process.stderr.isTTY) return work();
  const since = Date.now();
  const redraw = setInterval(() => {
    const known = percent();
    const done = known === null ? '' : `${Math.min(99, Math.floor(known))} %, `;
    const seconds = Math.round((Date.now() - since) / 1000);
    process.stderr.write(`${clearLine()}  ${done}${seconds} s`);
  }, redrawMs);
  try {
    return await work();
  } finally {
    clearInterval(redraw);
    process.stderr.write(clearLine());
  }
}

/**
 * Runs a script's main function: its number becomes the exit code, a SetupProblem becomes plain words.
 * @param {() => Promise<number>} main
 */
export async function runAsScript(main) {
  try {
    process.exitCode = await main();
  } catch (thrown) {
    if (!(thrown instanceof SetupProblem)) throw thrown;
    process.stderr.write(`\n${thrown.message}\n`);
    process.exitCode = 1;
  }
}
