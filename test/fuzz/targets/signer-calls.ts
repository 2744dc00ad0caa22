import { catalogue, Failure, signerCalls } from '../../../src-main/contract/index.ts';
import { spkiOf } from '../../../src-main/der/index.ts';
import { issueTerms, makeHierarchy, SignerBench, testPin, type Hierarchy } from '../../support/signer.ts';
import { device, leafTbs } from '../keys.ts';
import { fromBytes, mutateMessage, withBytes, type Json } from '../mutate/json.ts';
import { Broken, type FuzzTarget } from '../target.ts';
import { crlTbs } from './tbs-crl.ts';

interface Running {
  readonly bench: SignerBench;
  readonly made: Hierarchy;
  readonly seeds: readonly Uint8Array[];
  readonly terms: unknown;
}
let running: Promise<Running> | null = null;

const message = (call: string, input: unknown): Buffer => Buffer.from(JSON.stringify({ call, input: fromBytes(input) }));
const someId = '0196d4ee-1111-4111-8111-111111111111';

/** A signer with a session open on a token in software, and a right message for each of its calls. */
async function start(): Promise<Running> {
  const bench = new SignerBench();
  await bench.start();
  const token = await bench.makeToken();
  const made = await makeHierarchy(bench, token);
  const terms = issueTerms(bench, token, made.issuer, 'device', { quota: 100_000 });
  const { key } = made.issuer.proof;
  const seeds = [
    message('token.list', {}),
    message('token.state', {}),
    message('token.requestInit', { label: 'New' }),
    message('session.request', terms),
    message('session.current', {}),
    message('pin.enter', { requestId: someId, pin: Buffer.from(testPin) }),
    message('pin.onDevice', { requestId: someId }),
    message('pin.cancel', { requestId: someId }),
    message('key.generate', { ckaId: '77', label: 'x', algorithm: 'ec-p256' }),
    message('sign.certificate', { key, profile: 'device', tbs: leafTbs(spkiOf(device.publicKey)) }),
    message('sign.crl.begin', { key }),
    message('sign.crl.append', { streamId: someId, chunk: crlTbs(7, 3) }),
    message('sign.crl.finish', { streamId: someId }),
    message('session.close', { why: 'enough' }),
  ];
  return { bench, made, seeds, terms };
}

/** Putting another module to use is a way to load any library: that is for an officer to decide, and nothing to do at random. */
const leftOut = new Set(['module.use', 'token.inspect']);

/** Messages to the signer, right ones and others. It answers each by a value that its table describes or by a failure of the catalogue, and goes on. */
export const signerMessages: FuzzTarget = {
  name: 'signer-calls',
  rounds: 200,
  seeds: async () => (await (running ??= start())).seeds,
  mutate: mutateMessage,
  feed: async (input) => {
    const { bench, terms } = await (running ??= start());
    const read = JSON.parse(Buffer.from(input).toString('utf8')) as { call?: Json; input?: Json } | null;
    const call = typeof read?.call === 'string' ? read.call : 'none';
    if (leftOut.has(call)) return 'left out';
    if ((await bench.client('session.current', {})) === null) await bench.openSession(terms as Parameters<SignerBench['openSession']>[0]);
    try {
      const value = await bench.service.handle(call, withBytes(read?.input ?? null));
      const table = (signerCalls as Readonly<Record<string, { output: { safeParse(value: unknown): { success: boolean } } } | undefined>>)[
        call
      ];
      if (table?.output.safeParse(value).success === false) throw new Broken(`an answer to ${call} that the table does not have`);
      return `${call} answered`;
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      if (!(thrown.code in catalogue)) throw new Broken(`a code that is not in the catalogue: ${String(thrown.code)}`);
      return `${call} ${thrown.code} ${String(thrown.params['rule'] ?? thrown.params['problem'] ?? '')}`;
    }
  },
  close: async () => {
    await (await running)?.bench.stop();
    running = null;
  },
};
