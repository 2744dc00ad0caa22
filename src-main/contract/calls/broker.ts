import { z } from 'zod';
import { FailureData } from '../errors.ts';
import { DeviceName } from '../ids.ts';
import { limits } from '../limits.ts';
import {
  BrokerTarget,
  BrokerView,
  ClientIdentity,
  Difference,
  ProbeStep,
  RabbitmqCluster,
  RemoteHost,
  TlsVersion,
  Verdict,
  VerificationView,
} from '../models.ts';
import { call, done, line, nothing, officer, signedIn, slot } from './spec.ts';

const UnitConnection = z.object({ device: z.string(), slot: z.int(), connected: z.boolean(), stage: z.string(), detail: z.string() });

export const brokerCalls = {
  'broker.status': call({ service: 'station', summary: 'The broker host', input: nothing, output: BrokerView.nullable(), roles: signedIn }),
  'broker.keys': call({
    service: 'station',
    summary: 'The two SSH keys of this station, for a broker host’s administrator',
    input: nothing,
    output: z.object({ files: z.string(), command: z.string() }),
    roles: officer,
  }),
  'broker.hostKey': call({
    service: 'station',
    summary: 'The host key that a broker host shows',
    input: RemoteHost.pick({ host: true, sshPort: true }),
    output: z.object({ hostKey: z.string() }),
    roles: officer,
  }),
  'broker.use': call({
    service: 'station',
    summary: 'Use a remote broker host, or the local one, from the next start on',
    input: z.object({ remote: RemoteHost.nullable() }).strict(),
    output: done,
    roles: officer,
  }),
  'broker.useRabbitmq': call({
    service: 'station',
    summary: 'Use a RabbitMQ cluster with the MQTT plugin as broker host, from the next start on',
    input: z
      .object({
        cluster: RabbitmqCluster,
        /** Of the management API's user; kept as the station's keys are. */
        password: z
          .string()
          .min(1)
          .max(200)
          .regex(/^[^\p{Cc}]*$/u, 'must be visible characters'),
      })
      .strict(),
    output: done,
    roles: officer,
  }),
  'broker.reconcile': call({
    service: 'station',
    summary: 'What the registry, the broker host’s files and the broker disagree on',
    input: nothing,
    output: z.object({ verdict: z.enum(['PASS', 'FAIL']), host: z.string(), findings: z.array(Difference) }),
    roles: signedIn,
  }),
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
  'verify.checkup': call({
    service: 'station',
    summary: 'Check how a broker is set up',
    input: z
      .object({
        target: BrokerTarget.nullable().default(null),
        /** Other listeners of a target; 0: none. */
        mqttPort: z.int().min(0).max(65_535).default(1883),
        websocketsPort: z.int().min(0).max(65_535).default(9001),
        timeoutMs: z.int().min(100).max(60_000).default(5_000),
      })
      .strict(),
    output: z.object({ verdict: z.enum(['PASS', 'FAIL']), host: z.string(), port: z.int(), checks: z.array(ProbeStep) }),
    roles: signedIn,
  }),
  'verify.why': call({
    service: 'station',
    summary: 'Why can this device not connect?',
    input: z
      .object({
        device: z.string().min(1).max(limits.commonNameChars),
        /** What the device itself reports, as text. */
        said: z.string().max(2_000).nullable().default(null),
        /** Ask the broker, and the unit where it is plugged in. */
        live: z.boolean().default(true),
      })
      .strict(),
    output: z.object({ verdict: z.enum(['PASS', 'FAIL']), device: z.string(), findings: z.array(ProbeStep), diagnosis: FailureData }),
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
