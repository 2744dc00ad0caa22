import { Failure } from '../../../contract/index.ts';
import {
  chips,
  ESP32_FLASH_CRYPT,
  isEncrypted,
  macOf,
  MAGIC_REGISTER,
  nameOfOther,
  readSecurityInfo,
  type Chip,
  type SecurityInfo,
} from './chips.ts';
import type { RomLine } from './rom-line.ts';

export interface RomIdentity {
  readonly chip: Chip;
  readonly hardwareId: string;
  readonly flashEncrypted: boolean;
  readonly secureBoot: boolean;
}

/**
 * What the chip is, read anew.
 * @throws Failure UNVERIFIABLE in Secure Download Mode, where the ROM tells neither its address nor what it stores; WRONG_PROTOCOL for a chip that is not known.
 */
export async function readIdentity(line: RomLine, signal: AbortSignal): Promise<RomIdentity> {
  const security = await securityInfo(line, signal);
  if (security?.secureDownload === true) {
    throw new Failure('UNVERIFIABLE', { item: 'anything that is written' }, 'Secure Download Mode: the chip lets nothing be read');
  }
  const { chip, chipId, magic } = await findChip(line, security, signal);
  if (chip === undefined) throw new Failure('WRONG_PROTOCOL', { path: line.path }, `it is ${nameOfOther(chipId, magic)}`);
  const low = await readRegister(line, chip.macRegister, signal);
  const high = await readRegister(line, chip.macRegister + 4, signal);
  const flashEncrypted = security?.flashEncrypted ?? (await esp32IsEncrypted(line, signal));
  return { chip, hardwareId: macOf(low, high & 0xffff), flashEncrypted, secureBoot: security?.secureBoot ?? false };
}

/**
 * Stops the watchdogs that would reset the chip in the middle of a write: a reset by way of the chip’s own USB leaves them running. The official tool does the
 * same where it loads no stub. What cannot be asked is left to `readIdentity` to tell.
 */
export async function stopWatchdogs(line: RomLine, signal: AbortSignal): Promise<void> {
  const security = await securityInfo(line, signal);
  if (security?.secureDownload === true) return;
  const watchdogs = (await findChip(line, security, signal)).chip?.watchdogs ?? null;
  if (watchdogs === null) return;
  await writeRegister(line, watchdogs.protect, watchdogs.key, signal);
  await writeRegister(line, watchdogs.config, 0, signal);
  await writeRegister(line, watchdogs.protect, 0, signal);
  await writeRegister(line, watchdogs.superProtect, watchdogs.superKey, signal);
  const config = await readRegister(line, watchdogs.superConfig, signal);
  await writeRegister(line, watchdogs.superConfig, config | watchdogs.autoFeed, signal);
  await writeRegister(line, watchdogs.superProtect, 0, signal);
}

async function findChip(
  line: RomLine,
  security: SecurityInfo | null,
  signal: AbortSignal,
): Promise<{ readonly chip: Chip | undefined; readonly chipId: number | null; readonly magic: number | null }> {
  const chipId = security?.chipId ?? null;
  const magic = chipId === null ? await readRegister(line, MAGIC_REGISTER, signal) : null;
  return { chip: chips.find(({ id, magic: known }) => (magic === null ? id === chipId : known.includes(magic))), chipId, magic };
}

/** Null: this ROM does not know the command (ESP32). */
async function securityInfo(line: RomLine, signal: AbortSignal): Promise<SecurityInfo | null> {
  try {
    return readSecurityInfo((await line.call('GET_SECURITY_INFO', [], { signal })).data);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'DEVICE_REFUSED') return null;
    throw thrown;
  }
}

async function readRegister(line: RomLine, address: number, signal: AbortSignal): Promise<number> {
  const { value } = await line.call('READ_REG', [address], { signal, about: { address: `0x${address.toString(16)}` } });
  return value >>> 0;
}

/** Address, value, mask, microseconds to wait. */
async function writeRegister(line: RomLine, address: number, value: number, signal: AbortSignal): Promise<void> {
  await line.call('WRITE_REG', [address, value, 0xffff_ffff, 0], { signal, about: { address: `0x${address.toString(16)}` } });
}

async function esp32IsEncrypted(line: RomLine, signal: AbortSignal): Promise<boolean> {
  const { register, shift, mask } = ESP32_FLASH_CRYPT;
  return isEncrypted(((await readRegister(line, register, signal)) >>> shift) & mask);
}
