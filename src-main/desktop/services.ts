import { join } from 'node:path';
import type { Service } from '../contract/index.ts';
import { childProcessServices, Supervisor, whySignerDied, type SpawnService } from '../service-host/index.ts';
import type { Paths } from './paths.ts';
import { utilityProcessServices } from './utility-process.ts';

/** better-sqlite3 needs Node-API 10, which came with this Node. */
const servicesNeedNode = 24;

export interface ServicesOptions {
  readonly paths: Paths;
  readonly onEvent: (name: string, payload: unknown) => void;
  readonly log: (line: string) => void;
}

/**
 * Utility processes where this Electron's Node is new enough, else plain Node. For development, BIRTHMARK_SERVICES=node puts
 * both on plain Node, and BIRTHMARK_SERVICES=utility:signer the signer, which runs on old ones too, into a utility process.
 */
function runsAsUtility(service: Service): boolean {
  const wish = process.env['BIRTHMARK_SERVICES'];
  const newEnough = Number(process.versions.node.split('.')[0]) >= servicesNeedNode;
  return wish === `utility:${service}` || (newEnough && wish !== 'node');
}

function chooseSpawn(paths: Paths, onOutput: (service: Service, text: string) => void): SpawnService {
  const entry = { station: join(paths.services, 'station.cjs'), signer: join(paths.services, 'signer.cjs') };
  const utility = utilityProcessServices({ entry, onOutput });
  const plainNode = childProcessServices({ entry, execPath: process.env['BIRTHMARK_NODE'] ?? 'node', onOutput });
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
    spawn: named(
      chooseSpawn(paths, (service, text) => log(`${service}: ${text.trimEnd()}`)),
      log,
    ),
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
