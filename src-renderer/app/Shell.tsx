import { useCallback } from 'react';
import type { StationStatus } from '../../src-main/contract/models.ts';
import { actOnSlot } from '../features/line/actions.ts';
import { LineScreen } from '../features/line/LineScreen.tsx';
import { takeScan } from '../features/line/scan.ts';
import { RegistryScreen } from '../features/registry/RegistryScreen.tsx';
import { SecurityScreen } from '../features/security/SecurityScreen.tsx';
import { Dialogs } from './Dialogs.tsx';
import { askForSession, openDialog } from './dialogs.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import type { Command } from './keyboard.ts';
import { Rail } from './Rail.tsx';
import { ServiceBanner } from './ServiceBanner.tsx';
import { SignInScreen } from './SignIn.tsx';
import { setWorkplace, useStation } from './station.ts';
import { StatusBar } from './StatusBar.tsx';
import { useCommands } from './use-commands.ts';
import { landing, type Workplace } from './workplaces.ts';

const screens = { line: LineScreen, security: SecurityScreen, registry: RegistryScreen } as const satisfies Record<Workplace, unknown>;

/** Rail, the workplace, and the status bar. */
export function Shell({ status }: { readonly status: StationStatus }) {
  const wanted = useStation((state) => state.workplace);
  const role = status.operator?.role ?? null;
  const shown = role === null ? null : landing(role, wanted);
  const carryOut = useCallback((command: Command): void => {
    if (command.kind === 'workplace') setWorkplace(command.workplace);
    if (command.kind === 'slot') actOnSlot(command.slot);
    if (command.kind === 'revoke') openDialog({ kind: 'revoke', selector: null });
    if (command.kind === 'session') askForSession();
  }, []);
  const onScan = useCallback((text: string): void => {
    if (useStation.getState().workplace === 'line') takeScan(text);
  }, []);
  useCommands(carryOut, onScan);
  const Screen = shown === null ? SignInScreen : screens[shown];
  return (
    <div className="shell">
      <Rail role={role} shown={shown} />
      <div className="screen">
        <ServiceBanner />
        <ErrorBoundary key={shown}>
          <Screen status={status} />
        </ErrorBoundary>
      </div>
      <StatusBar status={status} />
      <Dialogs />
    </div>
  );
}
