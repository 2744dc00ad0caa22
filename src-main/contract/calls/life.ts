import { z } from 'zod';
import { Bytes, DeviceName, Instant, SerialHex } from '../ids.ts';
import { limits } from '../limits.ts';
import { ClockView, RotationView } from '../models.ts';
import { call, done, nothing, officer, page, pageOf, signedIn } from './spec.ts';

export const lifeCalls = {
  'rotation.begin': call({
    service: 'station',
    summary: 'A new certificate for a device in the field, from its request; the old one stays good for a grace period',
    input: z
      .object({
        device: DeviceName,
        csr: Bytes.refine((bytes) => bytes.length <= limits.csrFileBytes, 'too large for a certificate request'),
        /** The grace period ends early, as soon as the device proves that it uses the new one. */
        endWhenSeen: z.boolean().default(false),
        /** What the device says about where the new key was made, as a file: see `attestationFromFile`. */
        attestation: Bytes.refine((bytes) => bytes.length <= limits.csrFileBytes, 'too large for an attestation')
          .nullable()
          .default(null),
        graceHours: z.int().min(limits.graceHours.min).max(limits.graceHours.max).default(limits.graceHours.default),
        /** Why it is renewed earlier than the policy lets it. */
        override: z.string().min(1).max(200).nullable().default(null),
      })
      .strict(),
    output: z.object({ serial: SerialHex, replaces: SerialHex, graceUntil: Instant, pem: z.string() }),
    roles: officer,
  }),
  'rotation.list': call({
    service: 'station',
    summary: 'Devices with two certificates in force, the soonest end of a grace period first',
    input: z.object({ limit: page.limit, cursor: page.cursor }).strict(),
    output: pageOf(RotationView),
    roles: signedIn,
  }),
  'rotation.end': call({
    service: 'station',
    summary: 'The new certificate was seen: revoke the one that it replaces now, not at the end of its grace period',
    input: z.object({ serial: SerialHex }).strict(),
    output: done,
    roles: officer,
  }),
  'clock.show': call({
    service: 'station',
    summary: 'What the clock of this computer and other clocks say, and whether it is in doubt',
    input: nothing,
    output: ClockView,
    roles: signedIn,
  }),
  'clock.confirm': call({
    service: 'station',
    summary: 'The clock of this computer is right: go on with what waits for it',
    input: nothing,
    output: ClockView,
    roles: officer,
  }),
} as const;
