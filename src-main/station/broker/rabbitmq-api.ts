import { request } from 'node:http';
import { z } from 'zod';
import { Failure } from '../../contract/index.ts';

export interface ManagementAccess {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
}

export interface RabbitmqUser {
  readonly name: string;
  readonly tags: readonly string[];
}

export interface RabbitmqConnection {
  readonly name: string;
  readonly username: string;
  readonly clientId: string;
}

/** What a user may do, as regular expressions over names of queues and exchanges, and over routing keys. */
export interface UserRights {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  readonly topicWrite: string;
  readonly topicRead: string;
}

const Users = z.array(z.object({ name: z.string(), tags: z.union([z.string(), z.array(z.string())]) }));
const Permissions = z.array(z.object({ user: z.string(), configure: z.string(), write: z.string(), read: z.string() }));
const TopicPermissions = z.array(z.object({ user: z.string(), exchange: z.string(), write: z.string(), read: z.string() }));
const Connections = z.array(
  z.object({
    name: z.string(),
    user: z.string().optional(),
    client_properties: z.object({ client_id: z.string().optional() }).optional(),
  }),
);
const Overview = z.object({ rabbitmq_version: z.string() });

const host = '127.0.0.1';
const exchange = 'amq.topic';
const answerMs = 30_000;
const maxAnswerBytes = 512 * 1024 * 1024;

/** RabbitMQ's management API, on this computer only. Every failure is BROKER_AWAY or BROKER_HOST_FAILED; the password is in none of them. */
export class RabbitmqApi {
  readonly #access: ManagementAccess;

  constructor(access: ManagementAccess) {
    this.#access = access;
  }

  async version(): Promise<string> {
    return (await this.#get('overview?columns=rabbitmq_version', Overview)).rabbitmq_version;
  }

  async users(): Promise<RabbitmqUser[]> {
    const users = await this.#get('users?columns=name,tags', Users);
    return users.map(({ name, tags }) => ({ name, tags: typeof tags === 'string' ? tags.split(',') : tags }));
  }

  /** Of everybody in the virtual host who has both kinds of permission there. */
  async rights(): Promise<Map<string, UserRights>> {
    const vhost = encodeURIComponent(this.#access.vhost);
    const permissions = await this.#get(`vhosts/${vhost}/permissions`, Permissions);
    const topics = await this.#get(`vhosts/${vhost}/topic-permissions`, TopicPermissions);
    const ofTopics = new Map(topics.filter((one) => one.exchange === exchange).map((one) => [one.user, one]));
    return new Map(
      permissions.flatMap(({ user, configure, write, read }) => {
        const topic = ofTopics.get(user);
        return topic === undefined ? [] : [[user, { configure, write, read, topicWrite: topic.write, topicRead: topic.read }] as const];
      }),
    );
  }

  /** Makes these users as they are here, in one call. None of them has a password: only a certificate lets them in. */
  async putUsers(users: ReadonlyMap<string, UserRights>, tag: string): Promise<void> {
    const { vhost } = this.#access;
    const all = [...users];
    await this.#call('POST', 'definitions', {
      users: all.map(([name]) => ({ name, password_hash: '', hashing_algorithm: 'rabbit_password_hashing_sha256', tags: [tag] })),
      permissions: all.map(([user, { configure, write, read }]) => ({ user, vhost, configure, write, read })),
      topic_permissions: all.map(([user, { topicWrite, topicRead }]) => ({ user, vhost, exchange, write: topicWrite, read: topicRead })),
    });
  }

  async deleteUsers(names: readonly string[]): Promise<void> {
    await this.#call('POST', 'users/bulk-delete', { users: names });
  }

  /** On all nodes, as RabbitMQ last counted them: each node does so every 5 s (measured). */
  async connections(): Promise<RabbitmqConnection[]> {
    const connections = await this.#get('connections?columns=name,user,client_properties', Connections);
    return connections.map(({ name, user, client_properties: said }) => ({ name, username: user ?? '', clientId: said?.client_id ?? '' }));
  }

  /** One that is gone already is no failure. */
  async close(connection: string): Promise<void> {
    await this.#call('DELETE', `connections/${encodeURIComponent(connection)}`, null, [404]);
  }

  async #get<T>(path: string, shape: z.ZodType<T>): Promise<T> {
    const text = await this.#call('GET', path, null);
    try {
      return shape.parse(JSON.parse(text));
    } catch (error) {
      throw failed(`the management API says something else than expected at ${path}`, error);
    }
  }

  #call(method: string, path: string, body: unknown, accepted: readonly number[] = []): Promise<string> {
    const { port, user, password } = this.#access;
    const away = (stage: string): Failure => new Failure('BROKER_AWAY', { host, port, stage });
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', ...(method === 'DELETE' ? { 'x-reason': 'revoked' } : {}) };
      const call = request({ host, port, method, path: `/api/${path}`, auth: `${user}:${password}`, headers }, (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxAnswerBytes) return void call.destroy();
          chunks.push(chunk);
        });
        answer.once('error', () => reject(away('the management API broke off')));
        answer.once('end', () => {
          const status = answer.statusCode ?? 0;
          const text = Buffer.concat(chunks).toString('utf8');
          if ((status >= 200 && status < 300) || accepted.includes(status)) return resolve(text);
          reject(failed(`the management API answers ${status} to ${path.split('/')[0] ?? ''}`, text.slice(0, 300)));
        });
      });
      call.setTimeout(answerMs, () => call.destroy());
      call.once('error', () => reject(away('management API')));
      call.once('close', () => reject(away('management API')));
      call.end(body === null ? undefined : JSON.stringify(body));
    });
  }
}

const failed = (problem: string, detail?: unknown): Failure => new Failure('BROKER_HOST_FAILED', { problem }, detail);
