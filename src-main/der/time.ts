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
export function readTime(element: Element): number {
  const { tag, content } = element;
  if (tag !== tags.utcTime && tag !== tags.generalizedTime) throw new DerError('something else where a time belongs');
  const short = tag === tags.utcTime;
  const count = short ? 12 : 14;
  if (content.length !== count + 1 || content[count] !== 0x5a) throw new DerError('a time that is not in Zulu with seconds');
  const pair = (at: number): number => {
    const tens = (content[at] ?? 0) - 0x30;
    const ones = (content[at + 1] ?? 0) - 0x30;
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw new DerError('a time with something else than digits');
    return tens * 10 + ones;
  };
  const year = short ? (pair(0) < 50 ? 2000 : 1900) + pair(0) : pair(0) * 100 + pair(2);
  if (!short && year < 2050) throw new DerError('a GeneralizedTime before 2050');
  const at = short ? 2 : 4;
  const [month, day, hour, minute, second] = [pair(at), pair(at + 2), pair(at + 4), pair(at + 6), pair(at + 8)];
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(ms);
  const real = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!real) throw new DerError('a time that does not exist');
  return ms;
}
