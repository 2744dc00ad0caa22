import { exitCodes, Failure } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { table } from '../output.ts';
import { readSecret } from '../pin.ts';

export const broker: Command = {
  name: 'broker',
  summary: 'the broker host: which one, its state, and how this station reaches it',
  options: {
    keys: { help: 'print the two SSH keys of this station, for install.sh on the broker host' },
    remote: { argument: 'HOST', help: 'use this broker host from now on' },
    port: { argument: 'N', help: 'with --remote: its port for MQTT over TLS (default 8883)' },
    'server-name': { argument: 'NAME', help: 'with --remote or --rabbitmq: the name its server certificate is for (default: HOST)' },
    'ssh-port': { argument: 'N', help: 'with --remote: its port for SSH (default 22)' },
    'host-key': { argument: 'SHA256:…', help: 'with --remote: its host key, as “ssh-keygen -l” prints it' },
    'files-user': { argument: 'NAME', help: 'with --remote: who takes the files (default birthmark-files)' },
    'command-user': { argument: 'NAME', help: 'with --remote: who runs the command (default birthmark-command)' },
    rabbitmq: {
      argument: 'HOST[:PORT]=FOLDER[,…]',
      help: 'use this RabbitMQ cluster from now on: each node with its CRL hash directory (docs/rabbitmq.md)',
    },
    'management-port': { argument: 'N', help: 'with --rabbitmq: where its management API answers on 127.0.0.1 (default 15672)' },
    'management-user': { argument: 'NAME', help: 'with --rabbitmq: the user of the management API (default birthmark)' },
    'password-file': {
      argument: 'FILE',
      help: 'with --rabbitmq: the password of that user; - is standard input (default: it is asked for)',
    },
    vhost: { argument: 'NAME', help: 'with --rabbitmq: the virtual host of MQTT (default /)' },
    local: { help: 'use the broker that the station runs itself from now on' },
  },
  async run(context) {
    if (context.flag('keys')) return printKeys(context);
    const remote = context.text('remote');
    if (remote !== undefined) return useRemote(context, remote);
    const rabbitmq = context.text('rabbitmq');
    if (rabbitmq !== undefined) return useRabbitmq(context, rabbitmq);
    if (context.flag('local')) return useLocal(context);
    const station = context.start({ broker: true, line: 'off' });
    const view = await station.call('broker.status', {});
    context.output.result(view, () =>
      view === null
        ? 'none'
        : table(
            ['HOST', 'KIND', 'STATE', 'SINCE', 'PROBLEM'],
            [[`${view.host}:${String(view.port)}`, view.kind, view.state, view.since, view.failure?.code ?? 'none']],
          ),
    );
    return (view?.failure ?? null) === null ? exitCodes.OK : exitCodes.BROKER;
  },
};

async function printKeys(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  const keys = await station.call('broker.keys', {});
  context.output.result(keys, () => `${keys.files}\n${keys.command}`);
  return exitCodes.OK;
}

/** A host key is compared by people, never taken in silence. */
async function useRemote(context: CommandContext, host: string): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  const sshPort = context.number('ssh-port', { min: 1, max: 65_535, fallback: 22 });
  const { hostKey: found } = await station.call('broker.hostKey', { host, sshPort });
  const hostKey = context.text('host-key');
  if (hostKey === undefined) throw new Failure('HOST_KEY_UNKNOWN', { host, found });
  if (hostKey !== found) throw new Failure('HOST_KEY_CHANGED', { host, expected: hostKey, found });
  const [filesUser, commandUser] = [context.text('files-user'), context.text('command-user')];
  const remote = {
    host,
    sshPort,
    hostKey,
    port: context.number('port', { min: 1, max: 65_535, fallback: 8883 }),
    serverName: context.text('server-name') ?? null,
    ...(filesUser === undefined ? {} : { filesUser }),
    ...(commandUser === undefined ? {} : { commandUser }),
  };
  await station.call('broker.use', { remote });
  context.output.result({ remote }, () => `From now on: ${host}. “birthmark broker” says whether it is reached.`);
  return exitCodes.OK;
}

async function useLocal(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  await station.call('broker.use', { remote: null });
  context.output.result({ remote: null }, () => 'From now on: the broker of this station.');
  return exitCodes.OK;
}

async function useRabbitmq(context: CommandContext, text: string): Promise<number> {
  const serverName = context.text('server-name') ?? null;
  const nodes = text.split(',').map((node) => {
    const [, host, port = '8883', folder] = /^([^=]+?)(?::(\d{1,5}))?=(\/.*)$/u.exec(node) ?? [];
    if (host === undefined || folder === undefined)
      throw new Failure('INVALID_INPUT', {
        field: '--rabbitmq',
        problem: `must be HOST[:PORT]=FOLDER, several with a comma between them; “${node}” is not`,
      });
    return { host, port: Number(port), serverName, folder };
  });
  const question = 'Password of the management API’s user';
  const password = await readSecret({ file: context.text('password-file'), option: '--password-file', tryOut: false }, question);
  const [managementUser, vhost] = [context.text('management-user'), context.text('vhost')];
  const cluster = {
    nodes,
    managementPort: context.number('management-port', { min: 1, max: 65_535, fallback: 15_672 }),
    ...(managementUser === undefined ? {} : { managementUser }),
    ...(vhost === undefined ? {} : { vhost }),
  };
  const station = context.start({ broker: false, line: 'off' });
  await station.call('broker.useRabbitmq', { cluster, password });
  context.output.result(
    { cluster },
    () => `From now on: RabbitMQ on ${nodes.map(({ host }) => host).join(', ')}. “birthmark broker” says whether it is reached.`,
  );
  return exitCodes.OK;
}
