import type { StationStatus } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { Icon } from '../../ui/Icon.tsx';
import { Choice } from './Choice.tsx';
import { Confirm } from './Confirm.tsx';
import { Making } from './Making.tsx';
import { useSetup } from './store.ts';

/** A station that is not there yet: try it out in two clicks, or learn how to set it up for real. */
export function FirstRun({ status }: { readonly status: StationStatus }) {
  const stage = useSetup((state) => state.stage);
  const making = stage === 'making' || status.phase === 'setting-up';
  return (
    <main className="first-run">
      <div className="greeting">
        <Icon name="mark" className="logo" />
        <h1>Birthmark</h1>
        <p>{t('setup.welcome')}</p>
      </div>
      {making ? <Making /> : stage === 'confirm' ? <Confirm dataDir={status.dataDir} /> : <Choice />}
    </main>
  );
}
