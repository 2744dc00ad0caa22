import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import {
  AuthorityAlgorithm,
  Failure,
  IssuerKind,
  limits,
  ModuleConfig,
  Role,
  Sha256Hex,
  WorkOrder,
  type AuthorityAlgorithm as Algorithm,
} from '../../contract/index.ts';
import type { IssuerRecord } from '../registry/index.ts';
import { daysOf, type CeremonyFile } from './file.ts';

const PlannedAuthority = z.object({
  role: IssuerKind,
  /** The issuer's id in the registry and in CRL addresses. */
  id: z.string(),
  /** CKA_ID of its key; made up here, so that the key is found again whatever happens. */
  ckaId: z.string(),
  subject: z.object({ organization: z.string().optional(), organizationalUnit: z.string().optional(), commonName: z.string() }),
  algorithm: AuthorityAlgorithm,
  days: z.int(),
  signedBy: z.enum(['itself', 'root', 'customer']),
  /** Of its CRL; fixed with its first certificate. */
  partitions: z.int(),
});
export type PlannedAuthority = z.infer<typeof PlannedAuthority>;

const PlannedOperator = z.object({ name: z.string(), role: Role, /** As the registry keeps it. */ hash: z.string().nullable() });

/** A ceremony with everything settled that it will make; kept in the registry, never changed. */
export const Plan = z.object({
  name: z.string(),
  reason: z.string(),
  token: z.object({
    label: z.string(),
    serial: z.string().optional(),
    model: z.string().optional(),
    manufacturer: z.string().optional(),
    firmware: z.string().optional(),
  }),
  module: ModuleConfig,
  /** A software token is made first. */
  newToken: z.boolean(),
  officers: z.union([z.literal(1), z.literal(2)]),
  authorities: z.array(PlannedAuthority),
  customerRoot: Sha256Hex.nullable(),
  crlBase: z.string(),
  /** For a new station. */
  station: z
    .object({
      name: z.string(),
      tryOut: z.boolean(),
      brokerPort: z.int(),
      slots: z.array(z.object({ slot: z.int(), path: z.string() })),
      operators: z.array(PlannedOperator),
      /** Names that must confirm: they become operators with the password that they then choose. */
      officers: z.array(z.string()),
      order: WorkOrder.nullable(),
    })
    .nullable(),
});
export type Plan = z.infer<typeof Plan>;

/** What is asked for, before ids are made up. Passwords stand beside it: they are not part of what makes two of them the same. */
export type PlanInput = Omit<Plan, 'authorities'> & { readonly authorities: readonly Omit<PlannedAuthority, 'id' | 'ckaId'>[] };

const prefix = { root: '01', issuing: '02', server: '03' } as const;
const idPrefix = { root: 'root', issuing: 'device', server: 'server' } as const;
export const rolesInOrder: readonly IssuerKind[] = ['root', 'issuing', 'server'];

export function planOf(input: PlanInput): Plan {
  const suffix = randomBytes(4).toString('hex');
  const authorities = rolesInOrder.flatMap((role) =>
    input.authorities
      .filter((authority) => authority.role === role)
      .map((authority) => ({ ...authority, id: `${idPrefix[role]}-${suffix}`, ckaId: prefix[role] + suffix })),
  );
  return { ...input, authorities };
}

/** Equal for two that ask for the same; passwords aside, and where a software token of our own would be. */
export function planInputHash(input: PlanInput): string {
  const operators = input.station?.operators.map(({ name, role }) => ({ name, role }));
  const module = input.newToken ? null : input.module;
  return sha256(JSON.stringify({ ...input, module, station: input.station === null ? null : { ...input.station, operators } }));
}

