import { AuthorityAlgorithm, exitCodes, limits } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { keepCredential } from '../credential.ts';
import { readSecret } from '../pin.ts';
import type { StationProcess } from '../station-process.ts';
import { slotPlace } from './slots.ts';

export async function init(context: CommandContext): Promise<number> {
  const station = context.startNew({ broker: true, line: 'off' });
  let refused: unknown;
  const off = station.on('pin.wanted', (request) => {
    void context.answerPin(station, request, false).catch((thrown: unknown) => {
      // A wrong PIN is not tried twice; stopping the station ends the set-up that waits for it.
      refused = thrown;
      return station.stop();
    });
  });
  station.on('setup.progress', (progress) =>
    context.output.progress(`${String(progress.done)}/${String(progress.total)} ${progress.step}`),
  );
  const module = context.module();
  const crlBase = context.values.text('crl-url');
  const officer = context.values.text('officer') ?? 'officer';
  const file = context.values.text('password-file');
  const password = file === undefined ? null : await readSecret({ file, option: '--password-file', tryOut: false }, 'Password');
  try {
    const status = await station.call('station.init', {
      name: context.values.text('name') ?? 'Station',
      module,
      tokenLabel: context.values.text('token') ?? 'Birthmark',
      slots: context.values.list('slot').map((text) => slotPlace(text, '--slot')),
      brokerPort: context.values.number('broker-port', { min: 0, max: 65535, fallback: 0 }),
      ...(crlBase === undefined ? {} : { crlBase }),
      partitions: context.values.number('crl-partitions', { ...limits.crlPartitions, fallback: limits.crlPartitions.default }),
      keys: { root: keyKind(context, 'root-key'), issuing: keyKind(context, 'issuing-key'), server: keyKind(context, 'server-key') },
      officer,
      password,
    });
    await signInFirst(context, station, officer, password);
    context.output.result(
      status,
      () => `The station “${status.name}” is set up. Open a signing session in the app, or run: birthmark provision`,
    );
    return exitCodes.OK;
  } catch (thrown) {
    throw refused ?? thrown;
  } finally {
    off();
  }
}

/** Whoever sets a station up is its first officer, here as well. */
async function signInFirst(context: CommandContext, station: StationProcess, name: string, password: string | null): Promise<void> {
  const { credential } = await station.call('operators.signIn', { name, password: password ?? '' });
  if (credential !== null) keepCredential(context.dataFolder(), credential);
}

function keyKind(context: CommandContext, name: string): AuthorityAlgorithm {
  const text = context.values.text(name) ?? context.values.text('key');
  return AuthorityAlgorithm.options.find((kind) => kind === text) ?? 'ec-p256';
}
