import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure, type Face } from '../../contract/index.ts';
import { Supervisor, supervisorLine, type SupervisorLog, type SupervisorOptions } from '../supervisor.ts';
import { endpointOf } from './address.ts';
import { Joined } from './client.ts';
import type { Owner, StationParts } from './messages.ts';
import { Endpoint } from './server.ts';

export interface RunningStationOptions {
  readonly dataDir: string;
  readonly version: string;
  readonly face: Face;
  /** What this program is, should it run the station. */
  readonly kind: Owner['kind'];
  /** What this face needs of the station, and what a station that it starts has. */
  readonly parts: StationParts;
  readonly services: Pick<SupervisorOptions, 'spawn' | 'config' | 'whySignerDied'>;
  readonly onEvent: (name: string, payload: unknown) => void;
  /** Every event of a station that runs in this program, whoever may hear of it: for this program itself, not to be shown. */
  readonly onOwnEvent?: (name: string, payload: unknown) => void;
  /** Another program ran the station, and has ended. */
  readonly onGone: () => void;
  readonly log: SupervisorLog;
}

/** The station of a data folder, whoever runs it. */
export interface RunningStation {
  /** Null when it runs in this program. */
  readonly owner: Owner | null;
  call(name: string, input: unknown, credential: string | null): Promise<unknown>;
  /** The processes of a station that runs in this program. */
  pid(service: 'station' | 'signer'): number | undefined;
  /** Leaves a station that another program runs; ends one's own in good order. */
  stop(): Promise<void>;
}

/** How long a program that ends, starts or lacks a part is waited for. */
const patienceMs = 30_000;
const pauseMs = 100;

/**
 * Joins the station that runs on this data folder, whatever started it; starts one only where none runs. The lock of the data folder
 * decides between programs that start at the same moment. STATION_OTHER_VERSION, STATION_PARTIAL, STATION_SILENT, DATA_IN_USE.
 */
export async function openStation(options: RunningStationOptions): Promise<RunningStation> {
  const address = endpointOf(options.dataDir);
  const until = Date.now() + patienceMs;
  for (;;) {
    const joined = await Joined.join({ ...options, address });
    const lacking = joined === null ? null : partLacking(joined.owner.parts, options.parts);
    if (joined !== null && lacking === null) return theirs(joined);
    const started = joined === null ? await start(options, address) : null;
    if (started !== null && !(started instanceof Failure)) return started;
    await joined?.leave();
    if (Date.now() > until) throw started ?? partial(joined, lacking);
    await delay(pauseMs);
  }
}

const partial = (joined: Joined | null, part: string | null): Failure =>
  new Failure('STATION_PARTIAL', { pid: String(joined?.owner.pid ?? ''), part: part ?? '' });

function partLacking(has: StationParts, needs: StationParts): string | null {
  if (needs.broker && !has.broker) return 'broker';
  // Slots that run units by themselves are watched as well.
  const enough = needs.line === 'off' || has.line === 'auto' || has.line === needs.line;
  return enough ? null : 'slots';
}

const theirs = (joined: Joined): RunningStation => ({
  owner: joined.owner,
  call: (name, input, credential) => joined.call(name, input, credential),
  pid: () => undefined,
  stop: () => joined.leave(),
});

/** DATA_IN_USE, as a value, where another program holds the data folder. */
async function start(options: RunningStationOptions, address: string): Promise<RunningStation | Failure> {
  const { dataDir, version, face, kind, parts, services, log } = options;
  const connection = randomUUID();
  let endpoint: Endpoint | null = null;
  const supervisor = new Supervisor({
    ...services,
    log,
    onEvent: (name, payload, to) => {
      options.onOwnEvent?.(name, payload);
      if (to === undefined || to.includes(connection)) options.onEvent(name, payload);
      endpoint?.tell(name, payload, to);
    },
  });
  const call: RunningStation['call'] = (name, input, credential) => supervisor.call(name, input, { face, connection, credential });
  try {
    const refused = await whyRefused(call);
    if (refused?.code === 'DATA_IN_USE') {
      await supervisor.stop();
      return refused;
    }
    // A folder that cannot be opened has no station to join; every call of this face says why.
    if (refused === null) {
      endpoint = await Endpoint.open({
        address,
        version,
        log: (text) => log.write(supervisorLine('info', text)),
        owner: { kind, pid: process.pid, parts },
        call: (name, input, origin) => supervisor.call(name, input, origin),
        onLeft: (left) => supervisor.left(left),
      });
    }
  } catch (thrown) {
    await supervisor.stop();
    throw thrown;
  }
  log.write(supervisorLine('info', `the station of ${dataDir} runs in this program`));
  return {
    owner: null,
    call,
    pid: (service) => supervisor.pid(service),
    stop: async () => {
      await endpoint?.close();
      await supervisor.stop();
    },
  };
}

/** The station takes the folder when it starts; its first answer says whether it could. Null: it did. */
async function whyRefused(call: RunningStation['call']): Promise<Failure | null> {
  try {
    await call('station.status', {}, null);
    return null;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}
