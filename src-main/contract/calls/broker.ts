import { z } from 'zod';
import { DeviceName } from '../ids.ts';
import { BrokerTarget, BrokerView, ClientIdentity, ProbeStep, TlsVersion, Verdict, VerificationView } from '../models.ts';
import { call, line, nothing, signedIn, slot } from './spec.ts';

const UnitConnection = z.object({ device: z.string(), slot: z.int(), connected: z.boolean(), stage: z.string(), detail: z.string() });

export const brokerCalls = {
  'broker.status': call({ service: 'station', summary: 'The broker host', input: nothing, output: BrokerView.nullable(), roles: signedIn }),
  'verify.outstanding': call({
    service: 'station',
    summary: 'Prove the units that are NOT_VERIFIED and plugged in',
    input: nothing,
    output: z.array(z.object({ device: DeviceName, slot: z.int().nullable(), verdict: Verdict, code: z.string().nullable() })),
    roles: line,
  }),
  'verify.unit': call({
    service: 'station',
    summary: 'Ask the unit in a slot to connect to the broker again, with its own key',
    input: slot,
    output: UnitConnection,
    roles: signedIn,
  }),
  'verify.device': call({
    service: 'station',
    summary: 'The same by device, wherever its unit is plugged in',
    input: z.object({ device: DeviceName }).strict(),
    output: UnitConnection,
    roles: signedIn,
  }),
  'verify.connection': call({
    service: 'station',
    summary: 'Try the way to any broker as any client, with the diagnosis and both chains',
    input: z
      .object({
        target: BrokerTarget.nullable().default(null),
        identity: ClientIdentity.default({ kind: 'station' }),
        /** Exactly this version; null: the best both have. */
        tls: TlsVersion.nullable().default(null),
        mqtt: z.enum(['5', '3.1.1']).default('5'),
        /** Whose topics are tried; null: those of the identity, where it is a device. */
        device: DeviceName.nullable().default(null),
        timeoutMs: z.int().min(100).max(60_000).default(5_000),
      })
      .strict(),
    output: VerificationView,
    roles: signedIn,
  }),
  'verify.broker': call({
    service: 'station',
    summary: 'Check the way to the broker, step by step',
    input: nothing,
    output: z.array(ProbeStep),
    roles: signedIn,
  }),
} as const;
