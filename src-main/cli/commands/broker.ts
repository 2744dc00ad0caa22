import { exitCodes, Failure } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { table } from '../output.ts';
import { readSecret } from '../pin.ts';

export async function showBroker(context: CommandContext): Promise<number> {
  const view = await context.start({ broker: true, line: 'off' }).call('broker.status', {});
  context.output.result({ broker: view }, () =>
    view === null
      ? 'none'
      : table(
          ['HOST', 'KIND', 'STATE', 'SINCE', 'PROBLEM'],
          [[`${view.host}:${String(view.port)}`, view.kind, view.state, view.since, view.failure?.code ?? 'none']],
        ),
  );
  return (view?.failure ?? null) === null ? exitCodes.OK : exitCodes.BROKER;
}

export async function printKeys(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  const keys = await station.call('broker.keys', {});
  context.output.result(keys, () => `${keys.files}\n${keys.command}`);
  return exitCodes.OK;
}

const port = ({ values }: CommandContext, name: string, fallback: number): number => values.number(name, { min: 1, max: 65_535, fallback });

/** A host key is compared by people, never taken in silence. */
export async function useRemote(context: CommandContext): Promise<number> {
  const { values } = context;
  const host = values.word;
  const sshPort = port(context, 'ssh-port', 22);
  const station = context.start({ broker: false, line: 'off' });
  const { hostKey: found } = await station.call('broker.hostKey', { host, sshPort });
  const hostKey = values.text('host-key');
  if (hostKey === undefined) throw new Failure('HOST_KEY_UNKNOWN', { host, found });
  if (hostKey !== found) throw new Failure('HOST_KEY_CHANGED', { host, expected: hostKey, found });
  const [filesUser, commandUser] = [values.text('files-user'), values.text('command-user')];
  const remote = {
    host,
    sshPort,
    hostKey,
    port: port(context, 'port', 8883),
    serverName: values.text('server-name') ?? null,
    ...(filesUser === undefined ? {} : { filesUser }),
    ...(commandUser === undefined ? {} : { commandUser }),
  };
  await station.call('broker.use', { remote });
  context.output.result({ remote }, () => `From now on: ${host}. “birthmark broker show” says whether it is reached.`);
  return exitCodes.OK;
}

export async function useLocal(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  await station.call('broker.use', { remote: null });
  context.output.result({ remote: null }, () => 'From now on: the broker of this station.');
  return exitCodes.OK;
}

export async function useRabbitmq(context: CommandContext): Promise<number> {
  const { values } = context;
  const serverName = values.text('server-name') ?? null;
  const nodes = values.words.map((node) => {
    const [, host, mqttPort = '8883', folder] = /^([^=]+?)(?::(\d{1,5}))?=(\/.*)$/u.exec(node) ?? [];
    if (host === undefined || folder === undefined)
      throw new Failure('INVALID_INPUT', { field: 'HOST[:PORT]=FOLDER', problem: `“${node}” is not one` });
    return { host, port: Number(mqttPort), serverName, folder };
  });
  const question = 'Password of the management API’s user';
  const password = await readSecret({ file: values.text('password-file'), option: '--password-file', tryOut: false }, question);
  const [managementUser, vhost] = [values.text('management-user'), values.text('vhost')];
  const cluster = {
    nodes,
    managementPort: port(context, 'management-port', 15_672),
    ...(managementUser === undefined ? {} : { managementUser }),
    ...(vhost === undefined ? {} : { vhost }),
  };
  const station = context.start({ broker: false, line: 'off' });
  await station.call('broker.useRabbitmq', { cluster, password });
  context.output.result(
    { cluster },
    () => `From now on: RabbitMQ on ${nodes.map(({ host }) => host).join(', ')}. “birthmark broker show” says whether it is reached.`,
  );
  return exitCodes.OK;
}
