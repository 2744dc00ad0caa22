import { exitCodes, toFailureData, type FailureData, type TokenDetails } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { table } from '../output.ts';

interface Found {
  readonly vendor: string;
  readonly path: string;
  readonly tokens: readonly TokenDetails[];
  readonly failure: FailureData | null;
}

export async function listTokens(context: CommandContext): Promise<number> {
  const named = context.module();
  const station = context.startAnywhere({ broker: false, line: 'off' });
  const modules =
    named === null
      ? (await station.call('tokens.modules', {})).map(({ vendor, path }) => ({ vendor, module: { path } }))
      : [{ vendor: '', module: named }];
  const found: Found[] = [];
  for (const { vendor, module } of modules) {
    const { path } = module;
    try {
      found.push({ vendor, path, tokens: await station.call('tokens.inspect', { module }), failure: null });
    } catch (thrown) {
      // One that was named must work; of those that happen to be here, one that does not is told beside the others.
      if (named !== null) throw thrown;
      found.push({ vendor, path, tokens: [], failure: toFailureData(thrown) });
    }
  }
  context.output.result({ modules: found }, () => found.map(moduleText).join('\n\n'));
  return exitCodes.OK;
}

function moduleText({ vendor, path, tokens: inside, failure }: Found): string {
  const head = vendor === '' ? path : `${path} (${vendor})`;
  if (failure !== null) return `${head}\n  ${failure.code}${failure.detail === undefined ? '' : ` · ${failure.detail}`}`;
  if (inside.length === 0) return `${head}\n  no token`;
  const rows = inside.map((token) => [
    token.label === '' ? '(no label)' : token.label,
    token.model,
    token.serial,
    token.firmware,
    token.initialised ? `PIN ${token.pinState}${token.pinPad ? ', PIN pad' : ''}` : 'not initialised',
    token.algorithms.join(' '),
  ]);
  return `${head}\n${table(['LABEL', 'MODEL', 'SERIAL', 'FIRMWARE', 'STATE', 'KEYS'], rows)}`;
}
