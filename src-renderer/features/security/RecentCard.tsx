import type { RevocationState } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { count, dateTimeZone, shortDevice, since } from '../../lib/format.ts';
import { useNow } from '../../lib/ticker.ts';
import { reasonLabel } from '../../lib/labels.ts';
import { Card } from '../../ui/Card.tsx';
import { Pill } from '../../ui/Pill.tsx';
import type { Tone } from '../../ui/tone.ts';
import { useRevocations } from './revocations.ts';

const tones: Readonly<Record<RevocationState, Tone>> = { RECORDED: 'hold', PUBLISHED: 'busy', EFFECTIVE: 'pass' };

/** The latest revocations and how far each has come. */
export function RecentCard() {
  const { rows, total } = useRevocations();
  const now = useNow();
  if (rows?.length === 0) return null;
  return (
    <Card
      className="recent"
      title={t('recent.title')}
      label={t('recent.title')}
      aside={total === 0 ? undefined : <span className="xs faint">{t('recent.all', { n: count(total) })}</span>}
    >
      {rows === null ? null : (
        <div className="table-wrap" tabIndex={0} role="group" aria-label={t('recent.title')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('recent.device')}</th>
                <th scope="col">{t('recent.reason')}</th>
                <th scope="col">{t('recent.when')}</th>
                <th scope="col">{t('recent.state')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.serial}>
                  <td className="cut" title={row.device}>
                    {shortDevice(row.device)}
                  </td>
                  <td>{reasonLabel(row.reason)}</td>
                  <td className="when" title={dateTimeZone(row.recordedAt)}>
                    {since(row.recordedAt, now)}
                  </td>
                  <td>
                    <Pill tone={tones[row.state]}>{t(`state.${row.state}`)}</Pill>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
