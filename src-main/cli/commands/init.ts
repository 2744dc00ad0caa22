import { AuthorityAlgorithm, exitCodes, Failure, limits } from '../../contract/index.ts';
import { moduleOptions, type Command, type CommandContext } from '../command.ts';
import { readSecret } from '../pin.ts';
import { slotPlace } from './slots.ts';

export const init: Command = {
  name: 'init',
  summary: 'set up a station: keys and CA on a token, operators, slots, local broker host',
  options: {
    name: { argument: 'NAME', help: 'the station’s name, e.g. "Line 2" (default: Station)' },
    ...moduleOptions,
    module: { argument: 'PATH', help: 'PKCS#11 module of the HSM; without it a software token is made, for trying out' },
    token: { argument: 'LABEL', help: 'label of the token, or its serial number (default: Birthmark)' },
    key: { argument: 'KIND', help: `kind of key of each CA: ${AuthorityAlgorithm.options.join(', ')} (default: ec-p256)` },
    'root-key': { argument: 'KIND', help: 'kind of key of the root, if another' },
    'issuing-key': { argument: 'KIND', help: 'kind of key of the issuer of device certificates, if another' },
    'server-key': { argument: 'KIND', help: 'kind of key of the issuer of brokers’ certificates, if another' },
    slot: { argument: 'N=PATH', multiple: true, help: 'serial port of a slot, e.g. 1=/dev/serial/by-path/…' },
    'crl-url': {
      argument: 'URL',
      help: 'where CRLs can be fetched; stands in every certificate and cannot be changed later (default: a placeholder, brokers get the file)',
    },
    'crl-partitions': {
      argument: 'N',
      help: `lists that the revocations of the device CA are spread over, 1 to ${String(limits.crlPartitions.max)}; as fixed as the URL (default 1)`,
    },
    'broker-port': { argument: 'PORT', help: 'TLS port of the local broker (default: a free one)' },
    officer: { argument: 'NAME', help: 'name of the first officer (default: officer)' },
    'password-file': { argument: 'FILE', help: 'file with the officer’s password; without it nobody is asked for one' },
  },
  async run(context) {
    if (context.text('pin-file') === '-' && context.text('password-file') === '-')
      throw new Failure('INVALID_INPUT', { field: '--password-file', problem: 'standard input is read for the PIN already' });
    const station = context.startNew({ broker: true, line: 'off' });
    let refused: unknown;
    const off = station.on('pin.wanted', (request) => {
      void context.answerPin(station, request, false).catch((thrown: unknown) => {
        // A wrong PIN is not tried twice; stopping the station ends the set-up that waits for it.
        refused = thrown;
        return station.stop();
      });
    });
    station.on('setup.progress', (progress) => context.output.note(`${String(progress.done)}/${String(progress.total)} ${progress.step}`));
    const module = context.module();
    const crlBase = context.text('crl-url');
    const passwordFile = context.text('password-file');
    try {
      const status = await station.call('station.init', {
        name: context.text('name') ?? 'Station',
        module,
        tokenLabel: context.text('token') ?? 'Birthmark',
        slots: context.list('slot').map((text) => slotPlace(text, '--slot')),
        brokerPort: context.number('broker-port', { min: 0, max: 65535, fallback: 0 }),
        ...(crlBase === undefined ? {} : { crlBase }),
        partitions: context.number('crl-partitions', { ...limits.crlPartitions, fallback: limits.crlPartitions.default }),
        keys: { root: keyKind(context, 'root-key'), issuing: keyKind(context, 'issuing-key'), server: keyKind(context, 'server-key') },
        officer: context.text('officer') ?? 'officer',
        password:
          passwordFile === undefined
            ? null
            : await readSecret({ file: passwordFile, option: '--password-file', tryOut: false }, 'Password'),
      });
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
  },
};

function keyKind(context: CommandContext, name: string): AuthorityAlgorithm {
  const option = context.text(name) === undefined ? 'key' : name;
  const parsed = AuthorityAlgorithm.default('ec-p256').safeParse(context.text(option));
  if (parsed.success) return parsed.data;
  throw new Failure('INVALID_INPUT', { field: `--${option}`, problem: `must be one of ${AuthorityAlgorithm.options.join(', ')}` });
}
