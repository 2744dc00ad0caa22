import { join } from 'node:path';
import type { BrokerHost } from '../broker/index.ts';
import { DeviceProfiles, watchPlaces, type PlugWatcher } from '../devices/index.ts';
import type { Environment } from '../environment.ts';
import { Fixture } from '../fixture.ts';
import type { Issuance } from '../issuance/index.ts';
import { Line, type LineOptions } from '../line/index.ts';
import type { Publisher } from '../publication/index.ts';
import type { Registry } from '../registry/index.ts';
import { TryOutBench } from '../try-out/index.ts';
import type { Observer } from '../verify/index.ts';
import { createLineServices } from './line-services.ts';

/** The slots, and what is or can be in them. */
export interface LineParts {
  readonly line: Line;
  readonly fixture: Fixture;
  /** Null where no units are simulated. */
  readonly bench: TryOutBench | null;
  readonly watcher: PlugWatcher;
  readonly deviceProfiles: DeviceProfiles;
}

/** What the disk and the ports say, before the parts are put together. */
export type LineGround = Pick<LineParts, 'watcher' | 'deviceProfiles'>;

export async function lineGround({ config }: Environment, registry: Registry): Promise<LineGround> {
  const watcher = await watchPlaces(config.line === 'off' ? [] : Fixture.places(registry), { pollMs: 100 });
  return { watcher, deviceProfiles: new DeviceProfiles(config.resourcesDir, config.dataDir) };
}

export interface LineNeeds extends Pick<LineOptions, 'ready' | 'onSlot'> {
  readonly environment: Environment;
  readonly registry: Registry;
  readonly ground: LineGround;
  readonly issuance: Issuance;
  readonly publisher: Publisher;
  readonly observer: Observer;
  readonly host: BrokerHost;
}

export function assembleLine(needs: LineNeeds): LineParts {
  const { environment, registry, ground, issuance, publisher, observer, host, ready, onSlot } = needs;
  const { config, clock } = environment;
  const { dataDir, agentPath } = config;
  const places = config.line === 'off' ? [] : Fixture.places(registry);
  const isSimulated = (path: string): boolean => path.startsWith(join(dataDir, 'fixture', '/'));
  const simulated = places.filter(({ path }) => isSimulated(path)).length;
  const line = new Line({
    services: createLineServices({ registry, clock, dataDir, issuance, publisher, observer, host }),
    places,
    watcher: ground.watcher,
    profiles: ground.deviceProfiles,
    ready,
    onSlot,
    auto: config.line === 'auto',
  });
  return {
    ...ground,
    line,
    fixture: new Fixture(registry, isSimulated, (others) => {
      if (config.line !== 'off') line.rearrange(others);
    }),
    bench:
      registry.settings.get('tryOut') === true && simulated > 0
        ? new TryOutBench({ agentPath, dataDir, slots: simulated, settings: registry.settings })
        : null,
  };
}
