const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Milliseconds a thing took: `8.1 s`, `2 min 05 s`; the unit never stands alone on a new line. */
export function took(ms: number): string {
  if (ms < minute) return `${(ms / second).toFixed(1)}\u00a0s`;
  const seconds = Math.floor(ms / second);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')}\u00a0s`;
}

/** Milliseconds as one or two whole units: `40 s`, `18 min`, `5 h 12 min`, `3 days`, `4 years 3 months`. */
export function span(ms: number): string {
  const rest = Math.max(0, ms);
  if (rest < minute) return `${Math.floor(rest / second)} s`;
  if (rest < hour) return `${Math.floor(rest / minute)} min`;
  if (rest < 2 * day) {
    const minutes = Math.floor((rest % hour) / minute);
    return minutes === 0 ? `${Math.floor(rest / hour)} h` : `${Math.floor(rest / hour)} h ${minutes} min`;
  }
  const days = Math.floor(rest / day);
  if (days < 730) return `${days} days`;
  const months = Math.floor((days % 365) / 30.5);
  const years = Math.floor(days / 365);
  return months === 0 ? `${years} years` : `${years} years ${months} months`;
}

/** Time left in the biggest two units, for large type: `5:12` and its unit `h`; under an hour `18` `min`; under a minute `40` `s`. */
export function countdown(ms: number): { readonly value: string; readonly unit: 'h' | 'min' | 's' } {
  const rest = Math.max(0, ms);
  if (rest < minute) return { value: String(Math.floor(rest / second)), unit: 's' };
  if (rest < hour) return { value: String(Math.floor(rest / minute)), unit: 'min' };
  return { value: `${Math.floor(rest / hour)}:${String(Math.floor((rest % hour) / minute)).padStart(2, '0')}`, unit: 'h' };
}

export const since = (instant: string, now: number): string => span(now - Date.parse(instant));
export const until = (instant: string, now: number): string => span(Date.parse(instant) - now);

/** Is this instant still to come? One that cannot be read is not. */
export const isAhead = (instant: string, now: number): boolean => Date.parse(instant) > now;

/** Bytes in decimal units: `812 B`, `2.1 kB`, `14 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  const [value, unit] = count < 1_000_000 ? [count / 1000, 'kB'] : [count / 1_000_000, 'MB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

export const count = (value: number): string => value.toLocaleString('en-US');

/** A long name cut in the middle, where the least is lost. */
const cut = (name: string, head: number, tail: number): string => `${name.slice(0, head)}…${name.slice(-tail)}`;

/** A serial number or fingerprint in a table: `7C1E04B2…0D9A`. Short ones stay whole. */
export const shortHex = (hex: string): string => (hex.length <= 14 ? hex : cut(hex, 8, 4));

/** A device label as a slot has room for; the running number at its end is never lost. */
export const shortLabel = (label: string): string => (label.length <= 28 ? label : cut(label, 12, 14));

/** A device in a table, `{tenant}/{device}`: what tells it from its neighbours is at its end. */
export const shortDevice = (name: string): string => (name.length <= 26 ? name : cut(name, 8, 17));

/** A work order’s number in a table. */
export const shortOrder = (id: string): string => (id.length <= 20 ? id : cut(id, 8, 11));

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** Local `2026-03-02`. */
export function date(instant: string): string {
  const at = new Date(instant);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}

/** Local `08:40`. */
export function timeOfDay(instant: string): string {
  const at = new Date(instant);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

/** Local `08:58:04.1`, for things that take seconds. */
export function preciseTime(instant: string): string {
  const at = new Date(instant);
  return `${timeOfDay(instant)}:${pad(at.getSeconds())}.${Math.floor(at.getMilliseconds() / 100)}`;
}

/** Local `2026-03-02 08:40` with its zone, for tooltips and copies. */
export function dateTimeZone(instant: string): string {
  const minutes = -new Date(instant).getTimezoneOffset();
  const sign = minutes < 0 ? '-' : '+';
  return `${date(instant)} ${timeOfDay(instant)} UTC${sign}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
}

/** `08:40` today, `tomorrow 08:40`, otherwise with the date. */
export function dayAndTime(instant: string, now: number): string {
  const on = date(instant);
  if (on === date(new Date(now).toISOString())) return timeOfDay(instant);
  if (on === date(new Date(now + day).toISOString())) return `tomorrow ${timeOfDay(instant)}`;
  return `${on} ${timeOfDay(instant)}`;
}
