import { unwrap, type Failure, type IssuerKind } from '../../contract/index.ts';
import { certificatesFromFiles, checkChain, type CertificateProfile, type CheckedChain, type OurName } from '../ca/index.ts';
import { name, readCertificateDer, sha256Hex } from '../../der/index.ts';
import type { CeremonyContext } from './context.ts';
import { localHosts, ownProfile } from './own-certificates.ts';
import type { PlannedAuthority } from './plan.ts';

export interface Imported {
  readonly role: IssuerKind;
  /** Base64. */
  readonly certificate: string;
  readonly chain: readonly string[];
  readonly warnings: readonly string[];
}

/** Checks what came from the customer's CA against what was asked for. INVALID_INPUT or ISSUER_REFUSED. */
export function checkImports(context: CeremonyContext, files: readonly Uint8Array[], own: readonly CertificateProfile[]): Imported[] {
  const certificates = certificatesFromFiles(files);
  const waiting = context.plan.authorities.filter(({ signedBy, role }) => signedBy === 'customer' && context.made(role) === null);
  const isHere = (role: IssuerKind): boolean => {
    const { spki } = unwrap(context.proof(role), 'its key was made in a step before');
    return certificates.some((der) => hasKey(der, spki));
  };
  const here = waiting.filter(({ role }) => isHere(role));
  let roots = agreedRoots(context);
  // Without any that fits, the check of the first says that none does.
  return (here.length > 0 ? here : waiting.slice(0, 1)).map((planned) => {
    const checked = checkOne(context, planned, certificates, roots, own);
    roots ??= [sha256Hex(unwrap(checked.chain.at(-1), 'a chain ends in a root'))];
    const base64 = (der: Buffer): string => der.toString('base64');
    return {
      role: planned.role,
      certificate: base64(checked.certificate),
      chain: checked.chain.map(base64),
      warnings: checked.warnings,
    };
  });
}

function hasKey(der: Buffer, spki: Uint8Array): boolean {
  try {
    return Buffer.compare(readCertificateDer(der).fields.spki, spki) === 0;
  } catch {
    // A damaged one is told by the check.
    return false;
  }
}

/** The root that the plan names; else one that is above an issuer here already. Null: the first one decides. */
function agreedRoots({ plan, parts: { registry } }: CeremonyContext): string[] | null {
  if (plan.customerRoot !== null) return [plan.customerRoot];
  const known = registry.issuers.all().flatMap(({ chain }) => chain.at(-1) ?? []);
  return known.length === 0 ? null : [...new Set(known.map(sha256Hex))];
}

function checkOne(
  context: CeremonyContext,
  planned: PlannedAuthority,
  certificates: readonly Buffer[],
  roots: readonly string[] | null,
  own: readonly CertificateProfile[],
): CheckedChain {
  const { spki } = unwrap(context.proof(planned.role), 'its key was made in a step before');
  const request = {
    certificates,
    spki,
    purpose: planned.role === 'server' ? ('serverAuth' as const) : ('clientAuth' as const),
    now: context.parts.clock.now(),
    days: planned.days,
    roots,
  };
  if (planned.role === 'server') return checkChain({ ...request, names: serverNames(context, planned) });
  const stations = (['canary', 'service'] as const).map((one) => ownProfile(context.profile(one), planned.subject)).flatMap(namesOf);
  return withDevices(own, stations, (names) => checkChain({ ...request, names }));
}

/** One profile for devices must be possible below it; of the others it is told that they are not. */
function withDevices(
  profiles: readonly CertificateProfile[],
  stations: readonly OurName[],
  check: (names: readonly OurName[]) => CheckedChain,
): CheckedChain {
  let first: Failure | null = null;
  let found: CheckedChain | null = null;
  const impossible: string[] = [];
  for (const profile of profiles)
    try {
      found = check([...namesOf(profile), ...stations]);
    } catch (thrown) {
      if ((thrown as { params?: { check?: string } }).params?.check !== 'name constraints') throw thrown;
      first ??= thrown as Failure;
      impossible.push(
        `the certificate profile “${profile.name}” cannot be used below it: ${String((thrown as Failure).params['problem'])}`,
      );
    }
  if (found === null) throw unwrap(first, 'a station has a certificate profile for devices');
  return { ...found, warnings: [...found.warnings, ...impossible] };
}

const sample: Readonly<Record<string, string>> = { tenant: 'tenant', device: 'device', name: 'good', host: 'localhost' };
const filled = (template: string): string => template.replace(/\{(\w+)\}/gu, (_, part: string) => sample[part] ?? part);

function namesOf({ commonName, organization, organizationalUnit, uri }: CertificateProfile): OurName[] {
  const parts = {
    ...(organization === undefined ? {} : { organization }),
    ...(organizationalUnit === undefined ? {} : { organizationalUnit }),
    commonName: filled(commonName),
  };
  const text = Object.entries(parts)
    .map(([type, value]) => `${type}=${value}`)
    .join(', ');
  return [{ kind: 'directory', der: name(parts), text }, ...(uri === undefined ? [] : [{ kind: 'uri', text: filled(uri) } as const])];
}

function serverNames(context: CeremonyContext, planned: PlannedAuthority): OurName[] {
  const [host = '', address = ''] = localHosts;
  return [
    ...namesOf(ownProfile(context.profile('server'), planned.subject)),
    { kind: 'dns', text: host },
    { kind: 'ip', bytes: Buffer.from(address.split('.').map(Number)), text: address },
  ];
}
