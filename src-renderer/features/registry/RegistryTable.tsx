import type { ReactNode } from 'react';
import type { Selector } from '../../../src-main/contract/calls.ts';
import { openDialog } from '../../app/dialogs.ts';
import { t } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';

interface RegistryTableProps {
  readonly heads: readonly string[];
  readonly mayRevoke: boolean;
  readonly children: ReactNode;
}

/** The frame of both tables; the last column is there for those who may revoke. */
export function RegistryTable({ heads, mayRevoke, children }: RegistryTableProps) {
  return (
    <div className="table-wrap">
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
            {mayRevoke ? (
              <th scope="col">
                <span className="unseen">{t('registry.col.actions')}</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** `selector` null: there is nothing left to revoke in this row. */
export function RevokeCell({ device, selector }: { readonly device: string; readonly selector: Selector | null }) {
  return (
    <td className="act">
      {selector === null ? null : (
        <Button
          look="quiet"
          size="small"
          aria-label={t('registry.revokeOf', { device })}
          onClick={() => openDialog({ kind: 'revoke', selector })}
        >
          {t('registry.revoke')}
        </Button>
      )}
    </td>
  );
}
