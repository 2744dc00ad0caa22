import { Failure } from '../contract/index.ts';

/** Date, time and zone as in RFC 3339; seconds may be left out, and the colon of an offset. */
const shape = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(?:(Z)|([+-])(\d{2}):?(\d{2}))$/iu;

/**
 * The moment that an option names, in UTC with milliseconds. A time without a zone is refused, because it
 * means another moment on another computer. A day or an hour that does not exist is refused, too:
 * Date.parse takes 31 February for 3 March.
 */
export function parseTime(field: string, text: string): string {
  const refuse = (problem: string): Failure => new Failure('INVALID_INPUT', { field, problem: `“${text}” ${problem}` });
  const match = shape.exec(text);
  if (match === null) throw refuse('is not a time with a zone, like 2026-05-04T06:00Z');
  const part = (group: number): number => Number(match[group] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0'));
  if (month < 1 || month > 12) throw refuse('has a month that does not exist');
  if (day < 1 || day > daysIn(year, month)) throw refuse('has a day that does not exist');
  if (hour > 23) throw refuse('has an hour that does not exist: a day ends with 23:59, and the next begins with 00:00');
  if (minute > 59) throw refuse('has a minute that does not exist');
  if (second > 59) throw refuse('has a second that does not exist; a leap second cannot be named');
  if (part(10) > 23 || part(11) > 59) throw refuse('has an offset that does not exist');
  const offsetMinutes = (match[9] === '-' ? -1 : 1) * (part(10) * 60 + part(11));
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  moment.setUTCHours(hour, minute - offsetMinutes, second, milliseconds);
  if (moment.getUTCFullYear() < 0 || moment.getUTCFullYear() > 9999) throw refuse('is outside the years 0000 to 9999 in UTC');
  return moment.toISOString();
}

/** Day 0 of the next month is the last day of this one. */
function daysIn(year: number, month: number): number {
  const last = new Date(0);
  last.setUTCFullYear(year, month, 0);
  return last.getUTCDate();
}
