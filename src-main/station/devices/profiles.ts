import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../contract/index.ts';
import type { DeviceProfile } from './driver.ts';

const milliseconds = z.int().min(10).max(3_600_000);

/** A device profile as it stands in its file; unknown keys are errors. `device-profile.schema.json` is made from this. */
export const DeviceProfileFile = z
  .object({
    $schema: z.string().optional(),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/u)
      .describe('The name that work orders use; the same as the file’s'),
    driver: z.literal('smp').describe('smp: MCUmgr/SMP over a serial console, with the provision group'),
    baudRate: z.int().min(300).max(12_000_000),
    keyAlgorithm: z.enum(['ec-p256', 'rsa-2048']).describe('The key that the device makes'),
    exchangeMs: milliseconds.default(2000).describe('One request and its answer; the time on the wire comes on top'),
    stepMs: milliseconds.default(60_000).describe('One step, e.g. installing everything; at least four times what making the key takes'),
    jobMs: milliseconds.default(600_000).describe('The whole time that a unit may take'),
    replugMs: z
      .int()
      .min(0)
      .max(60_000)
      .default(5000)
      .describe('How long to wait for a unit that went away during a step; 0 does not wait'),
  })
  .strict();

/** The JSON schema that is shipped beside the profiles, for editors. */
export function deviceProfileSchema(): unknown {
  return z.toJSONSchema(DeviceProfileFile, { io: 'input' });
}

/**
 * All profiles of `{resources}/profiles/devices`, by name.
 * @throws Failure PROFILE_INVALID with file, line and what is wrong.
 */
export async function loadDeviceProfiles(resources: string): Promise<ReadonlyMap<string, DeviceProfile>> {
  const folder = join(resources, 'profiles', 'devices');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json') && !file.endsWith('.schema.json')).sort();
  const profiles = new Map<string, DeviceProfile>();
  for (const file of files) {
    const profile = parseDeviceProfile(file, await readFile(join(folder, file), 'utf8'));
    profiles.set(profile.name, profile);
  }
  return profiles;
}

/** @throws Failure PROFILE_INVALID. */
export function parseDeviceProfile(file: string, text: string): DeviceProfile {
  const invalid = (line: number, problem: string): Failure => new Failure('PROFILE_INVALID', { file, line, problem });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (thrown) {
    const position = /position (\d+)/u.exec(String(thrown))?.[1];
    throw invalid(position === undefined ? 1 : lineAt(text, Number(position)), 'it is not JSON');
  }
  const parsed = DeviceProfileFile.safeParse(data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0];
    throw invalid(
      key === undefined ? 1 : lineAt(text, Math.max(0, text.indexOf(`"${String(key)}"`))),
      `${key === undefined ? '' : `${String(key)}: `}${issue?.message ?? ''}`,
    );
  }
  if (`${parsed.data.name}.json` !== file)
    throw invalid(lineAt(text, text.indexOf('"name"')), `name: must be the file’s name, ${file.replace(/\.json$/u, '')}`);
  const { name, driver, baudRate, keyAlgorithm, exchangeMs, stepMs, jobMs, replugMs } = parsed.data;
  return { name, driver, baudRate, keyAlgorithm, exchangeMs, stepMs, jobMs, replugMs };
}

const lineAt = (text: string, position: number): number => text.slice(0, position).split('\n').length;
