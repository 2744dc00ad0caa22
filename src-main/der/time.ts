import { DerError, type Element } from './reader.ts';
import { tags } from './tags.ts';
import { tlv } from './writer.ts';

/** RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. `ms` since the epoch; parts of a second are cut off. */
export function time(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/u, 'Z')
    .replace(/[-:T]/gu, '');
  const year = Number(digits.slice(0, 4));
  if (year < 1950) throw new RangeError(`no X.509 time for ${ms}`);
  return year < 2050 ? tlv(tags.utcTime, Buffer.from(digits.slice(2), 'latin1')) : tlv(tags.generalizedTime, Buffer.from(digits, 'latin1'));
}

/** A UTCTime or GeneralizedTime in the one form RFC 5280 allows, as milliseconds since the epoch. */
export const readTime = ({ tag, content }: Element): number => readTimeAt(content, tag, 0, content.length);

/** The same for the content of a time that lies at `from` in larger bytes, for lists too long to take apart. */
export function readTimeAt(bytes: Uint8Array, tag: number, from: number, length: number): number {
  return momentOf(calendarAt(bytes, tag, from, length));
}

/** A moment as a decimal number, YYYYMMDDhhmmss: as good for comparing, and much quicker to make. */
export function calendarAt(bytes: Uint8Array, tag: number, from: number, length: number): number {
  if (tag !== tags.utcTime && tag !== tags.generalizedTime) throw new DerError('something else where a time belongs');
  const short = tag === tags.utcTime;
  const count = short ? 12 : 14;
  if (length !== count + 1 || bytes[from + count] !== 0x5a) throw new DerError('a time that is not in Zulu with seconds');
  const head = pair(bytes, from);
  const year = short ? (head < 50 ? 2000 : 1900) + head : head * 100 + pair(bytes, from + 2);
  if (!short && year < 2050) throw new DerError('a GeneralizedTime before 2050');
  const at = from + (short ? 2 : 4);
  const month = pair(bytes, at);
  const day = pair(bytes, at + 2);
  const hour = pair(bytes, at + 4);
  const minute = pair(bytes, at + 6);
  const second = pair(bytes, at + 8);
  const real =
    month >= 1 && month <= 12 && day >= 1 && (day <= 28 || day <= daysIn(year, month)) && hour < 24 && minute < 60 && second < 60;
  if (!real) throw new DerError('a time that does not exist');
  return ((((year * 100 + month) * 100 + day) * 100 + hour) * 100 + minute) * 100 + second;
}

/** The calendar number of a moment, cut to the second. */
export const calendarOf = (ms: number): number => Number(new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/gu, ''));

function momentOf(calendar: number): number {
  const part = (place: number): number => Math.floor(calendar / place) % 100;
  return Date.UTC(Math.floor(calendar / 1e10), part(1e8) - 1, part(1e6), part(1e4), part(1e2), part(1));
}

function pair(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 0x30;
  const ones = (bytes[at + 1] ?? 0) - 0x30;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw new DerError('a time with something else than digits');
  return tens * 10 + ones;
}

const leap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysIn = (year: number, month: number): number => (month === 2 ? (leap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);
