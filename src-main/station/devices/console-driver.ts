import { readFileSync, statSync } from 'node:fs';
import { Failure } from '../../contract/index.ts';
import { ConsoleLine } from './console/console-line.ts';
import { ConsoleSession } from './console/console-session.ts';
import type { ConsoleProfile } from './console/profile.ts';
import { Values } from './console/values.ts';
import type { Driver } from './driver.ts';
import type { UnitSecrets } from './unit-secrets.ts';
import { probed } from './probed.ts';

/** Everything that talks in lines, by the dialogue that the profile writes down. */
export const consoleDriver: Driver<ConsoleProfile> = {
  async open(options) {
    const values = valuesOf(options.profile, options.secrets);
    return probed(
      options.signal,
      () => ConsoleLine.open(options, values),
      (line) => new ConsoleSession(line, values, options),
    );
  },
};

function valuesOf({ variables }: ConsoleProfile, secrets: UnitSecrets): Values {
  const values = new Values(secrets);
  for (const [name, variable] of Object.entries(variables)) {
    if (typeof variable === 'string') values.set(name, variable);
    else values.setSecret(name, 'file' in variable ? secretOf(name, variable.file) : variable.value);
  }
  return values;
}

function secretOf(name: string, file: string): string {
  const unusable = (problem: string): Failure =>
    new Failure('INVALID_INPUT', { field: `variables.${name}`, problem: `${file} ${problem}` });
  try {
    if ((statSync(file).mode & 0o077) !== 0) throw unusable('can be read by others than its owner');
    return readFileSync(file, 'utf8').replace(/\r?\n$/u, '');
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw unusable('cannot be read');
  }
}
