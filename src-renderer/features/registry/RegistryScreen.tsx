import { Tabs } from 'radix-ui';
import { useEffect } from 'react';
import { certificateStatuses, type StationStatus } from '../../../src-main/contract/models.ts';
import { t } from '../../i18n/index.ts';
import { certificateLabel } from '../../lib/labels.ts';
import { FailureCard } from '../../ui/FailureCard.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { CertificatesTable } from './CertificatesTable.tsx';
import { DevicesTable } from './DevicesTable.tsx';
import { Pager } from './Pager.tsx';
import { followRegistry, setSearch, turnTo, useRegistry } from './store.ts';

function StatusFilter() {
  const status = useRegistry((state) => state.status);
  return (
    <select
      className="input"
      aria-label={t('registry.status')}
      value={status ?? ''}
      onChange={(event) => turnTo({ status: certificateStatuses.find((known) => known === event.target.value) ?? null })}
    >
      <option value="">{t('registry.anyStatus')}</option>
      {certificateStatuses.map((known) => (
        <option key={known} value={known}>
          {certificateLabel(known)}
        </option>
      ))}
    </select>
  );
}

function Finder() {
  const { tab, search } = useRegistry();
  return (
    <div className="finder">
      <Icon name="search" />
      <input
        className="input"
        type="search"
        aria-label={t('registry.search')}
        placeholder={tab === 'devices' ? t('registry.search.devices') : t('registry.search.certificates')}
        spellCheck={false}
        maxLength={100}
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
    </div>
  );
}

/** Everything this station ever gave an identity, as far as the role goes. */
export function RegistryScreen({ status }: { readonly status: StationStatus }) {
  const { tab, failure } = useRegistry();
  useEffect(followRegistry, []);
  const mayRevoke = status.operator?.role === 'officer';
  return (
    <Tabs.Root
      className="registry-root"
      value={tab}
      onValueChange={(next) => turnTo({ tab: next === 'devices' ? 'devices' : 'certificates', status: null })}
    >
      <header className="title-bar">
        <div>
          <div className="eyebrow">{t('registry.eyebrow')}</div>
          <h1>{t('registry.title')}</h1>
        </div>
        <Tabs.List className="tabs" aria-label={t('registry.eyebrow')}>
          <Tabs.Trigger value="devices">{t('registry.devices')}</Tabs.Trigger>
          <Tabs.Trigger value="certificates">{t('registry.certificates')}</Tabs.Trigger>
        </Tabs.List>
      </header>
      <main className="registry">
        <div className="tools">
          <Finder />
          {tab === 'certificates' ? <StatusFilter /> : null}
          <span className="spring" />
          <Pager />
        </div>
        {failure === null ? null : <FailureCard failure={failure} />}
        <Tabs.Content value="devices" className="card sheet">
          <DevicesTable mayRevoke={mayRevoke} />
        </Tabs.Content>
        <Tabs.Content value="certificates" className="card sheet">
          <CertificatesTable mayRevoke={mayRevoke} />
        </Tabs.Content>
      </main>
    </Tabs.Root>
  );
}
