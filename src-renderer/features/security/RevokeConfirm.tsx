import { useState } from 'react';
import { type CertificateRow, type RevocationReason, revocationReasons } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { count, date, dateTimeZone, shortHex } from '../../lib/format.ts';
import { certificateTone, certificateLabel, reasonLabel } from '../../lib/labels.ts';
import { Blank } from '../../ui/Blank.tsx';
import { Button } from '../../ui/Button.tsx';
import { Copyable } from '../../ui/Copyable.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { Pill } from '../../ui/Pill.tsx';

const noteChars = 200;

function Hits({ rows }: { readonly rows: readonly CertificateRow[] }) {
  return (
    <div className="table-wrap hits">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('registry.col.device')}</th>
            <th scope="col">{t('registry.col.serial')}</th>
            <th scope="col">{t('registry.col.status')}</th>
            <th scope="col">{t('registry.col.until')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.serial}>
              <td className="whole">{row.device}</td>
              <td>
                <Copyable what={t('registry.col.serial')} value={row.serial} shown={shortHex(row.serial)} />
              </td>
              <td>
                <Pill tone={certificateTone[row.status]}>{certificateLabel(row.status)}</Pill>
              </td>
              <td className="when" title={dateTimeZone(row.notAfter)}>
                {date(row.notAfter)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RevokeConfirmProps {
  /** What was looked for, as it was typed. */
  readonly name: string;
  readonly rows: readonly CertificateRow[];
  readonly busy: boolean;
  readonly onRevoke: (terms: { readonly reason: RevocationReason; readonly note: string }) => void;
  readonly onBack: () => void;
  readonly onClose: () => void;
}

/** What it hits, why, and the red button; Cancel has the focus. */
export function RevokeConfirm({ name, rows, busy, onRevoke, onBack, onClose }: RevokeConfirmProps) {
  const [reason, setReason] = useState<RevocationReason>('unspecified');
  const [note, setNote] = useState('');
  const hits = rows.filter(({ status }) => status !== 'REVOKED' && status !== 'EXPIRED');
  if (hits.length === 0) {
    return (
      <div className="body">
        {rows.length === 0 ? (
          <Blank icon="search" title={t('revoke.unknown', { name })}>
            {t('revoke.unknown.what')}
          </Blank>
        ) : (
          <>
            <b>{t('revoke.nothing')}</b>
            <Hits rows={rows} />
          </>
        )}
        <div className="buttons">
          <Button onClick={onBack}>{t('revoke.other')}</Button>
          <Button look="primary" autoFocus onClick={onClose}>
            {t('common.close')}
          </Button>
        </div>
      </div>
    );
  }
  const one = hits.length === 1;
  return (
    <div className="body">
      <b>{one ? t('revoke.hits.one') : t('revoke.hits.other', { n: count(hits.length) })}</b>
      <Hits rows={hits} />
      <div className="pair">
        <SelectField
          label={t('revoke.reason')}
          value={reason}
          onChange={(event) => setReason(revocationReasons.find((known) => known === event.target.value) ?? 'unspecified')}
        >
          {revocationReasons.map((known) => (
            <option key={known} value={known}>
              {reasonLabel(known)}
            </option>
          ))}
        </SelectField>
        <TextField
          label={t('revoke.note')}
          hint={t('revoke.note.hint')}
          maxLength={noteChars}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </div>
      <div className="buttons">
        <Button onClick={onBack}>{t('revoke.other')}</Button>
        <span className="spring" />
        <Button autoFocus onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button look="destroy" disabled={busy} onClick={() => onRevoke({ reason, note: note.trim() })}>
          {one ? t('revoke.go.one') : t('revoke.go.other', { n: count(hits.length) })}
        </Button>
      </div>
    </div>
  );
}
