import { limits } from '../../../src-main/contract/limits.ts';

const minutesPerHour = 60;

interface Terms {
  readonly quota: number;
  readonly minutes: number;
  readonly reason: string;
}

type TermsField = keyof Terms;

/** The form of a signing session → its terms, or which fields cannot be used. */
export function termsOf(form: { readonly quota: string; readonly hours: string; readonly reason: string }): {
  readonly terms: Terms | null;
  readonly bad: readonly TermsField[];
} {
  const quota = Number(form.quota);
  const minutes = Math.round(Number(form.hours) * minutesPerHour);
  const reason = form.reason.trim();
  const bad: TermsField[] = [];
  if (form.quota.trim() === '' || !Number.isInteger(quota) || quota < limits.sessionQuota.min || quota > limits.sessionQuota.max)
    bad.push('quota');
  if (form.hours.trim() === '' || !Number.isFinite(minutes) || minutes < limits.sessionMinutes.min || minutes > limits.sessionMinutes.max)
    bad.push('minutes');
  if (reason === '') bad.push('reason');
  return bad.length === 0 ? { terms: { quota, minutes, reason }, bad } : { terms: null, bad };
}
