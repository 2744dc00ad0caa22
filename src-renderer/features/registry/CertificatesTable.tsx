import type { CertificateRow } from '../../../src-main/contract/models.ts';
import { openDialog } from '../../app/dialogs.ts';
import { t } from '../../i18n/index.ts';
import { date, dateTimeZone, shortDevice, shortOrder, shortHex } from '../../lib/format.ts';
import { certificateTone, certificateWord, reasonWord, useWord } from '../../lib/words.ts';
import { Button } from '../../ui/Button.tsx';
import { Copyable } from '../../ui/Copyable.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { Nothing } from './Nothing.tsx';
import { useRegistry } from './store.ts';

const revocable = ({ status, use }: CertificateRow): boolean => use === 'device' && (status === 'ACTIVE' || status === 'SIGNED');

const statusHint = ({ revokedAt, reason }: CertificateRow): string | undefined =>
  revokedAt === null ? undefined : t('registry.revokedFor', { date: dateTimeZone(revokedAt), reason: reasonWord(reason ?? 'unspecified') });

function Row({ row, mayRevoke }: { readonly row: CertificateRow; readonly mayRevoke: boolean }) {
  return (
    <tr>
      <td>
        <Copyable what={t('registry.col.serial')} value={row.serial} shown={shortHex(row.serial)} />
      </td>
      <td className="cut name" title={row.device}>
        {shortDevice(row.device)}
      </td>
      <td>{useWord(row.use)}</td>
      <td>
        <Pill tone={certificateTone[row.status]} title={statusHint(row)}>
          {certificateWord(row.status)}
        </Pill>
      </td>
      <td className="when" title={`${dateTimeZone(row.notBefore)} → ${dateTimeZone(row.notAfter)}`}>
        {date(row.notAfter)}
      </td>
      <td>
        {row.fingerprint === null ? null : (
          <Copyable what={t('registry.col.fingerprint')} value={row.fingerprint} shown={shortHex(row.fingerprint)} />
        )}
      </td>
      <td className="cut" title={row.order ?? undefined}>
        {row.order === null ? null : shortOrder(row.order)}
      </td>
      {mayRevoke ? (
        <td className="act">
          {revocable(row) ? (
            <Button
              look="quiet"
              size="small"
              aria-label={t('registry.revokeOf', { device: row.device })}
              onClick={() => openDialog({ kind: 'revoke', selector: { serial: row.serial } })}
            >
              {t('registry.revoke')}
            </Button>
          ) : null}
        </td>
      ) : null}
    </tr>
  );
}

export function CertificatesTable({ mayRevoke }: { readonly mayRevoke: boolean }) {
  const page = useRegistry((state) => state.certificates);
  if (page === null) return null;
  if (page.rows.length === 0) return <Nothing tab="certificates" />;
  return (
    <div className="table-wrap">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('registry.col.serial')}</th>
            <th scope="col">{t('registry.col.device')}</th>
            <th scope="col">{t('registry.col.use')}</th>
            <th scope="col">{t('registry.col.status')}</th>
            <th scope="col">{t('registry.col.until')}</th>
            <th scope="col">{t('registry.col.fingerprint')}</th>
            <th scope="col">{t('registry.col.order')}</th>
            {mayRevoke ? (
              <th scope="col">
                <span className="unseen">{t('registry.col.actions')}</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {page.rows.map((row) => (
            <Row key={row.serial} row={row} mayRevoke={mayRevoke} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
