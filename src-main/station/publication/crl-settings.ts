import { Failure, limits, type CrlSettings } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';

const key = 'crl.nextUpdateHours';
/** With fewer hours a night without a signing session locks everybody out. */
const fewHours = 12;

/** How long a CRL is good. */
export function crlSettings({ store }: Registry): CrlSettings {
  const nextUpdateHours = Number(store.setting(key) ?? limits.crlHours.default);
  const warning =
    nextUpdateHours < fewHours ? new Failure('CRL_SHORT', { hours: nextUpdateHours, missed: nextUpdateHours - 1 }).toData() : null;
  return { nextUpdateHours, warning };
}

/** From the next CRL on. */
export function changeCrlSettings({ store }: Registry, { nextUpdateHours }: Pick<CrlSettings, 'nextUpdateHours'>, actor: string): void {
  store.transaction(() => {
    store.setSetting(key, String(nextUpdateHours));
    store.audit(actor, 'crl.settings', 'nextUpdateHours', { hours: nextUpdateHours });
  });
}
