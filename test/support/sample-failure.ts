import { catalogue, Failure, parametersOf, type ErrorCode, type FailureParams } from '../../src-main/contract/index.ts';

/** A failure of any code: parameters that are not given say their own name. */
export function sampleFailure(code: ErrorCode, params: FailureParams = {}, detail?: string): Failure {
  const sample = Object.fromEntries(parametersOf(code).map((name) => [name, `(${name})`]));
  return Failure.fromData({
    code,
    params: { ...sample, ...params },
    retry: catalogue[code].retry,
    ...(detail === undefined ? {} : { detail }),
  });
}
