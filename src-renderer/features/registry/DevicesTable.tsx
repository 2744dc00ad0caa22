import type { DeviceRow } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { count, date, dateTimeZone, shortDevice, shortOrder } from '../../lib/format.ts';
import { certificateTone, certificateLabel, proofLabel } from '../../lib/labels.ts';
import { Copyable } from '../../ui/Copyable.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { Unknown } from '../../ui/Unknown.tsx';
import { EmptyTable } from './EmptyTable.tsx';
import { RegistryTable, RevokeCell } from './RegistryTable.tsx';
import { useRegistry } from './store.ts';

const revocable = ({ status }: DeviceRow): boolean => status === 'ACTIVE' || status === 'SIGNED';

/** What is known of it beside its ids: its name as it is, the rest with what it is. */
const known = ({ fields: { name, ...others } }: DeviceRow): string[] => [
  ...(name === undefined ? [] : [name]),
  ...Object.entries(others).map(([field, value]) => `${field} ${value}`),
];

export function DeviceLine({ row, mayRevoke }: { readonly row: DeviceRow; readonly mayRevoke: boolean }) {
  return (
    <tr>
      <td className="cut name" title={[row.device, ...known(row)].join('\n')}>
        {shortDevice(row.device)}
        {known(row).length === 0 ? null : <span className="beside">{known(row).join(' · ')}</span>}
      </td>
      <td className="cut">
        {row.hardwareId === null ? (
          <Unknown>{t('registry.unseen')}</Unknown>
        ) : (
          <Copyable what={t('registry.col.hardware')} value={row.hardwareId} shown={row.hardwareId} />
        )}
      </td>
      <td className="cut" title={row.model}>
        {row.model}
      </td>
      <td className="cut" title={row.order ?? undefined}>
        {row.order === null ? <span className="faint">{t('common.none')}</span> : shortOrder(row.order)}
      </td>
      <td>{row.proofLevel === null ? <Unknown>{t('registry.unproven')}</Unknown> : proofLabel(row.proofLevel)}</td>
      <td>{count(row.certificates)}</td>
      <td>
        <Pill tone={row.status === null ? 'idle' : certificateTone[row.status]}>
          {row.status === null ? t('registry.noCertificate') : certificateLabel(row.status)}
        </Pill>
      </td>
      <td className="when" title={dateTimeZone(row.createdAt)}>
        {date(row.createdAt)}
      </td>
      {mayRevoke ? <RevokeCell device={row.device} selector={revocable(row) ? { device: row.device } : null} /> : null}
    </tr>
  );
}

export function DevicesTable({ mayRevoke }: { readonly mayRevoke: boolean }) {
  const page = useRegistry((state) => state.devices);
  if (page === null) return null;
  if (page.rows.length === 0) return <EmptyTable tab="devices" />;
  return (
    <RegistryTable
      heads={[
        t('registry.col.device'),
        t('registry.col.hardware'),
        t('registry.col.model'),
        t('registry.col.order'),
        t('registry.col.proof'),
        t('registry.certificates'),
        t('registry.col.status'),
        t('registry.col.since'),
      ]}
      mayRevoke={mayRevoke}
    >
      {page.rows.map((row) => (
        <DeviceLine key={row.device} row={row} mayRevoke={mayRevoke} />
      ))}
    </RegistryTable>
  );
}
