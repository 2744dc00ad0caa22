import { Failure, limits, type CrlSettings } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';

/** With fewer hours a night without a signing session locks everybody out. */
const fewHours = 12;

/** How long a CRL is good. */
export function crlSettings({ settings }: Registry): CrlSettings {
  const nextUpdateHours = settings.get('crl.nextUpdateHours') ?? limits.crlHours.default;
  const warning =
    nextUpdateHours < fewHours ? new Failure('CRL_SHORT', { hours: nextUpdateHours, missed: nextUpdateHours - 1 }).toData() : null;
  return { nextUpdateHours, warning };
}

/** From the next CRL on. */
export function changeCrlSettings(
  { store, settings }: Registry,
  { nextUpdateHours }: Pick<CrlSettings, 'nextUpdateHours'>,
  actor: string,
): void {
  store.transaction(() => {
    settings.set('crl.nextUpdateHours', nextUpdateHours);
    store.audit(actor, 'crl.settings', 'nextUpdateHours', { hours: nextUpdateHours });
  });
}
