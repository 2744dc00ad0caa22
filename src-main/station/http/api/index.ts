import { finished } from 'node:stream/promises';
import {
  calls,
  Failure,
  limits,
  parseInput,
  toFailureData,
  type Caller,
  type CallName,
  type EventName,
  type FailureData,
} from '../../../contract/index.ts';
import { say, secretsInUse, withIds } from '../../../log/index.ts';
import type { Registry } from '../../registry/index.ts';
import { RateLimit } from '../rate-limit.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest, HttpPlugin } from '../server.ts';
import { HttpCallers } from './callers.ts';
import { EventStreams } from './events.ts';
import { fromJson, toJson } from './json-forms.ts';
import { OnceOnly } from './once.ts';
import { openApi } from './openapi.ts';
import { sendProblem } from './problem.ts';
import { queryOf, resources } from './resources.ts';
import { isServed } from './served.ts';

export interface ApiParts {
  readonly registry: Registry;
  /** The station’s dispatcher: roles, input and handlers as for every face. */
  readonly dispatch: (name: CallName, input: unknown, caller: Caller) => Promise<unknown>;
  readonly onEvent: (listener: (name: EventName, payload: unknown) => void) => void;
}

/** What has the token sign something. */
const issuing: readonly CallName[] = ['bundles.make', 'bundles.offer', 'rotation.begin', 'servers.issue', 'logins.certificate'];

/** The contract over HTTP: one adapter onto the dispatcher. It decides nothing that the dispatcher decides. */
export function api(parts: ApiParts): HttpPlugin {
  const served = new Api(parts);
  return (app) => void app.register((v1, _options, done) => (served.routes(v1), done()), { prefix: '/v1' });
}

class Api {
  readonly #parts: ApiParts;
  readonly #callers: HttpCallers;
  readonly #once: OnceOnly;
  readonly #events = new EventStreams();
  readonly #calls = new RateLimit(limits.httpCallsPerMinute, 60_000);
  readonly #issues = new RateLimit(limits.httpIssuesPerMinute, 60_000);
  /** Made when somebody asks: most stations never have to. */
  #document: string | null = null;
  readonly #known = new WeakMap<FastifyRequest, Caller>();

  constructor(parts: ApiParts) {
    this.#parts = parts;
    this.#callers = new HttpCallers(parts.registry);
    this.#once = new OnceOnly(parts.registry);
    parts.onEvent((name, payload) => this.#events.add(name, payload));
  }

  routes(v1: FastifyInstance): void {
    v1.removeAllContentTypeParsers();
    v1.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
      try {
        done(null, JSON.parse(text as string));
      } catch {
        done(new Failure('INVALID_INPUT', { field: 'body', problem: 'is not JSON' }));
      }
    });
    v1.setErrorHandler(async (error, { raw }, reply) => {
      const failure = failureOf(error);
      // The rest is read and forgotten, within the time of a request: who still writes when the connection is closed never sees the answer.
      if (failure.code === 'REQUEST_TOO_LARGE') await finished(raw.resume()).catch(() => undefined);
      return sendProblem(reply, failure);
    });
    v1.setNotFoundHandler(({ method, url }) => {
      throw new Failure('REQUEST_PATH', { method, path: (url.split('?')[0] ?? '').slice(0, 200) });
    });
    // Before a byte of the body is read.
    v1.addHook('onRequest', (request, _reply, done) => {
      const caller = this.#callers.of(request);
      if (this.#calls.isOver(caller.name)) throw new Failure('TOO_MANY_REQUESTS', { what: 'calls' });
      this.#calls.count(caller.name);
      this.#known.set(request, caller);
      done();
    });
    v1.addHook('onResponse', (request, reply, done) => {
      const { method, routeOptions } = request;
      withIds({ call: request.id }, () =>
        say('info', 'http', `${method} ${routeOptions.url ?? 'nothing'} ${String(reply.statusCode)}`, {
          caller: this.#known.get(request)?.name,
        }),
      );
      done();
    });
    v1.post<{ Params: { name: string } }>('/calls/:name', (request, reply) => {
      const { name } = request.params;
      if (!isServed(name)) throw new Failure('NOT_FOUND', { kind: 'call', id: name.slice(0, 64) });
      return this.#answer(request, reply, name, request.body ?? {});
    });
    for (const { method, path, call, input } of resources)
      v1[method](path.replaceAll(/\{(\w+)\}/gu, ':$1'), (request, reply) =>
        this.#answer(
          request,
          reply,
          call,
          input({
            path: request.params as Record<string, string>,
            query: queryOf(request.query as Record<string, unknown>),
            body: request.body ?? {},
          }),
        ),
      );
    v1.get('/events', (request, reply) => this.#events.open(request, reply, () => this.#callers.of(request)));
    v1.get('/openapi.json', (_request, reply) => reply.type('application/json').send((this.#document ??= JSON.stringify(openApi()))));
  }

  async #answer(request: FastifyRequest, reply: FastifyReply, name: CallName, json: unknown): Promise<FastifyReply> {
    const caller = this.#known.get(request);
    if (caller === undefined) throw new Error('whoever calls was asked for before');
    const input = fromJson(calls[name].input, json);
    const key = request.headers['idempotency-key'];
    const work = (): Promise<string> => this.#work(name, input, caller);
    const answer = await withIds({ call: request.id }, () =>
      secretsInUse.during({ input }, async () =>
        typeof key === 'string' && calls[name].roles.includes(caller.role)
          ? this.#once.run(key, name, { input: parseInput(calls[name].input, input, name), caller }, work)
          : work(),
      ),
    );
    return reply.header('cache-control', 'no-store').type('application/json').send(answer);
  }

  async #work(name: CallName, input: unknown, caller: Caller): Promise<string> {
    if (issuing.includes(name)) {
      if (this.#issues.isOver(caller.name)) throw new Failure('TOO_MANY_REQUESTS', { what: 'certificates' });
      this.#issues.count(caller.name);
    }
    return toJson(await this.#parts.dispatch(name, input, caller));
  }
}

/** What fastify itself refuses has its name here. */
function failureOf(error: unknown): FailureData {
  if (error instanceof Failure) return error.toData();
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Failure('REQUEST_TOO_LARGE', { most: limits.messageBytes }).toData();
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new Failure('REQUEST_TYPE').toData();
  if (statusCode === 400) return new Failure('INVALID_INPUT', { field: 'request', problem: 'cannot be read' }, error).toData();
  return toFailureData(error);
}
