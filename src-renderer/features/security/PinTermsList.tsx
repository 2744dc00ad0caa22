import type { ReactNode } from 'react';
import type { PinTerms } from '../../../src-main/contract/calls.ts';
import { t } from '../../i18n/index.ts';
import { count, dayAndTime } from '../../lib/format.ts';
import { useNow } from '../../lib/ticker.ts';
import { KeyValue } from '../../ui/KeyValue.tsx';

type SessionTerms = Exclude<PinTerms, { kind: 'init' | 'rebind' }>;
type RebindTerms = Extract<PinTerms, { kind: 'rebind' }>;

/** What the PIN would allow, as the signer tells it: the station has no part in these words. */
export function PinTermsList({ terms }: { readonly terms: PinTerms }) {
  const now = useNow();
  if (terms.kind === 'init') return <p className="small">{t('pin.terms.init', { label: terms.label })}</p>;
  return (
    <section aria-label={t('pin.terms.title')}>
      <p className="small muted">{t('pin.terms.title')}</p>
      <KeyValue rows={terms.kind === 'rebind' ? rebindRows(terms) : rowsOf(terms, now)} />
    </section>
  );
}

function rebindRows({ module, token, issuers, operator, reason }: RebindTerms): (readonly [string, ReactNode])[] {
  const settings = [
    ...(module.initString === undefined ? [] : [module.initString]),
    ...Object.entries(module.env).map((one) => one.join('=')),
  ];
  return [
    [t('pin.terms.does'), t('pin.terms.does.rebind')],
    [t('pin.terms.module'), module.path],
    ...settings.map((setting, index) => [index === 0 ? t('pin.terms.module.settings') : '', setting] as const),
    [t('pin.terms.token'), t('pin.terms.token.value', token)],
    [t('pin.terms.issuers'), issuers.join(', ')],
    [t('pin.terms.by'), t('pin.terms.by.value', { operator, reason })],
  ];
}

function rowsOf({ kind, relearn, ...terms }: SessionTerms, now: number): (readonly [string, ReactNode])[] {
  return [
    [t('pin.terms.does'), t(`pin.terms.does.${kind}`)],
    [t('pin.terms.token'), t('pin.terms.token.value', terms.token)],
    ...(terms.issuers.length === 0 ? [] : [[t('pin.terms.issuers'), terms.issuers.join(', ')] as const]),
    ...(kind === 'crl-only' ? [] : [[t('pin.terms.quota'), t('pin.terms.quota.value', { n: count(terms.quota) })] as const]),
    ...(terms.profiles.length === 0 ? [] : [[t('pin.terms.profiles'), terms.profiles.join(', ')] as const]),
    ...(kind === 'issue' ? [[t('pin.terms.tenants'), terms.tenants?.join(', ') ?? t('pin.terms.tenants.any')] as const] : []),
    [t('pin.terms.untilEnd'), dayAndTime(terms.until, now)],
    [t('pin.terms.by'), t('pin.terms.by.value', { operator: terms.operator, reason: terms.reason })],
    ...(relearn ?? []).map(({ uri, number }, index): [string, ReactNode] => [
      index === 0 ? t('pin.terms.relearn') : '',
      t('pin.terms.relearn.value', { number, uri }),
    ]),
  ];
}