/** What the officers confirm: without the passwords' hashes, which differ each time. */
export function planHash(plan: Plan): string {
  const operators = plan.station?.operators.map(({ name, role }) => ({ name, role }));
  return sha256(JSON.stringify({ ...plan, station: plan.station === null ? null : { ...plan.station, operators } }));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The CAs of a station as `birthmark init` makes them. */
export const usualAuthorities = (
  station: string,
  algorithms: Readonly<Record<IssuerKind, Algorithm>>,
  partitions: number,
): PlanInput['authorities'] =>
  (
    [
      ['root', `${station} root`],
      ['issuing', `${station} device CA`],
      ['server', `${station} server CA`],
    ] as const
  ).map(([role, commonName]) => ({
    role,
    subject: { commonName },
    algorithm: algorithms[role],
    days: daysOf({ role, signedBy: 'root' }),
    signedBy: role === 'root' ? 'itself' : 'root',
    partitions: role === 'issuing' ? partitions : limits.crlPartitions.default,
  }));

export interface PlanInputContext {
  /** Null: the station is new. */
  readonly live: {
    readonly module: ModuleConfig;
    readonly token: { label: string; serial: string };
    readonly crlBase: string;
    readonly issuers: readonly IssuerRecord[];
  } | null;
  /** For a new station without a module. */
  readonly softwareModule: () => ModuleConfig;
  /** Of the first officer of a new station, as the registry keeps it. */
  readonly passwordHash: string | null;
}

/** A ceremony file as the input of a plan. INVALID_INPUT where it does not fit the station. */
export function planInputOf(file: CeremonyFile, { live, softwareModule, passwordHash }: PlanInputContext): PlanInput {
  const { station } = file;
  const refused = (field: string, problem: string): Failure => new Failure('INVALID_INPUT', { field, problem });
  if (live === null && station === undefined) throw refused('station', 'there is no station yet: the file must say what it is to be');
  if (live !== null && station !== undefined) throw refused('station', 'the station is set up already: leave this part out');
  if (live !== null && file.module !== undefined) throw refused('module', 'the station has its module already: leave this part out');
  if (live !== null) checkAgainst(file, live.issuers, live.token);
  return {
    name: file.name,
    reason: file.reason,
    token: file.token,
    module: live?.module ?? file.module ?? softwareModule(),
    newToken: live === null && file.module === undefined,
    officers: file.officers,
    authorities: file.authorities.map((authority) => {
      const { role, commonName, organization, organizationalUnit, algorithm, signedBy, partitions } = authority;
      const subject = {
        ...(organization === undefined ? {} : { organization }),
        ...(organizationalUnit === undefined ? {} : { organizationalUnit }),
        commonName,
      };
      return { role, subject, algorithm, days: daysOf(authority), signedBy: role === 'root' ? 'itself' : signedBy, partitions };
    }),
    customerRoot: file.customerRoot ?? null,
    crlBase: live?.crlBase ?? station?.crlBase ?? '',
    station:
      station === undefined
        ? null
        : {
            name: station.name,
            tryOut: false,
            brokerPort: station.brokerPort,
            slots: station.slots,
            operators: file.officers === 2 ? [] : station.officers.map((name) => ({ name, role: 'officer', hash: passwordHash })),
            officers: file.officers === 2 ? station.officers : [],
            order: null,
          },
  };
}

function checkAgainst(file: CeremonyFile, issuers: readonly IssuerRecord[], token: { label: string; serial: string }): void {
  const refused = (field: string, problem: string): Failure => new Failure('INVALID_INPUT', { field, problem });
  if (file.token.label !== token.label || (file.token.serial ?? token.serial) !== token.serial)
    throw refused('token', `the station’s token is “${token.label}” (${token.serial}); all its issuers are in there`);
  for (const { role, commonName, signedBy } of file.authorities) {
    // CRLs and chains are looked up by name: two CAs of one name would be taken for each other.
    if (issuers.some((issuer) => issuer.subject === commonName)) throw refused('commonName', `there is an issuer “${commonName}” already`);
    const root =
      file.authorities.some((one) => one.role === 'root') || issuers.some((one) => one.kind === 'root' && one.state === 'active');
    if (role !== 'root' && signedBy === 'root' && !root)
      throw refused('signedBy', 'the station has no root of its own; the customer signs');
  }
}
