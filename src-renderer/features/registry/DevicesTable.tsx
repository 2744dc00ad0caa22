import type { DeviceRow } from '../../../src-main/contract/models.ts';
import { openDialog } from '../../app/dialogs.ts';
import { t } from '../../i18n/index.ts';
import { count, date, dateTimeZone, shortDevice, shortOrder } from '../../lib/format.ts';
import { certificateTone, certificateWord, proofWord } from '../../lib/words.ts';
import { Button } from '../../ui/Button.tsx';
import { Copyable } from '../../ui/Copyable.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { Nothing } from './Nothing.tsx';
import { useRegistry } from './store.ts';

const revocable = ({ status }: DeviceRow): boolean => status === 'ACTIVE' || status === 'SIGNED';

function Row({ row, mayRevoke }: { readonly row: DeviceRow; readonly mayRevoke: boolean }) {
  return (
    <tr>
      <td className="cut name" title={row.device}>
        {shortDevice(row.device)}
      </td>
      <td className="cut">
        <Copyable what={t('registry.col.hardware')} value={row.hardwareId} shown={row.hardwareId} />
      </td>
      <td className="cut" title={row.model}>
        {row.model}
      </td>
      <td className="cut" title={row.order ?? undefined}>
        {row.order === null ? null : shortOrder(row.order)}
      </td>
      <td>{row.proofLevel === null ? null : proofWord(row.proofLevel)}</td>
      <td>{count(row.certificates)}</td>
      <td>{row.status === null ? null : <Pill tone={certificateTone[row.status]}>{certificateWord(row.status)}</Pill>}</td>
      <td className="when" title={dateTimeZone(row.createdAt)}>
        {date(row.createdAt)}
      </td>
      {mayRevoke ? (
        <td className="act">
          {revocable(row) ? (
            <Button
              look="quiet"
              size="small"
              aria-label={t('registry.revokeOf', { device: row.device })}
              onClick={() => openDialog({ kind: 'revoke', selector: { device: row.device } })}
            >
              {t('registry.revoke')}
            </Button>
          ) : null}
        </td>
      ) : null}
    </tr>
  );
}

export function DevicesTable({ mayRevoke }: { readonly mayRevoke: boolean }) {
  const page = useRegistry((state) => state.devices);
  if (page === null) return null;
  if (page.rows.length === 0) return <Nothing tab="devices" />;
  return (
    <div className="table-wrap">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('registry.col.device')}</th>
            <th scope="col">{t('registry.col.hardware')}</th>
            <th scope="col">{t('registry.col.model')}</th>
            <th scope="col">{t('registry.col.order')}</th>
            <th scope="col">{t('registry.col.proof')}</th>
            <th scope="col">{t('registry.certificates')}</th>
            <th scope="col">{t('registry.col.status')}</th>
            <th scope="col">{t('registry.col.since')}</th>
            {mayRevoke ? (
              <th scope="col">
                <span className="unseen">{t('registry.col.actions')}</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {page.rows.map((row) => (
            <Row key={row.device} row={row} mayRevoke={mayRevoke} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
