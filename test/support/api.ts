import { once } from 'node:events';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { unwrap, type HttpServes, type Role } from '../../src-main/contract/index.ts';
import type { TestStation } from './station.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The body as JSON. */
  readonly json: Record<string, unknown>;
}

export interface ApiRequest {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Null: without an access key. */
  readonly key?: string | null;
  readonly client?: { readonly cert: string; readonly key: string };
}

/** The API of a station, as another computer calls it: with TLS, and no trust but in the root of its server issuer. */
export class TestApi {
  readonly port: number;
  readonly key: string;
  readonly ca: readonly string[];
  readonly #station: TestStation;

  private constructor(station: TestStation, parts: { port: number; key: string; ca: readonly string[] }) {
    this.#station = station;
    this.port = parts.port;
    this.key = parts.key;
    this.ca = parts.ca;
  }

  /** Sets the listener up, with a session open that allows its certificate. */
  static async of(station: TestStation, serves: HttpServes[] = ['api']): Promise<TestApi> {
    await station.call('http.listen', { name: 'api', port: 0, names: ['localhost'], serves });
    await station.call('sessions.close', {});
    await station.openSession();
    const { port } = await station.call('http.listen', { name: 'api', port: 0, names: ['localhost'], serves });
    // The same one after a restart.
    await station.call('http.listen', { name: 'api', port, names: ['localhost'], serves });
    const ca = (await station.call('export.pem', {})).filter(({ name }) => name.startsWith('root')).map(({ pem }) => pem);
    return new TestApi(station, { port, ca, key: await keyOf(station, 'test-officer', 'officer') });
  }

  get base(): string {
    return `https://localhost:${String(this.port)}`;
  }

  keyFor(name: string, role: Role): Promise<string> {
    return keyOf(this.#station, name, role);
  }

  async send(path: string, given: ApiRequest = {}): Promise<ApiAnswer> {
    const response = await this.open(path, given);
    const body = await text(response);
    const isJson = (response.headers['content-type'] ?? '').includes('json');
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body,
      json: isJson ? (JSON.parse(body) as Record<string, unknown>) : {},
    };
  }

  /** The answer before its body was read. */
  async open(path: string, { method, body, headers = {}, key = this.key, client }: ApiRequest = {}): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const asked = request({
      host: '127.0.0.1',
      servername: 'localhost',
      port: this.port,
      path,
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      ca: [...this.ca],
      agent: false,
      ...client,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    asked.end(payload);
    // A body that is refused is not read to its end.
    asked.once('response', () => asked.on('error', () => undefined));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return response;
  }

  call(name: string, input: unknown, given: Omit<ApiRequest, 'body'> = {}): Promise<ApiAnswer> {
    return this.send(`/v1/calls/${name}`, { ...given, body: input });
  }

  /** `fetch` for clients that take one of their own. */
  readonly fetch = async (input: Request | string | URL, init?: RequestInit): Promise<Response> => {
    const asked = new Request(input, init);
    const { pathname, search } = new URL(asked.url);
    const body = await asked.text();
    const answer = await this.send(`${pathname}${search}`, {
      method: asked.method,
      key: null,
      headers: Object.fromEntries(asked.headers),
      ...(body === '' ? {} : { body }),
    });
    return new Response(answer.body, { status: answer.status, headers: { 'content-type': answer.headers['content-type'] ?? '' } });
  };
}

async function keyOf(station: TestStation, name: string, role: Role): Promise<string> {
  return unwrap((await station.call('accessKeys.add', { name, role })).key, 'a key is made');
}
