/** Set-up speaks on stderr only: `npm run -s birthmark -- … --json` keeps stdout for one JSON object. */
export const say = (line) => process.stderr.write(`birthmark set-up: ${line}\n`);

/** Something the person at the machine must do; shown without a stack trace. */
export class SetupProblem extends Error {}

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
