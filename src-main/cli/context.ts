import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Failure, type CallInput, type PinRequest } from '../contract/index.ts';
import { briefMs } from '../log/index.ts';
import type { StationParts } from '../service-host/index.ts';
import { keptCredential } from './credential.ts';
import { readText } from './files.ts';
import type { Output } from './output.ts';
import { pinTermsLines } from './pin-terms.ts';
import { readPin } from './pin.ts';
import { dataFolder, StationProcess } from './station-process.ts';
import type { Values } from './values.ts';

/** What a command works with: what was typed, its output, and a station to start. */
export class CommandContext {
  readonly output: Output;
  readonly values: Values;
  #station: StationProcess | null = null;
  #sessionIsOurs = false;
  readonly #atEnd: (() => void)[] = [];
  /** Rejects when the program that ran the station has ended. */
  readonly gone: Promise<never>;
  #onGone: (why: unknown) => void = () => undefined;

  constructor(output: Output, values: Values) {
    this.output = output;
    this.values = values;
    this.gone = new Promise((_resolve, reject) => (this.#onGone = reject));
    this.gone.catch(() => undefined);
  }

  /** The station of the data folder, running or started for this command; NOT_SET_UP when there is none. */
  start(parts: StationParts, as: { readonly credential?: string; readonly kind?: 'serve' } = {}): StationProcess {
    const dataDir = this.dataFolder();
    // A folder that was ever taken is the station's to judge: a database that is gone is damage, not a new folder.
    if (!existsSync(join(dataDir, 'station.lock'))) throw new Failure('NOT_SET_UP');
    return this.#open(parts, dataDir, as.kind ?? 'command', as.credential);
  }

  /** The same where a new station may be made. */
  startNew(parts: StationParts, dataDir = this.dataFolder()): StationProcess {
    return this.#open(parts, dataDir, 'command');
  }

  #open(parts: StationParts, dataDir: string, kind: 'command' | 'serve', credential?: string): StationProcess {
    const keyFile = this.values.text('key-file');
    const given = keyFile === undefined ? (credential ?? null) : readText(keyFile).trim();
    const station = new StationProcess(this.output, { dataDir, parts, kind, credential: () => given ?? keptCredential(dataDir) });
    station.gone.catch(this.#onGone);
    this.#station = station;
    return station;
  }

  dataFolder(): string {
    return dataFolder(this.values.text('data'));
  }

  /**
   * Opens a signing session with the operator's PIN; on a try-out station with the published one. One that is open and allows the same
   * is used, and left open.
   */
  async openSession(station: StationProcess, terms: CallInput<'sessions.request'>): Promise<void> {
    const { tryOut, session } = await station.call('station.status', {});
    if (session !== null && (session.kind === 'issue' || session.kind === terms.kind)) {
      this.output.note(`The signing session that is open is used: ${String(session.quota - session.used)} left, until ${session.until}.`);
      return;
    }
    const request = await station.call('sessions.request', terms);
    // The signer answers us and tells the station at the same time: go on when the station knows, too.
    const known = new Promise<void>((resolve) => {
      const off = station.on('session.changed', (session) => {
        if (session === null) return;
        off();
        resolve();
      });
    });
    await this.answerPin(station, request, tryOut);
    await known;
    this.#sessionIsOurs = true;
  }

  /** Gives the signer the PIN, or waits for it to be typed on the device. */
  async answerPin(station: StationProcess, { requestId, purpose, pinPad }: PinRequest, tryOut: boolean): Promise<void> {
    const file = this.values.optional('pin-file');
    const asks = pinPad || (file === undefined && !tryOut);
    if (asks) for (const line of pinTermsLines(await station.call('pin.terms', { requestId }))) this.output.prompt(line);
    if (pinPad) {
      this.output.prompt(`${purpose}: type it on the device now. Ctrl-C gives up.`);
      await station.call('pin.onDevice', { requestId });
      return;
    }
    const pin = await readPin({ file, option: '--pin-file', tryOut }, purpose);
    await station.call('pin.enter', { requestId, pin }).finally(() => setTimeout(() => pin.fill(0), briefMs).unref());
  }

  /** The station of the data folder where there is one; else one in a folder that goes away with the command. */
  startAnywhere(parts: StationParts): StationProcess {
    const dataDir = this.dataFolder();
    if (existsSync(join(dataDir, 'station.lock'))) return this.startNew(parts, dataDir);
    return this.startNew(parts, this.temporaryFolder());
  }

  temporaryFolder(): string {
    const path = mkdtempSync(join(tmpdir(), 'birthmark-'));
    this.atEnd(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  /** The PKCS#11 module that the options name; null without one. */
  module(): CallInput<'tokens.inspect'>['module'] | null {
    const path = this.values.text('module');
    const initString = this.values.text('init-string');
    if (path === undefined) return null;
    const env = this.values.list('module-env').map((text) => {
      const match = /^(\w+)=(.*)$/su.exec(text);
      if (match === null) throw new Failure('INVALID_INPUT', { field: '--module-env', problem: `"${text}" is not NAME=VALUE` });
      return [match[1] ?? '', match[2] ?? ''] as const;
    });
    return { path: resolve(path), env: Object.fromEntries(env), ...(initString === undefined ? {} : { initString }) };
  }

  /** Runs `task` when the station has stopped, however the command ends. */
  atEnd(task: () => void): void {
    this.#atEnd.push(task);
  }

  async stop(): Promise<void> {
    // A station that goes on without this command keeps no session that was opened for it.
    if (this.#sessionIsOurs) await this.#station?.call('sessions.close', {}).catch(() => undefined);
    this.#sessionIsOurs = false;
    await this.#station?.stop();
    for (const task of this.#atEnd.splice(0)) task();
  }
}
