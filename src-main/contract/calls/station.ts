import { z } from 'zod';
import { AuthorityAlgorithm } from '../ceremony.ts';
import { SlotPosition } from '../ids.ts';
import { limits } from '../limits.ts';
import { Operator, Role, SignIn, StationStatus } from '../models.ts';
import { ModuleConfig } from '../signer.ts';
import { call, done, everyone, nothing, officer, signedIn } from './spec.ts';

/** No address: no such host exists (RFC 6761). It only names the lists of an issuer that has several. */
export const placeholderCrlBase = 'http://crl.birthmark.invalid';

export const stationCalls = {
  'station.status': call({
    service: 'station',
    summary: 'Everything the status bar and the first screen need',
    input: nothing,
    output: StationStatus,
    roles: everyone,
  }),
  'station.tryOut': call({
    service: 'station',
    summary: 'Set up a try-out station: software token, local broker, simulated units',
    input: z.object({ slots: z.int().min(1).max(limits.slots).default(4), plug: z.boolean().default(true) }).strict(),
    output: StationStatus,
    roles: everyone,
  }),
  'station.init': call({
    service: 'station',
    summary: 'Set up a station on a token: root and issuing key in one ceremony; asks for the PIN by the event pin.wanted',
    input: z
      .object({
        name: z.string().min(1).max(40),
        /** The vendor's PKCS#11 library; without one a software token is made in the data folder. */
        module: ModuleConfig.nullable(),
        tokenLabel: z.string().min(1).max(32),
        slots: z.array(z.object({ slot: z.int().min(1).max(limits.slots), path: SlotPosition }).strict()).max(limits.slots),
        brokerPort: z.int().min(0).max(65535).default(0),
        /** Where CRLs can be fetched over HTTP; stands in every certificate from the first one on and cannot be added later. */
        crlBase: z
          .url({ protocol: /^https?$/u })
          .max(200)
          .default(placeholderCrlBase),
        /** Partitions of the device issuer's CRL: a broker or gateway with few devices then needs only a part of it. As fixed as the URL. */
        partitions: z.int().min(limits.crlPartitions.min).max(limits.crlPartitions.max).default(limits.crlPartitions.default),
        /** Kind of key of each CA. */
        keys: z
          .object({
            root: AuthorityAlgorithm.default('ec-p256'),
            issuing: AuthorityAlgorithm.default('ec-p256'),
            server: AuthorityAlgorithm.default('ec-p256'),
          })
          .strict()
          .prefault({}),
        officer: z.string().min(1).max(64).default('officer'),
        /** The officer's password; null leaves the sign-in open to whoever may open the data folder. */
        password: z.string().min(8).max(128).nullable().default(null),
      })
      .strict(),
    output: StationStatus,
    roles: everyone,
  }),
  'operators.list': call({ service: 'station', summary: 'Who may sign in', input: nothing, output: z.array(Operator), roles: everyone }),
  'operators.add': call({
    service: 'station',
    summary: 'Let somebody work on this station; without a password whoever may open the app may sign in as them',
    input: z
      .object({ name: z.string().min(1).max(64), role: Role, password: z.string().min(8).max(128).nullable().default(null) })
      .strict(),
    output: Operator,
    roles: officer,
  }),
  'operators.signIn': call({
    service: 'station',
    summary: 'Sign in as an operator',
    input: z.object({ name: z.string(), password: z.string().max(128).default('') }).strict(),
    output: SignIn,
    roles: everyone,
  }),
  'operators.signOut': call({ service: 'station', summary: 'Sign out', input: nothing, output: done, roles: signedIn }),
} as const;
