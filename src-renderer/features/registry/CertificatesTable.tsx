import type { CertificateRow } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { date, dateTimeZone, shortDevice, shortOrder, shortHex } from '../../lib/format.ts';
import { certificateTone, certificateLabel, reasonLabel, useLabel } from '../../lib/labels.ts';
import { Copyable } from '../../ui/Copyable.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { EmptyTable } from './EmptyTable.tsx';
import { RegistryTable, RevokeCell } from './RegistryTable.tsx';
import { useRegistry } from './store.ts';

const revocable = ({ status, use }: CertificateRow): boolean => use === 'device' && (status === 'ACTIVE' || status === 'SIGNED');

const statusHint = ({ revokedAt, reason }: CertificateRow): string | undefined =>
  revokedAt === null
    ? undefined
    : t('registry.revokedFor', { date: dateTimeZone(revokedAt), reason: reason === null ? t('unknown.word') : reasonLabel(reason) });

export function CertificateLine({ row, mayRevoke }: { readonly row: CertificateRow; readonly mayRevoke: boolean }) {
  return (
    <tr>
      <td>
        <Copyable what={t('registry.col.serial')} value={row.serial} shown={shortHex(row.serial)} />
      </td>
      <td className="cut name" title={row.device}>
        {shortDevice(row.device)}
      </td>
      <td>{useLabel(row.use)}</td>
      <td>
        <Pill tone={certificateTone[row.status]} title={statusHint(row)}>
          {certificateLabel(row.status)}
        </Pill>
      </td>
      <td className="when" title={`${dateTimeZone(row.notBefore)} → ${dateTimeZone(row.notAfter)}`}>
        {date(row.notAfter)}
      </td>
      <td>
        {row.fingerprint === null ? (
          <span className="faint">{t('registry.unsigned')}</span>
        ) : (
          <Copyable what={t('registry.col.fingerprint')} value={row.fingerprint} shown={shortHex(row.fingerprint)} />
        )}
      </td>
      <td className="cut" title={row.order ?? undefined}>
        {row.order === null ? <span className="faint">{t('common.none')}</span> : shortOrder(row.order)}
      </td>
      {mayRevoke ? <RevokeCell device={row.device} selector={revocable(row) ? { serial: row.serial } : null} /> : null}
    </tr>
  );
}

export function CertificatesTable({ mayRevoke }: { readonly mayRevoke: boolean }) {
  const page = useRegistry((state) => state.certificates);
  if (page === null) return null;
  if (page.rows.length === 0) return <EmptyTable tab="certificates" />;
  return (
    <RegistryTable
      heads={[
        t('registry.col.serial'),
        t('registry.col.device'),
        t('registry.col.use'),
        t('registry.col.status'),
        t('registry.col.until'),
        t('registry.col.fingerprint'),
        t('registry.col.order'),
      ]}
      mayRevoke={mayRevoke}
    >
      {page.rows.map((row) => (
        <CertificateLine key={row.serial} row={row} mayRevoke={mayRevoke} />
      ))}
    </RegistryTable>
  );
}
