import type { ElectronApplication, Page } from '@playwright/test';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { join, resolve } from 'node:path';
import { _electron } from 'playwright';
import {
  Failure,
  unwrap,
  type CallInput,
  type CallName,
  type CallOutput,
  type Outcome,
  type Service,
} from '../../../src-main/contract/index.ts';
import type { BirthmarkApi } from '../../../src-main/preload/api.ts';

declare global {
  interface Window {
    readonly birthmark: BirthmarkApi;
  }
}

/** The checkout: what Electron is started with. */
export const root = resolve(import.meta.dirname, '..', '..', '..');
const graceMs = 60_000;
const launchMs = 60_000;
const launches = 2;
const environment = (name: string): string => unwrap(process.env[name], `${name} is not set; run the scenarios with: npm test -- e2e`);

const definedOnly = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));

function command(
  appDir: string,
  dataDir: string,
  env: Readonly<Record<string, string>>,
): { executable: string; args: string[]; env: Record<string, string> } {
  const own = environment('BIRTHMARK_ELECTRON_ARGS').split(' ').filter(Boolean);
  return {
    executable: environment('BIRTHMARK_ELECTRON'),
    args: [...own, appDir],
    env: { ...definedOnly(process.env), BIRTHMARK_DATA: dataDir, ...env },
  };
}

/** Waits until the station service of an app that was ended has let go of its data folder. */
async function stationGone(dataDir: string): Promise<void> {
  const pid = Number(await readFile(join(dataDir, 'station.pid'), 'utf8').catch(() => '0'));
  const alive = (): boolean => {
    try {
      return pid > 0 && process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  const deadline = Date.now() + graceMs;
  while (alive() && Date.now() < deadline) await pause(50);
}

/** The built app in real Electron. */
export class App {
  readonly electron: ElectronApplication;
  readonly page: Page;
  readonly dataDir: string;
  readonly #appDir: string;
  /** Asked for at once: Playwright forgets it when the app has ended by itself. */
  readonly #main: ChildProcess;
  readonly #console: string[] = [];
  readonly #expected: string[] = [];

  private constructor(electron: ElectronApplication, page: Page, appDir: string, dataDir: string) {
    this.electron = electron;
    this.#main = electron.process();
    this.page = page;
    this.#appDir = appDir;
    this.dataDir = dataDir;
    page.on('console', (message) => this.#console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.#console.push(`fault: ${error.stack ?? error.message}`));
  }

  /** Opens the app on a data folder and waits for its window. `appDir`: the app, where it is not the checkout's. */
  static async launch(dataDir: string, env: Readonly<Record<string, string>> = {}, appDir = root): Promise<App> {
    const { executable, ...options } = command(appDir, dataDir, env);
    for (let attempt = 1; ; attempt++) {
      let electron: ElectronApplication | undefined;
      try {
        electron = await _electron.launch({ executablePath: executable, ...options, timeout: launchMs });
        return new App(electron, await electron.firstWindow({ timeout: launchMs }), appDir, dataDir);
      } catch (error) {
        // Now and then Playwright loses its debugger connection to a starting Electron (2 of 45 launches, three at a time, although
        // the app itself was up). That says nothing about the app, so it is launched once more, when the first one is gone.
        electron?.process().kill('SIGKILL');
        if (attempt === launches) throw error;
        await stationGone(dataDir);
      }
    }
  }

  /** A call as the page makes it. Throws the `Failure` it was answered with. */
  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    const outcome = await this.page.evaluate(
      async (request) => {
        const call = window.birthmark.call as (name: string, input: unknown) => Promise<Outcome<unknown>>;
        return call(request.name, request.input);
      },
      { name: name, input: input },
    );
    if (!outcome.ok) throw Failure.fromData(outcome.error);
    return outcome.value as CallOutput<N>;
  }

  /** What the main process and the services have written. */
  log(): Promise<string> {
    return readFile(join(this.dataDir, 'log', 'station.log'), 'utf8');
  }

  /** The process of a service, as the main process last reported it. */
  async servicePid(service: Service): Promise<number> {
    const deadline = Date.now() + graceMs;
    for (;;) {
      const lines = (await this.log()).matchAll(new RegExp(`${service} service runs as process (\\d+)`, 'gu'));
      const last = [...lines].at(-1)?.[1];
      if (last !== undefined) return Number(last);
      if (Date.now() > deadline) throw new Error(`the ${service} service never started`);
      await pause(50);
    }
  }

  /** Starts the app once more on the same data folder; its exit code. */
  async secondStart(): Promise<number | null> {
    const { executable, args, env } = command(this.#appDir, this.dataDir, {});
    const child = spawn(executable, args, { env, stdio: 'ignore' });
    await once(child, 'exit');
    return child.exitCode;
  }

  /** Resolves when the app has ended by itself. */
  async exited(): Promise<void> {
    if (this.#main.exitCode === null && this.#main.signalCode === null) await once(this.#main, 'exit');
  }

  console(): string {
    return this.#console.join('\n');
  }

  /** This scenario makes the page try something that is blocked; `part` is in the line that says so. */
  expectBlocked(part: string): void {
    this.#expected.push(part);
  }

  /** Lines about something blocked that no scenario asked for: faults of our own page. */
  async unexpectedBlocks(): Promise<string[]> {
    const blocked = (await this.log()).split('\n').filter((line) => line.includes('"BLOCKED '));
    return blocked.filter((line) => !this.#expected.some((part) => line.includes(part)));
  }

  /** Ends the app the way a system that shuts down does: nobody is asked. */
  async close(): Promise<void> {
    const main = this.#main;
    if (main.exitCode !== null || main.signalCode !== null) return;
    const gone = once(main, 'exit');
    main.kill('SIGTERM');
    const force = setTimeout(() => main.kill('SIGKILL'), graceMs);
    await gone;
    clearTimeout(force);
  }
}
