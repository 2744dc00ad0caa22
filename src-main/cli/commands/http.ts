import { exitCodes, explain, HttpServes, parseInput, type HttpListenerView } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { printRows, type Column } from '../rows.ts';
import { address } from '../values.ts';

const columns: readonly Column<HttpListenerView>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'ADDRESS', of: addressOf },
  { title: 'SERVES', of: ({ serves }) => serves.join(', ') },
  { title: 'STATE', of: ({ up, failure }) => (up ? 'up' : (failure?.code ?? 'not up')) },
];

export async function listListeners(context: CommandContext): Promise<number> {
  await printRows(context, columns, await context.start({ broker: true, line: 'off' }).call('http.listeners', {}));
  return exitCodes.OK;
}

export async function listen(context: CommandContext): Promise<number> {
  const { values } = context;
  const view = await context.start({ broker: true, line: 'off' }).call('http.listen', {
    name: values.word,
    ...address('--listen', values.needed('listen')),
    tls: !values.flag('plain'),
    names: [...values.list('host')],
    serves: values.list('serve').map((one) => parseInput(HttpServes, one, '--serve')),
  });
  context.output.result(view, () => described(view));
  return view.up ? exitCodes.OK : exitCodes.PENDING;
}

export async function closeListener(context: CommandContext): Promise<number> {
  const name = context.values.word;
  await context.start({ broker: true, line: 'off' }).call('http.close', { name });
  context.output.result({ name }, () => `Nothing is served as ${name} any more.`);
  return exitCodes.OK;
}

function addressOf({ host, port, tls }: HttpListenerView): string {
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

function described(view: HttpListenerView): string {
  const where = `${view.name} serves ${view.serves.join(', ')} at ${addressOf(view)}`;
  if (view.failure === null) return `${where}.`;
  const { what, steps } = explain(view.failure.code, view.failure.params);
  return [`PENDING: ${where} later.`, what, ...steps].join('\n');
}
