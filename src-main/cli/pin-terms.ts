import type { PinTerms } from '../contract/index.ts';

const kinds = {
  issue: 'sign certificates and revocation lists',
  'crl-only': 'sign revocation lists only',
  ceremony: 'make keys, and sign certificates of CAs',
} as const;

/** What the PIN would allow, as the signer tells it. */
export function pinTermsLines(terms: PinTerms): string[] {
  if (terms.kind === 'init') return [`The signer asks for a new PIN for the software token “${terms.label}”.`];
  if (terms.kind === 'rebind') return rebindLines(terms);
  const { kind, token, issuers, profiles, tenants, quota, until, operator, reason, relearn } = terms;
  return [
    `The signer asks for the PIN of “${token.label}” (${token.serial}). With it, it will:`,
    `  ${kinds[kind]}, until ${until}`,
    ...(issuers.length === 0 ? [] : [`  with the keys of: ${issuers.join(', ')}`]),
    ...(kind === 'crl-only' ? [] : [`  at most ${String(quota)} certificates, under: ${profiles.join(', ')}`]),
    ...(kind === 'issue' ? [`  for devices of ${tenants === null ? 'any tenant' : `the tenants ${tenants.join(', ')}`}`] : []),
    ...(relearn === null
      ? []
      : [
          '  WITHOUT a record of what it signed before. It goes on above these lists:',
          ...relearn.map(({ uri, number }) => `    ${uri}: number ${String(number)}`),
        ]),
    `  asked for by ${operator}: ${reason}`,
  ];
}

function rebindLines({ module, token, issuers, operator, reason }: Extract<PinTerms, { kind: 'rebind' }>): string[] {
  const { path, initString, env } = module;
  return [
    `The signer asks for the PIN of “${token.label}” (${token.serial}). With it, it will:`,
    `  load ${path}, and no other module from then on`,
    ...(initString === undefined ? [] : [`  with the init string: ${initString}`]),
    ...Object.entries(env).map(([name, value]) => `  with ${name}=${value}`),
    `  prove that the keys of these CAs are in this token: ${issuers.join(', ')}`,
    `  asked for by ${operator}: ${reason}`,
  ];
}
