import { z } from 'zod';
import {
  AuthorityAlgorithm,
  Failure,
  limits,
  ModuleConfig,
  placeholderCrlBase,
  Sha256Hex,
  unwrap,
  type ProfileFinding,
} from '../../contract/index.ts';
import { authorityDays, lintJson } from '../ca/index.ts';

/** X.520 ub-common-name and the like; what stands in a name must be visible. */
const nameText = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}]*$/u, 'must not have control characters');
const role = z.enum(['root', 'issuing', 'server']);
const operatorName = z.string().min(1).max(64);

const AuthorityFile = z
  .object({
    /** root: signs CAs. issuing: signs devices' certificates. server: signs brokers' certificates. */
    role,
    commonName: nameText,
    organization: nameText.optional(),
    organizationalUnit: nameText.optional(),
    algorithm: AuthorityAlgorithm.default('ec-p256'),
    /** How long it is to live, in days; one that the customer's CA signs, at least. */
    days: z.int().min(1).max(10_950).optional(),
    /** root: of this ceremony, else the station's. customer: by a request to the customer's CA. A root signs itself. */
    signedBy: z.enum(['root', 'customer']).default('root'),
    /** Lists that the revocations of an issuing CA are spread over. */
    partitions: z.int().min(limits.crlPartitions.min).max(limits.crlPartitions.max).default(limits.crlPartitions.default),
  })
  .strict();

/** A ceremony file. Unknown keys are errors. `ceremony.schema.json` is made from this. */
export const CeremonyFile = z
  .object({
    $schema: z.string().optional(),
    name: nameText,
    reason: z.string().min(1).max(200),
    /** The token must say all that is given here. */
    token: z
      .object({
        label: z.string().min(1).max(32),
        serial: z.string().min(1).optional(),
        model: z.string().min(1).optional(),
        manufacturer: z.string().min(1).optional(),
        firmware: z.string().min(1).optional(),
      })
      .strict(),
    /** The vendor's PKCS#11 library, for a new station; without it a software token is made in the data folder. */
    module: ModuleConfig.optional(),
    /** How many officers confirm what is to be made before the first key: two, each with their own password, or none besides who starts it. */
    officers: z.union([z.literal(1), z.literal(2)]).default(1),
    authorities: z.array(AuthorityFile).min(1).max(3),
    /** SHA-256 of the customer's root certificate, lower-case hex: no other is taken. */
    customerRoot: Sha256Hex.optional(),
    /** For a new station only. */
    station: z
      .object({
        name: z.string().min(1).max(40),
        crlBase: z
          .url({ protocol: /^https?$/u })
          .max(200)
          .default(placeholderCrlBase),
        brokerPort: z.int().min(0).max(65535).default(0),
        slots: z
          .array(z.object({ slot: z.int().min(1).max(limits.slots), path: z.string().min(1) }).strict())
          .max(limits.slots)
          .default([]),
        /** Names of the officers: one, or two where two confirm. */
        officers: z.array(operatorName).min(1).max(2),
      })
      .strict()
      .optional(),
  })
  .strict()
  .superRefine(({ authorities, officers, station, customerRoot }, context) => {
    const wrong = (path: (string | number)[], message: string): void => context.addIssue({ code: 'custom', path, message });
    authorities.forEach(({ role: one, signedBy, commonName, partitions }, index) => {
      if (authorities.findIndex((other) => other.role === one) !== index) wrong(['authorities', index, 'role'], `${one} is there twice`);
      if (authorities.findIndex((other) => other.commonName === commonName) !== index)
        wrong(['authorities', index, 'commonName'], 'another CA has this name');
      if (one !== 'issuing' && partitions !== limits.crlPartitions.default)
        wrong(['authorities', index, 'partitions'], 'only the list of an issuing CA has parts');
      if (one === 'root' && signedBy === 'customer') wrong(['authorities', index, 'signedBy'], 'a root signs itself');
    });
    const has = (one: string): boolean => authorities.some((authority) => authority.role === one);
    if (customerRoot !== undefined && !authorities.some(({ signedBy }) => signedBy === 'customer'))
      wrong(['customerRoot'], 'no CA here is signed by the customer');
    if (has('root') && !authorities.some((authority) => authority.role !== 'root' && authority.signedBy === 'root'))
      wrong(['authorities'], 'a root that signs no CA here');
    if (station === undefined) return;
    for (const one of ['issuing', 'server'] as const)
      if (!has(one)) wrong(['authorities'], `a new station needs a CA with the role ${one}`);
    authorities.forEach(({ role: one, signedBy }, index) => {
      if (one !== 'root' && signedBy === 'root' && !has('root')) wrong(['authorities', index, 'signedBy'], 'a new station has no root yet');
    });
    if (new Set(station.officers).size !== officers) wrong(['station', 'officers'], `needs ${String(officers)} different names`);
  });
export type CeremonyFile = z.infer<typeof CeremonyFile>;

export const ceremonyFileSchema = (): unknown => z.toJSONSchema(CeremonyFile, { io: 'input' });

/** All that is wrong with a ceremony file, with its place; where nothing is, what should be thought about. */
export function lintCeremonyFile(text: string): { file: CeremonyFile | null; findings: ProfileFinding[] } {
  const { value, findings } = lintJson(text, CeremonyFile, advice);
  return { file: value, findings };
}

/** CEREMONY_FILE {file, line, problem} for the first thing wrong with it. */
export function parseCeremonyFile(text: string, name: string): CeremonyFile {
  const { file, findings } = lintCeremonyFile(text);
  if (file !== null) return file;
  const first = unwrap(
    findings.find(({ level }) => level === 'error'),
    'what is no ceremony file has an error',
  );
  throw new Failure('CEREMONY_FILE', { file: name, line: first.line, problem: first.problem });
}

/** Of a CA that the customer signs: as long as a device certificate lives by default. */
const customerDays = 365;

export function daysOf({ role: one, signedBy, days }: Pick<CeremonyFile['authorities'][number], 'role' | 'signedBy' | 'days'>): number {
  if (days !== undefined) return days;
  if (signedBy === 'customer') return customerDays;
  return one === 'root' ? authorityDays.root : authorityDays.issuer;
}

function advice(file: CeremonyFile): [path: string, problem: string][] {
  const found: [string, string][] = [];
  if (file.token.serial === undefined) found.push(['token', 'without the serial number any token with this label will do']);
  const root = file.authorities.find((one) => one.role === 'root');
  file.authorities.forEach((authority, index) => {
    if (authority.role !== 'root' && authority.signedBy === 'root' && root !== undefined && daysOf(authority) > daysOf(root))
      found.push([`authorities.${String(index)}.days`, 'it would outlive the root that signs it, and will be refused']);
    if (authority.role === 'issuing' && daysOf(authority) < 2 * customerDays)
      found.push([
        `authorities.${String(index)}`,
        'an issuer stops to sign when its certificates would outlive it: plan for twice their life',
      ]);
  });
  if (file.station?.crlBase === placeholderCrlBase)
    found.push([
      'station',
      'without crlBase certificates do not say where their revocation list can be fetched; it cannot be added to them later',
    ]);
  return found;
}
