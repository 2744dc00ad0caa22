import { randomUUID } from 'node:crypto';
import { Failure, type RabbitmqCluster } from '../../contract/index.ts';
import { connectAs, type Connection } from '../verify/index.ts';
import { askCanaries, isInconclusive } from './canaries.ts';
import { CrlFolder, crlFiles, refuseNamesakes, type CrlFiles } from './crl-folder.ts';
import { canaryMs, HostBase, type HostOptions } from './host-base.ts';
import type { BrokerEndpoint, CanaryResult, InForce, KickResult, Publication } from './host.ts';
import { checkPublication } from './publication-check.ts';
import { RabbitmqApi, type RabbitmqConnection, type RabbitmqUser, type UserRights } from './rabbitmq-api.ts';
import { asAccessList, leftOutFailure, rabbitmqUsers } from './rabbitmq-users.ts';

export interface RabbitmqHostOptions extends HostOptions {
  readonly cluster: RabbitmqCluster;
  /** Of the management API's user. */
  readonly password: string;
  /** Which users of the cluster are this station's: they have it as a tag. */
  readonly mark: string;
  readonly serverCaPem: string;
}

interface Node {
  readonly endpoint: BrokerEndpoint;
  readonly folder: CrlFolder;
}

/** RabbitMQ counts its connections every 5 s. */
const goneMs = 15_000;
const lookMs = 100;
/** What the station's own users have, on every station. */
const sharedTag = 'birthmark';

/**
 * A RabbitMQ cluster that an administrator runs. Revocation lists go into each node's hash directory, which is read at each handshake; users and their
 * permissions go through the management API, and live sessions are closed there. The canaries ask every node.
 */
export class RabbitmqHost extends HostBase {
  readonly #nodes: readonly Node[];
  readonly #api: RabbitmqApi;
  readonly #tag: string;
  /** Connections of users that were taken away, until `kick` has accounted for them: RabbitMQ may close them before it. */
  readonly #lastSeen = new Map<string, readonly string[]>();
  #last: Publication | null = null;
  /** Why somebody has no user, although all else is in force. */
  #problem: Failure | null = null;

