import type { FailureData } from '../../../src-main/contract/errors.ts';

/** The tries left: what the last refusal said, otherwise what was known before; null when nobody knows. */
export function triesAfter(before: number | null, failure: FailureData | null): number | null {
  const said = failure?.params['triesLeft'];
  return typeof said === 'number' ? said : before;
}
