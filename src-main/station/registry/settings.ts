import { dirname, join, sep } from 'node:path';
import { z } from 'zod';
import {
  BackupSettings,
  HttpListener,
  ModuleConfig,
  RabbitmqCluster,
  RemoteHost,
  SessionEnd,
  TokenRef,
  unwrap,
} from '../../contract/index.ts';
import { damagedData } from './database.ts';
import type { Store } from './store.ts';

interface Form<T> {
  read(text: string): T;
  write(value: T): string;
}

const text: Form<string> = { read: (value) => value, write: (value) => value };
const json = <T>(shape: z.ZodType<T>): Form<T> => ({
  read: (value) => shape.parse(JSON.parse(value)),
  write: (value) => JSON.stringify(value),
});

const port = z.int().min(0).max(65_535);

/** What a station remembers of itself, by the key in its table. */
const written = {
  ready: text,
  name: text,
  tryOut: json(z.boolean()),
  module: json(ModuleConfig),
  token: json(TokenRef),
  slots: json(z.array(z.object({ slot: z.int(), path: z.string() }))),
  'slots.extraPorts': json(z.array(z.string())),
  /** Where CRLs can be fetched, as it stands in the certificates. */
  crlBase: text,
  'http.listeners': json(z.array(HttpListener)),
  'crl.nextUpdateHours': json(z.int()),
  /** The work order on the line, and who chose it. */
  order: text,
  'order.actor': text,
  'session.end': json(SessionEnd),
  brokerPort: json(port),
  'broker.passwordPort': json(port.nullable()),
  brokerHost: json(RemoteHost.nullable()),
  brokerRabbitmq: json(RabbitmqCluster.nullable()),
  /** Which of the cluster's users are this station's: the mark outlives every change of the settings. */
  'brokerRabbitmq.mark': text,
  /** By which central databases know this station. */
  'records.station': text,
  'broker.topicRule': text,
  /** How many backups of each kind stay, and where sealed copies go. */
  backups: json(BackupSettings),
  /** Where this folder was last in use: a path, and a computer by the hash of its id. */
  place: json(z.object({ path: z.string(), computer: z.string() })),
  /** By whom this registry was restored from a backup; `open` until it has caught up with what is in force. */
  restored: json(z.object({ at: z.string(), by: z.string(), madeAt: z.string(), open: z.boolean() })),
  /** The last time that was believed, and what an officer has said of each other clock: how far it is off, in milliseconds. */
  'clock.known': text,
  'clock.confirmed': json(z.record(z.string(), z.number())),
  /** The simulated units of a try-out station, and where each sits. */
  bench: json(z.array(z.object({ slot: z.int(), hardwareId: z.string(), fault: z.string().nullable() }))),
} as const;

type Values = { readonly [K in keyof typeof written]: ReturnType<(typeof written)[K]['read']> };
export type SettingKey = keyof Values;
export type Setting<K extends SettingKey> = Values[K];
const forms: { readonly [K in SettingKey]: Form<Values[K]> } = written;

/** Those with paths: of what lies in the data folder they are kept without it, so that the folder may be moved. */
const withPaths: readonly SettingKey[] = ['module', 'slots', 'slots.extraPorts'];

/** How the data folder's path begins a text in JSON. */
const beginning = (folder: string): string => JSON.stringify(join(folder, sep)).slice(0, -1);
const placeholder = '"{data}';
const slash = JSON.stringify(sep).slice(1, -1);

/** The settings of a station: each is read into its type here, and nowhere else. */
export class Settings {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get #folder(): string {
    return dirname(this.#store.db.name);
  }

  /** Null where it was never set. DATA_DAMAGED for what is not what this setting can be. */
  get<K extends SettingKey>(key: K): Setting<K> | null {
    const kept = this.#store.setting(key);
    if (kept === null) return null;
    try {
      return forms[key].read(withPaths.includes(key) ? kept.replaceAll(`${placeholder}${slash}`, beginning(this.#folder)) : kept);
    } catch (thrown) {
      throw damagedData(this.#folder, `the setting ${key} cannot be read: ${String(thrown)}`);
    }
  }

  /** Of what every finished station has. */
  must<K extends SettingKey>(key: K): Setting<K> {
    return unwrap<Setting<K>>(this.get(key), `a finished station has the setting ${key}`);
  }

  set<K extends SettingKey>(key: K, value: Setting<K>): void {
    const text = forms[key].write(value);
    this.#store.setSetting(key, withPaths.includes(key) ? text.replaceAll(beginning(this.#folder), `${placeholder}${slash}`) : text);
  }
}
