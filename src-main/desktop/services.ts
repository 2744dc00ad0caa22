import { join } from 'node:path';
import { toFailureData, version, type Service } from '../contract/index.ts';
import {
  catchOutput,
  childProcessServices,
  openStation,
  whySignerDied,
  withSecondHost,
  type RunningStation,
  type SpawnService,
} from '../service-host/index.ts';
import type { DesktopLog } from './log.ts';
import type { Paths } from './paths.ts';
import { utilityProcessServices } from './utility-process.ts';

/** What better-sqlite3 needs. A Node that is older ends at once when it is asked to load it. */
const servicesNeedNodeApi = 10;

export interface ServicesOptions {
  readonly paths: Paths;
  readonly onEvent: (name: string, payload: unknown) => void;
  /** See `openStation`. */
  readonly onOwnEvent: (name: string, payload: unknown) => void;
  readonly log: DesktopLog;
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

function chooseSpawn({ services }: Paths, log: DesktopLog): SpawnService {
  const entry = { station: join(services, 'station.cjs'), signer: join(services, 'signer.cjs') };
  const onOutput = catchOutput(log);
  const node = process.env['BIRTHMARK_NODE'] ?? 'node';
  const plainNode = childProcessServices({ entry, execPath: node, onOutput });
  const utility = withSecondHost({
    first: utilityProcessServices({ entry, onOutput }),
    second: plainNode,
    onMove: (service, how) =>
      log.say('warn', `${service} service ended before its first answer in a utility process (${how}): started on Node instead (${node})`),
  });
  return (service) => (runsAsUtility(service) ? utility : plainNode)(service);
}

/** The process of a service stands in the log once it has spoken: whoever looks after a station finds it by that. */
const named =
  (spawn: SpawnService, log: DesktopLog): SpawnService =>
  (service) => {
    const process = spawn(service);
    let said = false;
    process.onMessage(() => {
      if (!said) log.say('info', `${service} service runs as process ${process.pid ?? 'unknown'}`);
      said = true;
    });
    return process;
  };

/** The station that this window shows: it joins the one that runs, and runs one where there is none. */
export class WindowStation {
  readonly #options: ServicesOptions;
  #station: Promise<RunningStation> | null = null;
  #runsHere = false;

  constructor(options: ServicesOptions) {
    this.#options = options;
    void this.#opened().catch(() => undefined);
  }

  /** Does closing the window end the station? */
  get runsHere(): boolean {
    return this.#runsHere;
  }

  async call(name: string, input: unknown, credential: string | null): Promise<unknown> {
    return (await this.#opened()).call(name, input, credential);
  }

  async stop(): Promise<void> {
    const station = await this.#station?.catch(() => null);
    await station?.stop();
  }

  /** One that could not be opened is tried anew by the next call. */
  async #opened(): Promise<RunningStation> {
    this.#station ??= this.#open();
    try {
      return await this.#station;
    } catch (thrown) {
      this.#station = null;
      throw thrown;
    }
  }

  async #open(): Promise<RunningStation> {
    const { paths, onEvent, onOwnEvent, log } = this.#options;
    const station = await openStation({
      dataDir: paths.data,
      version,
      face: 'window',
      kind: 'window',
      parts: { broker: true, line: 'auto' },
      services: servicesOf(paths, log),
      onEvent,
      onOwnEvent,
      onGone: () => void this.#goOn(),
      log,
    });
    this.#runsHere = station.owner === null;
    if (station.owner !== null) log.say('info', `joined the station that process ${String(station.owner.pid)} runs`);
    return station;
  }

  /** The program that ran the station has ended: this window runs it now, or joins whoever was quicker. */
  async #goOn(): Promise<void> {
    const { onEvent, log } = this.#options;
    log.say('warn', 'the program that ran the station has ended');
    onEvent('service.changed', { service: 'station', state: 'restarting' });
    this.#station = this.#open();
    try {
      await this.#station;
    } catch (thrown) {
      this.#station = null;
      log.say('error', `the station could not be opened: ${toFailureData(thrown).code}`);
    }
    // The screens ask again, and then show the station or why there is none.
    onEvent('service.changed', { service: 'station', state: 'up' });
  }
}

function servicesOf(paths: Paths, log: DesktopLog): Parameters<typeof openStation>[0]['services'] {
  return {
    spawn: named(chooseSpawn(paths, log), log),
    config: {
      signer: { dataDir: paths.data, pinPad: paths.pinPad, guard: paths.guard },
      station: { dataDir: paths.data, resourcesDir: paths.resources, agentPath: paths.agent, broker: true, line: 'auto' },
    },
    whySignerDied: (inspecting) => whySignerDied(paths.data, inspecting),
  };
}
