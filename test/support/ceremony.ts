import type { CeremonyView, ModuleConfig } from '../../src-main/contract/index.ts';
import type { TestStation } from './station.ts';

export const pin = '482916';

/** Answers every question for the token's PIN. */
export function answersPin(station: TestStation, answer = pin): () => void {
  return station.on(
    'pin.wanted',
    ({ requestId }) => void station.call('pin.enter', { requestId, pin: Buffer.from(answer) }).catch(() => undefined),
  );
}

export interface FileParts {
  readonly token: { readonly label: string; readonly serial?: string; readonly model?: string; readonly firmware?: string };
  readonly module?: ModuleConfig;
  readonly authorities: readonly Record<string, unknown>[];
  readonly officers?: 1 | 2;
  readonly station?: Record<string, unknown>;
  readonly customerRoot?: string;
}

export const ceremonyFile = (parts: FileParts): string => JSON.stringify({ name: 'Test ceremony', reason: 'test', ...parts }, null, 2);

export const customers = (algorithm: string): Record<string, unknown>[] =>
  (['issuing', 'server'] as const).map((role) => ({
    role,
    commonName: `Line 2 ${role} CA`,
    organization: 'Acme',
    algorithm,
    signedBy: 'customer',
  }));

export const requestOf = (view: CeremonyView, role: string): string => {
  const found = view.requests.find((request) => request.role === role);
  if (found === undefined) throw new Error(`no request of ${role}`);
  return found.pem;
};

export const base64 = (...files: readonly string[]): string[] => files.map((text) => Buffer.from(text).toString('base64'));
