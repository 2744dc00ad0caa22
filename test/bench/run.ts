import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits, unwrap, type SlotView } from '../../src-main/contract/index.ts';
import { loadIdentity } from '../../src-main/station/setup/index.ts';
import { connectAs, type BrokerEndpoint } from '../../src-main/station/verify/index.ts';
import { Agent } from '../support/agent.ts';
import { makeShimFolder } from '../support/shim.ts';
import { TestStation } from '../support/station.ts';
import { median, type Figure } from './figure.ts';

const baud = 115_200;
const bytesPerSecond = baud / 10;
const signMs = 73;
const pin = '482916';

interface ShimStation {
  readonly station: TestStation;
  readonly dispose: () => Promise<void>;
}

/** A station whose token takes 73 ms for a signature, one at a time, as a USB HSM does; slots are links that the bench sets itself. */
async function shimStation(slots: number, quantity: number): Promise<ShimStation> {
  const folder = makeShimFolder(signMs);
  const before = { ...process.env };
  Object.assign(process.env, folder.module.env);
  const label = 'Bench';
  execFileSync('softhsm2-util', ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', pin], {
    env: process.env,
    stdio: 'pipe',
  });
  const station = new TestStation();
  station.on('pin.wanted', (request) => void station.call('pin.enter', { requestId: request.requestId, pin: Buffer.from(pin) }));
  await station.call('station.init', {
    name: 'Bench',
    module: { path: folder.module.path },
    tokenLabel: label,
    slots: Array.from({ length: slots }, (_, index) => ({ slot: index + 1, path: slotPath(station, index + 1) })),
  });
  await station.reopen();
  const id = 'bench';
  await station.call('orders.create', {
    id,
    tenant: 'acme',
    product: 'Bench',
    deviceProfile: 'reference-agent',
    certificateProfile: 'device',
    quantity,
    idPrefix: 'B-',
  });
  await station.call('orders.choose', { id });
  const { requestId } = await station.call('sessions.request', { quota: quantity * 2, reason: 'bench' });
  await station.call('pin.enter', { requestId, pin: Buffer.from(pin) });
  return {
    station,
    dispose: async () => {
      await station.dispose();
      folder.remove();
      process.env = before;
    },
  };
}

const slotPath = (station: TestStation, slot: number): string => join(station.dataDir, `port-${String(slot)}`);

/** Plugs a unit into a slot and answers when its run has ended; milliseconds from the plug to the verdict. */
async function runUnit(station: TestStation, slot: number, agent: Agent): Promise<{ ms: number; view: SlotView }> {
  const ended = station.waitFor(
    'slot.changed',
    (view) => view.slot === slot && ['PASS', 'FAIL', 'NOT_VERIFIED', 'HAS_IDENTITY'].includes(view.state),
  );
  await agent.start();
  symlinkSync(agent.path, slotPath(station, slot));
  const view = await ended;
  if (view.state !== 'PASS') throw new Error(`slot ${String(slot)}: ${view.state} ${view.failure?.code ?? ''}`);
  return { ms: view.ms, view };
}

async function takeOut(station: TestStation, slot: number, agent: Agent): Promise<void> {
  const empty = station.slotIs(slot, 'EMPTY');
  rmSync(slotPath(station, slot));
  await agent.dispose();
  await empty;
}

/** A folder in memory: what this machine's disk takes is not the unit's time. */
const unitFolder = (): string => mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'birthmark-bench-unit-'));

/**
 * `run`: one unit at 115200 baud, from the plug to PASS. The baseline is what cannot be left out, each measured alone and added up: the bytes of
 * certificates, settings and request in base64 at line speed (SMP over a console has nothing else), one signature of the token, one publication, and one mTLS login.
 */
