import { explain, type FailureData } from '../../src-main/contract/errors.ts';

/** What “copy details” puts on the clipboard: everything support needs, nothing secret (a failure never holds any). */
export function failureReport(failure: FailureData, at: string): string {
  const said = explain(failure.code, failure.params);
  const params = Object.entries(failure.params).map(([name, value]) => `  ${name}: ${String(value)}`);
  return [
    `${failure.code}: ${said.title}`,
    said.what,
    ...(params.length === 0 ? [] : ['parameters:', ...params]),
    ...(failure.detail === undefined ? [] : [`detail: ${failure.detail}`]),
    `at ${at}`,
  ].join('\n');
}
