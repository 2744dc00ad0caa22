import {
  explain,
  type ChainLink,
  type Explanation,
  type FailureData,
  type ProbeStep,
  type VerificationView,
} from '../../contract/index.ts';
import { table } from '../output.ts';

export const stepsTable = (steps: readonly ProbeStep[]): string =>
  table(
    ['CHECK', 'RESULT', 'MS', 'VALUE'],
    steps.map(({ name, result, ms, value, failure }) => [
      name,
      result,
      result === 'SKIPPED' ? '' : String(ms),
      failure === null ? value : failure.code,
    ]),
  );

/** A failure with its words, for JSON. */
export const inWords = (failure: FailureData | null): (FailureData & Explanation) | null =>
  failure === null ? null : { ...failure, ...explain(failure.code, failure.params) };

export function verificationText(found: VerificationView): string {
  const chains = [chainText('The broker showed', found.serverChain), chainText('We sent', found.clientChain)];
  return [`${found.host}:${String(found.port)}`, stepsTable(found.steps), ...chains.filter((one) => one !== '')].join('\n\n');
}

function chainText(title: string, chain: readonly ChainLink[]): string {
  if (chain.length === 0) return '';
  return table(
    [title, 'ISSUED BY', 'UNTIL', 'LINK'],
    chain.map(({ subject, issuer, notAfter, problem }) => [subject, issuer, notAfter, problem ?? 'good']),
  );
}
