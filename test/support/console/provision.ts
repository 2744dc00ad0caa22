import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConsoleProfile } from '../../../src-main/station/devices/console/profile.ts';
import { openUnit, parseDeviceProfile } from '../../../src-main/station/devices/index.ts';
import type {
  Credentials,
  IdentifiedUnit,
  KeyRequest,
  StoredItem,
  TranscriptLine,
  UnitSession,
} from '../../../src-main/station/devices/index.ts';
import type { TestCa } from '../agent.ts';
import { certificationRequest } from './nordic.ts';

/** A shipped profile, with other variables, and times short enough for a test. */
export function consoleProfile(name: string, changes: Partial<ConsoleProfile> = {}): ConsoleProfile {
  const file = `${name}.json`;
  const profile = parseDeviceProfile(file, readFileSync(join('resources/profiles/devices', file), 'utf8'));
  if (profile.driver !== 'console') throw new Error(`${name} is no console profile`);
  const { variables, ...others } = changes;
  return { ...profile, exchangeMs: 1500, replugMs: 120_000, ...others, variables: { ...profile.variables, ...variables } };
}

export const never = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });

export function openConsole(
  path: string,
  profile: ConsoleProfile,
  options: { signal?: AbortSignal; transcript?: TranscriptLine[] } = {},
): Promise<UnitSession> {
  const { signal = never().signal, transcript } = options;
  return openUnit({
    path,
    profile,
    signal,
    ...(transcript === undefined ? {} : { onTranscript: (line) => transcript.push(line) }),
  });
}

export interface Provisioned {
  readonly unit: IdentifiedUnit;
  readonly request: KeyRequest;
  readonly credentials: Credentials;
  readonly spki: Uint8Array;
  readonly installed: readonly StoredItem[];
}

/** What a run does with the driver, up to what was read back; the key comes from the station where the profile says so. */
export async function provision(session: UnitSession, profile: ConsoleProfile, ca: TestCa, options = never()): Promise<Provisioned> {
  const unit = await session.identify(options);
  const { request, privateKey } = await requestFor(session, profile, options);
  const issued = await ca.issue(request.csr);
  const credentials: Credentials = { ...issued.credentials, ...(privateKey === undefined ? {} : { privateKey }) };
  const installed = await session.install(credentials, unit, options);
  await session.readBack(installed, options);
  if (session.capabilities.possession) await session.provePossession(issued.spki, options);
  await session.activate(options);
  return { unit, request, credentials, spki: issued.spki, installed };
}

async function requestFor(
  session: UnitSession,
  profile: ConsoleProfile,
  options: { signal: AbortSignal },
): Promise<{ request: KeyRequest; privateKey?: Uint8Array }> {
  if (profile.key === 'device') return { request: await session.generateKey('acme/T-1', options) };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const request = { csr: certificationRequest(privateKey, 'acme/T-1') };
  return { request, privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }) };
}
