import { t } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Menu, MenuHeading, MenuItem } from '../../ui/Menu.tsx';
import { plug, unplug } from './actions.ts';
import { type BenchUnit, useLine } from './store.ts';

/** The faults a person can plug in here; the command line knows more. */
const faults = ['wrong-stored-byte', 'device-swapped', 'csr-other-key', 'peer-stalls', 'noisy-log'] as const;

function Seat({ unit, busy }: { readonly unit: BenchUnit; readonly busy: boolean }) {
  const { slot } = unit;
  return (
    <div className="seat" role="group" aria-label={t('slot.label', { slot, state: t('bench.title') })}>
      <b>{slot}</b>
      {unit.hardwareId === null ? (
        <>
          <Button size="small" disabled={busy} aria-label={t('bench.plugIn', { slot })} onClick={() => plug(slot)}>
            {t('bench.plug')}
          </Button>
          <Menu
            trigger={
              <button
                type="button"
                className="more"
                disabled={busy}
                aria-label={t('bench.faulty', { slot })}
                title={t('bench.faulty', { slot })}
              >
                <Icon name="down" />
              </button>
            }
          >
            <MenuHeading>{t('bench.faulty.heading')}</MenuHeading>
            {faults.map((fault) => (
              <MenuItem key={fault} icon="wrench" onSelect={() => plug(slot, fault)}>
                {t(`bench.fault.${fault}`)}
              </MenuItem>
            ))}
          </Menu>
        </>
      ) : (
        <Button size="small" disabled={busy} aria-label={t('bench.unplugFrom', { slot })} onClick={() => unplug(slot)}>
          {t('bench.unplug')}
        </Button>
      )}
    </div>
  );
}

/** The hands of a try-out station: plug simulated units in and out. */
export function BenchStrip() {
  const bench = useLine((state) => state.bench);
  const busy = useLine((state) => state.busy);
  return (
    <section className="bench" aria-label={t('bench.title')}>
      <Icon name="plug" />
      <span className="name">{t('bench.title')}</span>
      <div className="seats">
        {bench.map((unit) => (
          <Seat key={unit.slot} unit={unit} busy={busy.has(unit.slot)} />
        ))}
      </div>
    </section>
  );
}