export async function run(): Promise<Figure> {
  const rounds = 5;
  const { station, dispose } = await shimStation(1, rounds);
  try {
    const times: number[] = [];
    const steps: Record<string, number[]> = {};
    for (let round = 0; round < rounds; round++) {
      const agent = new Agent({ hardwareId: `BENCH-${String(round)}`, faults: [`pace=${String(baud)}`], dir: unitFolder() });
      const { ms, view } = await runUnit(station, 1, agent);
      times.push(ms);
      for (const { step, ms: stepMs } of view.steps) (steps[step] ??= []).push(stepMs);
      await takeOut(station, 1, agent);
    }
    const payload = await payloadBytes(station);
    const rawWireMs = (payload / bytesPerSecond) * 1000;
    const wireMs = (rawWireMs * 4) / 3;
    const brokerMs = await brokerAlone(station);
    const baseline = wireMs + signMs + brokerMs;
    const value = median(times);
    const detail = {
      payloadBytes: payload,
      wireMs,
      ratioWithoutBase64: (rawWireMs + signMs + brokerMs) / value,
      signMs,
      brokerMs,
      steps: Object.fromEntries(Object.entries(steps).map(([step, ms]) => [step, median(ms)])),
    };
    return { value, unit: 'ms', baseline, ratio: baseline / value, detail };
  } finally {
    await dispose();
  }
}

/** Bytes that a unit must be given or asked for: its chain, the trust anchor, and a request of the usual size. */
async function payloadBytes(station: TestStation): Promise<number> {
  const pems = await station.call('export.pem', {});
  const der = (name: (file: string) => boolean): number =>
    Buffer.from(
      unwrap(
        pems.find((file) => name(file.name)),
        'exported',
      ).pem.replace(/-----.*?-----/gu, ''),
      'base64',
    ).length;
  const request = 230;
  const settings = 120;
  return (
    der((name) => name.startsWith('certificates/')) +
    der((name) => name === 'issuer.pem') +
    der((name) => name === 'root.pem') +
    request +
    settings
  );
}

/** A publication with its canaries and a login with a certificate, each alone on the quiet station. */
async function brokerAlone(station: TestStation): Promise<number> {
  const { host, port } = unwrap(await station.call('broker.status', {}), 'there is a broker host');
  const observer = loadIdentity(station.dataDir, 'observer');
  const root = unwrap(
    (await station.call('export.pem', {})).find((file) => file.name === 'root.pem'),
    'exported',
  ).pem;
  const endpoint: BrokerEndpoint = { host, port, serverName: 'localhost', serverCaPem: root };
  const logins: number[] = [];
  for (let round = 0; round < 10; round++) {
    const began = performance.now();
    const connection = await connectAs(endpoint, observer);
    logins.push(performance.now() - began);
    await connection.close();
  }
  const publications: number[] = [];
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    await station.call('crl.publish', {});
    publications.push(performance.now() - began - signMs);
  }
  return median(logins) + Math.max(0, median(publications));
}

/** `slots-16`: 64 units through 16 slots behind the same token; the bound is one signature at a time. */
export async function slots16(): Promise<Figure> {
  const perSlot = 4;
  const units = limits.slots * perSlot;
  const { station, dispose } = await shimStation(limits.slots, units);
  try {
    const cpu = process.resourceUsage();
    const began = performance.now();
    const lane = async (slot: number): Promise<void> => {
      for (let round = 0; round < perSlot; round++) {
        const agent = new Agent({ hardwareId: `BENCH-${String(slot)}-${String(round)}` });
        await runUnit(station, slot, agent);
        await takeOut(station, slot, agent);
      }
    };
    await Promise.all(Array.from({ length: limits.slots }, (_, index) => lane(index + 1)));
    const seconds = (performance.now() - began) / 1000;
    const value = units / seconds;
    const baseline = 1000 / signMs;
    const rssMB = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(station.pid('station'))], { encoding: 'utf8' })) / 1024;
    const stationCpu = execFileSync('ps', ['-o', 'cputimes=', '-p', String(station.pid('station'))], { encoding: 'utf8' }).trim();
    return {
      value,
      unit: 'units/s',
      baseline,
      ratio: value / baseline,
      detail: {
        units,
        seconds,
        stationRssMB: Math.round(rssMB),
        stationCpuSeconds: Number(stationCpu),
        benchCpuSeconds: (process.resourceUsage().userCPUTime - cpu.userCPUTime) / 1e6,
      },
    };
  } finally {
    await dispose();
  }
}
