import { join } from 'node:path';
import type { Service } from '../contract/index.ts';
import { childProcessServices, Supervisor, whySignerDied, withSecondHost, type SpawnService } from '../service-host/index.ts';
import type { Paths } from './paths.ts';
import { utilityProcessServices } from './utility-process.ts';

/** What better-sqlite3 needs. A Node that is older ends at once when it is asked to load it. */
const servicesNeedNodeApi = 10;

export interface ServicesOptions {
  readonly paths: Paths;
  readonly onEvent: (name: string, payload: unknown) => void;
  readonly log: (line: string) => void;
}

/**
 * Utility processes where this Electron can load what the services need, else plain Node. For development, BIRTHMARK_SERVICES
 * puts them elsewhere: node, utility, or utility:signer (or :station) for one of them.
 */
function runsAsUtility(service: Service): boolean {
  const wish = process.env['BIRTHMARK_SERVICES'] ?? '';
  if (wish === 'node') return false;
  return ['utility', `utility:${service}`].includes(wish) || Number(process.versions['napi']) >= servicesNeedNodeApi;
}

function chooseSpawn({ services }: Paths, log: (line: string) => void): SpawnService {
  const entry = { station: join(services, 'station.cjs'), signer: join(services, 'signer.cjs') };
  const onOutput = (service: Service, text: string): void => log(`${service}: ${text.trimEnd()}`);
  const node = process.env['BIRTHMARK_NODE'] ?? 'node';
  const plainNode = childProcessServices({ entry, execPath: node, onOutput });
  const utility = withSecondHost({
    first: utilityProcessServices({ entry, onOutput }),
    second: plainNode,
    onMove: (service, how) =>
      log(`${service} service ended before its first answer in a utility process (${how}): started on Node instead (${node})`),
  });
  return (service) => (runsAsUtility(service) ? utility : plainNode)(service);
}

/** The process of a service stands in the log once it has spoken: whoever looks after a station finds it by that. */
const named =
  (spawn: SpawnService, log: (line: string) => void): SpawnService =>
  (service) => {
    const process = spawn(service);
    let said = false;
    process.onMessage(() => {
      if (!said) log(`${service} service runs as process ${process.pid ?? 'unknown'}`);
      said = true;
    });
    return process;
  };

/** Starts the station and the signer for this window. */
export function startServices({ paths, onEvent, log }: ServicesOptions): Supervisor {
  return new Supervisor({
    spawn: named(chooseSpawn(paths, log), log),
    config: {
      signer: { dataDir: paths.data, pinPad: paths.pinPad },
      station: {
        dataDir: paths.data,
        resourcesDir: paths.resources,
        agentPath: paths.agent,
        broker: true,
        line: 'auto',
      },
    },
    onEvent,
    log,
    whySignerDied: () => whySignerDied(paths.data),
  });
}
