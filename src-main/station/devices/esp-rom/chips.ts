/** An Espressif chip as its ROM loader shows it. Sources: esptool 4 and 5, `targets/*.py`; the technical reference manuals, chapter eFuse Controller. */
export interface Chip {
  readonly name: string;
  /** `chip_id` of GET_SECURITY_INFO (0x14). */
  readonly id: number;
  /** Values of the register 0x40001000, for chips whose ROM tells no id. */
  readonly magic: readonly number[];
  /** eFuse words that hold the factory MAC: low word first. */
  readonly macRegister: number;
  /** FLASH_BEGIN has a fifth word here: whether the data is to be encrypted on its way into the flash. */
  readonly takesEncryptedFlag: boolean;
  /** Null: the chip has no USB of its own that leaves them running. */
  readonly watchdogs: Watchdogs | null;
}

/** Registers of the RTC watchdog and of the super watchdog, which go on after a reset by way of the chip’s own USB (Serial-JTAG). */
export interface Watchdogs {
  readonly config: number;
  readonly protect: number;
  readonly key: number;
  readonly superConfig: number;
  readonly superProtect: number;
  readonly superKey: number;
  /** The bit of `superConfig` that lets the super watchdog feed itself. */
  readonly autoFeed: number;
}

const KEY = 0x50d8_3aa1;
/** In the RTC controller; the super watchdog has a key of its own. */
const inRtc = (config: number, protect: number): Watchdogs => ({
  config: 0x6000_8000 + config,
  protect: 0x6000_8000 + protect,
  key: KEY,
  superConfig: 0x6000_8000 + protect + 4,
  superProtect: 0x6000_8000 + protect + 8,
  superKey: 0x8f1d_312a,
  autoFeed: 0x8000_0000,
});
/** In the low-power watchdog block. */
const inLowPower = (base: number, protect: number): Watchdogs => ({
  config: base,
  protect: base + protect,
  key: KEY,
  superConfig: base + protect + 4,
  superProtect: base + protect + 8,
  superKey: KEY,
  autoFeed: 1 << 18,
});

export const MAGIC_REGISTER = 0x4000_1000;

export const chips: readonly Chip[] = [
  { name: 'ESP32', id: 0, magic: [0x00f0_1d83], macRegister: 0x3ff5_a004, takesEncryptedFlag: false, watchdogs: null },
  { name: 'ESP32-S2', id: 2, magic: [0x0000_07c6], macRegister: 0x3f41_a044, takesEncryptedFlag: true, watchdogs: null },
  {
    name: 'ESP32-C3',
    id: 5,
    magic: [0x6921_506f, 0x1b31_506f, 0x4881_606f, 0x4361_606f],
    macRegister: 0x6000_8844,
    takesEncryptedFlag: true,
    watchdogs: inRtc(0x90, 0xa8),
  },
  { name: 'ESP32-S3', id: 9, magic: [0x9], macRegister: 0x6000_7044, takesEncryptedFlag: true, watchdogs: inRtc(0x98, 0xb0) },
  { name: 'ESP32-C2', id: 12, magic: [0x6f51_306f, 0x7c41_a06f], macRegister: 0x6000_8840, takesEncryptedFlag: true, watchdogs: null },
  {
    name: 'ESP32-C6',
    id: 13,
    magic: [0x2ce0_806f],
    macRegister: 0x600b_0844,
    takesEncryptedFlag: true,
    watchdogs: inLowPower(0x600b_1c00, 0x18),
  },
  {
    name: 'ESP32-H2',
    id: 16,
    magic: [0xd7b7_3e80],
    macRegister: 0x600b_0844,
    takesEncryptedFlag: true,
    watchdogs: inLowPower(0x600b_1c00, 0x1c),
  },
  { name: 'ESP32-P4', id: 18, magic: [], macRegister: 0x5012_d044, takesEncryptedFlag: true, watchdogs: inLowPower(0x5011_6000, 0x18) },
  { name: 'ESP32-C61', id: 20, magic: [], macRegister: 0x600b_4844, takesEncryptedFlag: true, watchdogs: inLowPower(0x600b_1c00, 0x18) },
  { name: 'ESP32-C5', id: 23, magic: [], macRegister: 0x600b_4844, takesEncryptedFlag: true, watchdogs: inLowPower(0x600b_1c00, 0x18) },
];

/** Chips that are not supported, so that a failure names them. By chip id, and by magic value. */
const others: readonly { readonly name: string; readonly id?: number; readonly magic?: number }[] = [
  { name: 'ESP8266', magic: 0xfff0_c101 },
  { name: 'ESP32-H21', id: 25 },
  { name: 'ESP32-H4', id: 28 },
  { name: 'ESP32-E22', id: 31 },
  { name: 'ESP32-S31', id: 32 },
];

/** What a chip that is not supported says that it is: its chip id, or else its magic value. */
export function nameOfOther(chipId: number | null, magic: number | null): string {
  const said = magic === null ? `chip id ${String(chipId)}` : `magic value 0x${magic.toString(16)}`;
  const known = others.find((other) => (magic === null ? other.id === chipId : other.magic === magic));
  return known === undefined ? `a chip that nobody knows here (${said})` : `an ${known.name} (${said}), which is not supported`;
}

/** ESP32 only: its ROM has no GET_SECURITY_INFO. BLOCK0 word 0, FLASH_CRYPT_CNT in bits 20 to 26. */
export const ESP32_FLASH_CRYPT = { register: 0x3ff5_a000, shift: 20, mask: 0x7f } as const;

/** What GET_SECURITY_INFO answers: flags u32, flash_crypt_cnt u8, seven key purposes, and on all but the ESP32-S2 chip_id u32 and api_version u32. */
export interface SecurityInfo {
  readonly secureBoot: boolean;
  readonly secureDownload: boolean;
  readonly flashEncrypted: boolean;
  readonly chipId: number | null;
}

const SECURE_BOOT = 1 << 0;
const SECURE_DOWNLOAD = 1 << 2;

/** Null when it is shorter than any ROM's. */
export function readSecurityInfo(bytes: Uint8Array): SecurityInfo | null {
  const info = Buffer.from(bytes);
  if (info.length < 12) return null;
  const flags = info.readUInt32LE(0);
  return {
    secureBoot: (flags & SECURE_BOOT) !== 0,
    secureDownload: (flags & SECURE_DOWNLOAD) !== 0,
    flashEncrypted: isEncrypted(info.readUInt8(4)),
    chipId: info.length >= 16 ? info.readUInt32LE(12) : null,
  };
}

/** Flash encryption is on when an odd number of the count's bits is burnt. */
export function isEncrypted(count: number): boolean {
  let odd = false;
  for (let rest = count; rest > 0; rest >>= 1) if ((rest & 1) === 1) odd = !odd;
  return odd;
}

/** The factory MAC as twelve hex digits; `low` and `high` are the two eFuse words. */
export function macOf(low: number, high: number): string {
  const mac = Buffer.alloc(8);
  mac.writeUInt32BE(high >>> 0, 0);
  mac.writeUInt32BE(low >>> 0, 4);
  return mac.subarray(2).toString('hex').toUpperCase();
}
