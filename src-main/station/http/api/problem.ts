import { catalogue, explain, type ErrorCode, type FailureData } from '../../../contract/index.ts';
import type { FastifyReply } from '../server.ts';

/** What HTTP says of each kind of failure (RFC 9110 15.5, 15.6). */
const ofExit = {
  OK: 500,
  FAILED: 409,
  USAGE: 400,
  REFUSED: 409,
  TOKEN: 503,
  BROKER: 503,
  DEVICE: 409,
  DATA: 503,
  PENDING: 409,
  INTERNAL: 500,
} as const;
const ofCode: Partial<Record<ErrorCode, number>> = {
  NOT_FOUND: 404,
  NOT_ALLOWED: 403,
  SIGN_IN_FIRST: 401,
  CALLER_UNKNOWN: 401,
  CLIENT_CERTIFICATE: 401,
  REQUEST_PATH: 404,
  REQUEST_TOO_LARGE: 413,
  REQUEST_TYPE: 415,
  REQUEST_REPEATED: 422,
  TOO_MANY_REQUESTS: 429,
  TOO_MANY_STREAMS: 429,
};

export const statusOf = (code: ErrorCode): number => ofCode[code] ?? ofExit[catalogue[code].exit];

/** A problem document (RFC 9457) of the catalogue's texts: `code` and `params` for programs, the texts for people. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ErrorCode;
  readonly params: FailureData['params'];
  readonly retry: FailureData['retry'];
  readonly steps: readonly string[];
  readonly who: string;
}

export function problemOf({ code, params, retry }: FailureData, requestId: string): Problem {
  const { title, what, steps, who } = explain(code, params);
  return {
    type: `urn:birthmark:problem:${code}`,
    title,
    status: statusOf(code),
    detail: what,
    instance: `urn:birthmark:request:${requestId}`,
    code,
    params,
    retry,
    steps,
    who,
  };
}

export function sendProblem(reply: FastifyReply, failure: FailureData): FastifyReply {
  const problem = problemOf(failure, reply.request.id);
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="birthmark"');
  if (problem.status === 429) void reply.header('retry-after', '60');
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