  constructor(options: RabbitmqHostOptions) {
    super(options, { kind: 'rabbitmq', pauses: { first: 1_000, most: 60_000 } });
    const { cluster, password, serverCaPem } = options;
    this.#nodes = cluster.nodes.map(({ host, port, serverName, folder }) => ({
      endpoint: { host, port, serverName: serverName ?? host, serverCaPem, mqtt: '3.1.1' },
      folder: new CrlFolder(folder),
    }));
    this.#api = new RabbitmqApi({ port: cluster.managementPort, user: cluster.managementUser, password, vhost: cluster.vhost });
    this.#tag = `${sharedTag}-${options.mark}`;
  }

  get endpoint(): BrokerEndpoint {
    const [first] = this.#nodes;
    if (first === undefined) throw new Error('a cluster has a node');
    return first.endpoint;
  }

  /** Closes what these users have open on any node, and what opens late on a handshake from before, until nothing is left. TIMEOUT. */
  async kick(usernames: readonly string[]): Promise<readonly KickResult[]> {
    const started = performance.now();
    const wanted = new Set(usernames);
    const ended = new Map([...wanted].map((name) => [name, new Set(this.#lastSeen.get(name) ?? [])]));
    const live = await this.#caughtUp();
    await this.#until('ending live sessions', live, async (connections) => {
      const left = connections.filter(({ username }) => wanted.has(username));
      for (const { username, name } of left) {
        ended.get(username)?.add(name);
        await this.#api.close(name);
      }
      return left.length === 0;
    });
    for (const name of wanted) this.#lastSeen.delete(name);
    const ms = Math.round((performance.now() - started) * 10) / 10;
    return [...wanted].map((username) => ({ username, ended: ended.get(username)?.size ?? 0, ms }));
  }

  /** The connections with all that were open before this call: each node has counted again when a new one of ours is among them. */
  async #caughtUp(): Promise<readonly RabbitmqConnection[]> {
    const { observer } = this.identities;
    const fences = this.#nodes.map(({ endpoint }) => ({ endpoint, clientId: `birthmark-observer-${randomUUID()}` }));
    const open: Connection[] = [];
    try {
      for (const { endpoint, clientId } of fences) open.push(await connectAs(endpoint, observer, { clientId }));
      const all = await this.#api.connections();
      return await this.#until('a count of the connections', all, (connections) =>
        fences.every((fence) => connections.some(({ clientId }) => clientId === fence.clientId)),
      );
    } finally {
      for (const connection of open) await connection.close();
    }
  }

  /** Looks again and again until `isDone`; TIMEOUT. */
  async #until(
    what: string,
    first: readonly RabbitmqConnection[],
    isDone: (connections: readonly RabbitmqConnection[]) => boolean | Promise<boolean>,
  ): Promise<readonly RabbitmqConnection[]> {
    const deadline = performance.now() + goneMs;
    for (let connections = first; ; connections = await this.#api.connections()) {
      if (await isDone(connections)) return connections;
      if (performance.now() > deadline) throw new Failure('TIMEOUT', { what, ms: goneMs });
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  async inForce(): Promise<InForce | null> {
    const last = this.#last;
    const crls = [...(await this.#firstFolder().read()).entries()]
      .filter(([name]) => last === null || crlFiles(last).has(name))
      .map(([, pem]) => pem)
      .join('');
    if (crls === '') return null;
    const rights = await this.#api.rights();
    const ours = (await this.#api.users()).filter(({ tags }) => tags.includes(this.#tag));
    const able = ours.flatMap(({ name }) => {
      const one = rights.get(name);
      return one === undefined ? [] : [[name, one] as const];
    });
    return { crls, accessList: asAccessList(new Map(able)) };
  }

  protected prepare(): Promise<void> {
    return Promise.resolve();
  }

  protected end(): Promise<void> {
    return Promise.resolve();
  }

  protected async reach(): Promise<void> {
    if (!this.started) return;
    try {
      this.version = await this.#api.version();
      const { failure } = await this.ask();
      if (failure !== null && isInconclusive(failure)) return this.lost(failure);
      this.reached();
      this.#judge(failure);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.lost(error);
    }
  }

  protected async apply(publication: Publication): Promise<CanaryResult> {
    const files = crlFiles(publication);
    const before = await Promise.all(this.#nodes.map(({ folder }) => folder.read()));
    for (const there of before) {
      const ours = [...there].filter(([name]) => files.has(name)).map(([, pem]) => pem);
      checkPublication(publication, ours.length === 0 ? null : ours.join(''), this.clock.now());
      refuseNamesakes(publication, there, files);
    }
    this.version = await this.#api.version();
    // First the lists: who is taken away as a user must not find the door of another one open.
    for (const { folder } of this.#nodes) await folder.install(files);
    this.#problem = await this.#settleUsers(publication);
    const result = await this.ask();
    if (result.failure !== null) {
      if (!isInconclusive(result.failure)) await this.#takeBack(before, files);
      throw result.failure;
    }
    this.#last = publication;
    this.change('up', this.#problem);
    return result;
  }

  /** Users as they must be now; a user that somebody else made is never changed. Returns why somebody got none: that holds back nobody else. */
  async #settleUsers(publication: Publication): Promise<Failure | null> {
    const { clients, own, leftOut } = rabbitmqUsers(publication, this.identities);
    const users = new Map((await this.#api.users()).map((user) => [user.name, user]));
    const rights = await this.#api.rights();
    const taken = [...clients.keys()].filter((name) => isForeign(users.get(name), this.#tag));
    const ownTaken = [...own.keys()].filter((name) => isForeign(users.get(name), sharedTag));
    const [conflict] = [...ownTaken, ...taken];
    await this.#put(own, { except: ownTaken, users, rights, tag: sharedTag });
    await this.#put(clients, { except: taken, users, rights, tag: this.#tag });
    const gone = [...users.values()].filter(({ name, tags }) => tags.includes(this.#tag) && !clients.has(name)).map(({ name }) => name);
    if (gone.length > 0) {
      const live = await this.#api.connections();
      for (const user of gone)
        this.#lastSeen.set(
          user,
          live.filter(({ username }) => username === user).map(({ name }) => name),
        );
      await this.#api.deleteUsers(gone);
    }
    if (conflict !== undefined)
      return new Failure('BROKER_HOST_FAILED', { problem: `the user ${conflict} exists already and is not this station's` });
    return leftOut.length === 0 ? null : leftOutFailure(leftOut);
  }

  async #put(
    wanted: ReadonlyMap<string, UserRights>,
    there: {
      readonly except: readonly string[];
      readonly users: ReadonlyMap<string, RabbitmqUser>;
      readonly rights: ReadonlyMap<string, UserRights>;
      readonly tag: string;
    },
  ): Promise<void> {
    const changed = [...wanted].filter(
      ([name, one]) => !there.except.includes(name) && !(there.users.has(name) && isSame(one, there.rights.get(name))),
    );
    if (changed.length > 0) await this.#api.putUsers(new Map(changed), there.tag);
  }

  async #takeBack(before: readonly CrlFiles[], files: CrlFiles): Promise<void> {
    for (const [index, { folder }] of this.#nodes.entries()) await folder.restore(before[index] ?? new Map(), files);
  }

  /** Of the nodes' answers the first wrong one. */
  protected override async askOnce(): Promise<CanaryResult> {
    const answers = await Promise.all(this.#nodes.map(({ endpoint }) => askCanaries(endpoint, this.identities, this.clock, canaryMs)));
    const [first] = answers;
    if (first === undefined) throw new Error('a cluster has a node');
    const failures = answers.flatMap(({ failure }) => failure ?? []);
    // A wrong answer of one node counts more than no answer of another.
    const failure = failures.find((one) => !isInconclusive(one)) ?? failures[0] ?? null;
    return {
      at: first.at,
      revokedRefused: answers.every(({ revokedRefused }) => revokedRefused),
      goodAccepted: answers.every(({ goodAccepted }) => goodAccepted),
      failure,
    };
  }

  protected async watch(): Promise<void> {
    if (this.state !== 'up') return;
    const { failure } = await this.ask();
    if (failure === null || isInconclusive(failure) || this.#last === null) return this.#judge(failure);
    try {
      await this.apply(this.#last);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.change(this.state, error);
    }
  }

  /** Before the first publication it knows nobody, which is no failure: publishing mends it. */
  #judge(failure: Failure | null): void {
    if (failure !== null && isInconclusive(failure)) return this.lost(failure);
    this.change('up', this.#last === null ? null : (failure ?? this.#problem));
  }

  #firstFolder(): CrlFolder {
    const [first] = this.#nodes;
    if (first === undefined) throw new Error('a cluster has a node');
    return first.folder;
  }
}

const isForeign = (user: RabbitmqUser | undefined, tag: string): boolean => user !== undefined && !user.tags.includes(tag);

const isSame = (a: UserRights, b: UserRights | undefined): boolean =>
  b !== undefined &&
  a.configure === b.configure &&
  a.write === b.write &&
  a.read === b.read &&
  a.topicWrite === b.topicWrite &&
  a.topicRead === b.topicRead;
