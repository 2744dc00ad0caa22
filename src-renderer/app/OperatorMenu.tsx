import type { Operator } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { call } from '../lib/client.ts';
import { roleLabel } from '../lib/labels.ts';
import { Icon } from '../ui/Icon.tsx';
import { Menu, MenuHeading, MenuItem, MenuSeparator } from '../ui/Menu.tsx';
import { openDialog } from './dialogs.ts';
import { loadStatus } from './station.ts';

const signOut = async (): Promise<void> => {
  await call('operators.signOut', {});
  await loadStatus();
  await loadStatus();
};

/** Who is at the station; switch or sign out. */
export function OperatorMenu({ operator }: { readonly operator: Operator | null }) {
  const switchOperator = (): void => openDialog({ kind: 'sign-in', then: null });
  if (operator === null) {
    return (
      <button type="button" onClick={switchOperator}>
        <Icon name="person" />
        {t('signIn.nobody')}
      </button>
    );
  }
  return (
    <Menu
      align="end"
      trigger={
        <button type="button">
          <Icon name="person" />
          <b>{operator.name}</b> · {roleLabel(operator.role)}
        </button>
      }
    >
      <MenuHeading>{operator.name}</MenuHeading>
      <MenuItem icon="person" onSelect={switchOperator}>
        {t('signIn.switch')}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon="out" onSelect={() => void signOut().catch(loadStatus)}>
        {t('signIn.out')}
      </MenuItem>
    </Menu>
  );
}
