import { SerialPort } from 'serialport';
import { makeStationKey } from '../../src-main/station/ca/index.ts';
import { openUnit, type Credentials, type DeviceProfile } from '../../src-main/station/devices/index.ts';
import { Agent, referenceProfile, TestCa } from '../support/agent.ts';
import { NordicModem } from '../support/console/nordic.ts';
import { consoleProfile } from '../support/console/provision.ts';
import { ZephyrCredentials } from '../support/console/zephyr-shell.ts';
import { EspChip } from '../support/esp-rom.ts';
import { McumgrTarget } from '../support/mcumgr/target.ts';
import { MicroPythonBoard } from '../support/micropython-board.ts';
import type { Figure } from './figure.ts';

/** Start and stop bit beside eight of data. */
const msPerByte = 10_000 / 115_200;
/** Base64, which the console form of SMP consists of. */
const base64 = 3 / 4;
const common = { keyAlgorithm: 'ec-p256', baudRate: 115_200, exchangeMs: 2000, stepMs: 60_000, jobMs: 120_000, replugMs: 0 } as const;

interface Plugged {
  readonly path: string;
  dispose(): Promise<unknown>;
}

/** One unit of each driver, and of the kinds of dialogue that differ. */
const units: Readonly<Record<string, { readonly profile: DeviceProfile; readonly plug: () => Promise<Plugged> }>> = {
  smp: { profile: referenceProfile, plug: () => new Agent().start() },
  'smp-files': {
    profile: {
      ...common,
      name: 'files',
      driver: 'smp-files',
      key: 'station',
      files: { certificate: '/lfs/cert', trustAnchors: '/lfs/ca', key: '/lfs/key', broker: '/lfs/broker' },
      format: 'pem',
      issuers: true,
      nul: false,
      identity: 'hwinfo',
    },
    plug: () => new McumgrTarget().start(),
  },
  'esp-rom': {
    profile: {
      ...common,
      name: 'esp',
      driver: 'esp-rom',
      key: 'station',
      flashBytes: 0x40_0000,
      reset: 'classic',
      secureCert: { offset: 0xd000, size: 0x2000 },
      flashEncryption: 'refuse',
    },
    plug: () => new EspChip().plug(),
  },
  micropython: {
    profile: { ...common, name: 'micropython', driver: 'micropython', key: 'station', folder: '', format: 'pem', issuers: true },
    plug: () => MicroPythonBoard.start(),
  },
  'console: nrf91-at': { profile: consoleProfile('nrf91-at'), plug: () => new NordicModem().start() },
  'console: zephyr-cred': { profile: consoleProfile('zephyr-cred'), plug: () => new ZephyrCredentials().start() },
};

/** Bytes over all serial lines of this process, while `work` goes on. */
async function counted(work: () => Promise<number>): Promise<{ payload: number; toUnit: number; fromUnit: number }> {
  const { write, emit } = SerialPort.prototype;
  let [toUnit, fromUnit] = [0, 0];
  SerialPort.prototype.write = function (this: SerialPort, ...args: Parameters<typeof write>) {
    toUnit += (args[0] as Buffer).length;
    return write.apply(this, args);
  } as typeof write;
  SerialPort.prototype.emit = function (this: SerialPort, ...args: Parameters<typeof emit>) {
    if (args[0] === 'data') fromUnit += (args[1] as Buffer).length;
    return emit.apply(this, args);
  } as typeof emit;
  try {
    const payload = await work();
    return { payload, toUnit, fromUnit };
  } finally {
    Object.assign(SerialPort.prototype, { write, emit });
  }
}

/** From the plug to what is locked, or as far as the driver goes; returns what had to be moved, in DER and JSON. */
async function provision(path: string, profile: DeviceProfile, ca: TestCa): Promise<number> {
  const options = { signal: new AbortController().signal };
  const session = await openUnit({ path, profile, ...options });
  const unit = await session.identify(options);
  const key = profile.key === 'station' ? await makeStationKey('ec-p256', 'acme/W-1') : null;
  const csr = key?.csr ?? (await session.generateKey('acme/W-1', options)).csr;
  const { credentials, spki } = await ca.issue(csr);
  const moved = bytesOf(credentials) + (key?.pkcs8.length ?? csr.length);
  const installed = await session.install(key === null ? credentials : { ...credentials, privateKey: key.pkcs8 }, unit, options);
  await session.readBack(installed, options);
  if (session.capabilities.possession) await session.provePossession(spki, options);
  await session.activate(options);
  if (session.capabilities.lock) await session.lock(options);
  await session.close();
  return moved;
}

const bytesOf = ({ certificateChain, trustAnchors, broker }: Credentials): number =>
  [...certificateChain, ...trustAnchors].reduce((sum, { length }) => sum + length, 0) + JSON.stringify(broker).length;

/** `wire`: of all bytes on the line of a unit, both ways, how many are the payload. The limit is that of base64, which SMP over a console consists of. */
export async function wire(): Promise<Figure> {
  const ca = new TestCa();
  const detail: Record<string, { payload: number; toUnit: number; fromUnit: number; efficiency: number; wireMs: number }> = {};
  try {
    for (const [name, { profile, plug }] of Object.entries(units)) {
      const unit = await plug();
      try {
        const bytes = await counted(() => provision(unit.path, profile, ca));
        const all = bytes.toUnit + bytes.fromUnit;
        detail[name] = { ...bytes, efficiency: Number((bytes.payload / all).toFixed(3)), wireMs: Math.round(all * msPerByte) };
      } finally {
        await unit.dispose();
      }
    }
  } finally {
    ca.dispose();
  }
  const value = detail['smp']?.efficiency ?? 0;
  return { value, unit: 'of the bytes', baseline: base64, ratio: value / base64, detail };
}
