import { Failure } from '../../../contract/index.ts';
import { chips, ESP32_FLASH_CRYPT, isEncrypted, macOf, MAGIC_REGISTER, readSecurityInfo, type Chip, type SecurityInfo } from './chips.ts';
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
  const magic = (security?.chipId ?? null) === null ? await readRegister(line, MAGIC_REGISTER, signal) : null;
  const chip = chips.find(({ id, magic: known }) => (magic === null ? id === security?.chipId : known.includes(magic)));
  if (chip === undefined) {
    const found = magic === null ? `chip id ${String(security?.chipId)}` : `magic 0x${magic.toString(16)}`;
    throw new Failure('WRONG_PROTOCOL', { path: line.path }, `a chip that is not known: ${found}`);
  }
  const low = await readRegister(line, chip.macRegister, signal);
  const high = await readRegister(line, chip.macRegister + 4, signal);
  const flashEncrypted = security?.flashEncrypted ?? (await esp32IsEncrypted(line, signal));
  return { chip, hardwareId: macOf(low, high & 0xffff), flashEncrypted, secureBoot: security?.secureBoot ?? false };
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

async function esp32IsEncrypted(line: RomLine, signal: AbortSignal): Promise<boolean> {
  const { register, shift, mask } = ESP32_FLASH_CRYPT;
  return isEncrypted(((await readRegister(line, register, signal)) >>> shift) & mask);
}
