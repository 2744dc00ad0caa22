import { z } from 'zod';
import { limits } from './limits.ts';
import './issue-texts.ts';

/** Tenant and device ids become CN parts, topic levels and file names: no `/ + #`, no control characters, never `.` or `..`. */
const idPart = z
  .string()
  .max(limits.idChars)
  .regex(/^[A-Za-z0-9_.-]{1,64}$/u, 'letters, digits, "_", "." and "-" only, 1 to 64 of them')
  .refine((id) => id !== '.' && id !== '..', 'must not be "." or ".."');

export const TenantId = idPart;
export const DeviceId = idPart;

/** `{tenant}/{device}`: the CN of a device certificate and its MQTT username. */
export const DeviceName = z
  .string()
  .max(limits.commonNameChars, 'tenant and device together are longer than a common name may be (64 characters)')
  .refine((name) => {
    const parts = name.split('/');
    return parts.length === 2 && parts.every((part) => idPart.safeParse(part).success);
  }, 'must be {tenant}/{device}');

/** What a unit says it is; shown and searched, never a path or a topic. */
export const HardwareId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}]*$/u, 'must be visible characters');

/** RFC 5280 serial number, 20 random bytes, positive, as upper-case hex. */
export const SerialHex = z.string().regex(/^[0-9A-F]{2,40}$/u, 'must be 2 to 40 hexadecimal digits');
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/u, 'must be 64 hexadecimal digits');
/** Key identifier (SHA-1 of the public key bits, RFC 5280 4.2.1.2 method 1), lower-case hex. */
export const KeyIdHex = z.string().regex(/^[0-9a-f]{40}$/u, 'must be 40 hexadecimal digits');
/** UTC ISO-8601 with milliseconds and `Z`. */
export const Instant = z.iso.datetime({ precision: 3 });
export const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');
export const Uuid = z.uuid();

export type DeviceName = z.infer<typeof DeviceName>;
export type Instant = z.infer<typeof Instant>;

/**
 * Which topics a device has for itself: fixed levels, `{tenant}` and `{device}` once each, and `/#` at the end. The first level is fixed, so that
 * what belongs to devices can be told from `station/…`.
 */
export const TopicRuleText = z
  .string()
  .max(200)
  .refine((text) => {
    const levels = text.split('/');
    const [first = '', ...rest] = levels.slice(0, -1);
    const isName = (level: string): boolean => idPart.safeParse(level).success;
    const once = (name: string): boolean => rest.filter((level) => level === name).length === 1;
    return (
      levels.at(-1) === '#' &&
      isName(first) &&
      first !== 'station' &&
      once('{tenant}') &&
      once('{device}') &&
      rest.every((level) => level === '{tenant}' || level === '{device}' || isName(level))
    );
  }, 'must be topic levels of letters, digits, "_", "." and "-" with {tenant} and {device} once each, a fixed first one that is not “station”, and “/#” at the end');

/** A client of the broker that is no device; `birthmark:{name}` is its MQTT username and the CN of its certificate. The station's own names are taken. */
export const ServiceName = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/u, 'small letters, digits and "-" only, 1 to 40 of them')
  .refine((name) => name !== 'observer' && !/^(?:canary|records)-/u.test(name), 'is a name of the station itself');

/** An MQTT topic filter of plain levels; `station/…` is the station's own. */
export const TopicFilter = z
  .string()
  .max(200)
  .refine((text) => {
    const levels = text.split('/');
    return (
      levels.every((level, index) => level === '+' || (level === '#' && index === levels.length - 1) || idPart.safeParse(level).success) &&
      idPart.safeParse(levels[0]).success &&
      levels[0] !== 'station'
    );
  }, 'must be topic levels of letters, digits, "_", "." and "-", or +, or # at the end, after a first one that is named and not “station”');

/**
 * Where a slot is: a path of a serial port (also a link under /dev/serial/by-path, or one that no list shows), `usb:VID:PID:SERIAL` for an adapter wherever it is, or `hub:1-2.3`
 * for a socket whatever is in it; `/N` behind the latter two is the interface of an adapter with several ports.
 */
export const SlotPosition = z
  .string()
  .max(256)
  .regex(
    /^(?:\/[^\p{C}]+|COM\d{1,3}|usb:[0-9a-fA-F]{4}:[0-9a-fA-F]{4}:[^\p{C}/]{1,126}(?:\/\d{1,3})?|hub:[0-9a-zA-Z.-]{1,64}(?:\/\d{1,3})?)$/u,
    'must be a path, COMn, usb:VID:PID:SERIAL or hub:BUS-PORT, e.g. /dev/ttyRS485-0 or usb:0403:6001:A50285BI',
  );
