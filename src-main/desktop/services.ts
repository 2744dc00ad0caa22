import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Service } from '../contract/index.ts';
import { childProcessServices, Supervisor, type SpawnService } from '../service-host/index.ts';
import type { Paths } from './paths.ts';
import { utilityProcessServices } from './utility-process.ts';

/** better-sqlite3 needs Node-API 10, which came with this Node. */
const servicesNeedNode = 24;

export interface ServicesOptions {
  readonly paths: Paths;
  readonly onEvent: (name: string, payload: unknown) => void;
  readonly log: (line: string) => void;
}

/** Utility processes, or plain Node where this Electron's Node is too old or BIRTHMARK_SERVICES=node asks for it. */
function chooseSpawn(paths: Paths, onOutput: (service: Service, text: string) => void): SpawnService {
  const entry = { station: join(paths.services, 'station.cjs'), signer: join(paths.services, 'signer.cjs') };
  const tooOld = Number(process.versions.node.split('.')[0]) < servicesNeedNode;
  if (!tooOld && process.env['BIRTHMARK_SERVICES'] !== 'node') return utilityProcessServices({ entry, onOutput });
  return childProcessServices({ entry, execPath: process.env['BIRTHMARK_NODE'] ?? 'node', onOutput });
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
      signer: { dataDir: paths.data },
      station: {
        dataDir: paths.data,
        resourcesDir: paths.resources,
        agentPath: paths.agent,
        instance: randomUUID(),
        caller: null,
        broker: true,
        line: 'auto',
      },
    },
    onEvent,
    log,
  });
}
