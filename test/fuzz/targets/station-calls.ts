import { calls, catalogue, Failure, type Caller, type CallName } from '../../../src-main/contract/index.ts';
import { createDispatcher, type Handlers } from '../../../src-main/station/dispatch/index.ts';
import { mutateMessage, withBytes, type Json } from '../mutate/json.ts';
import { Broken, type FuzzTarget } from '../target.ts';

const reached = new Failure('NOT_SET_UP');
/** Every handler says that it was reached: what is tried is the way to it, past roles and schemas. */
const handlers = new Proxy({}, { get: () => () => Promise.reject(reached) }) as Handlers;
const dispatch = createDispatcher(handlers, () => undefined);
const officer: Caller = { name: 'Ada', role: 'officer', face: 'window', connection: 'c', credential: null };

/** Parts of many right inputs; the mutation puts them into each other's places. */
const parts: Json = {
  requestId: '0196d4ee-1111-4111-8111-111111111111',
  kind: 'crl-only',
  minutes: 60,
  reason: 'keyCompromise',
  device: 'acme/T2-1',
  serial: '4FA1B2C3',
  fingerprint: 'ab'.repeat(32),
  csr: { $bytes: '3000' },
  limit: 10,
  cursor: null,
  name: 'Olga',
  password: 'secret',
  module: { path: '/usr/lib/softhsm/libsofthsm2.so', env: {} },
  text: '{"name": "x"}',
  hosts: ['broker.example'],
  order: 'o-1',
  selector: { csv: 'device\nacme/T2-1\n' },
};

/** Messages to the station, for each of its calls: refused as INVALID_INPUT, or handed on. */
export const stationMessages: FuzzTarget = {
  name: 'station-calls',
  seeds: () =>
    (Object.keys(calls) as CallName[])
      .filter((call) => calls[call].service === 'station')
      .flatMap((call) => [{}, parts].map((input) => Buffer.from(JSON.stringify({ call, input })))),
  mutate: mutateMessage,
  feed: async (input) => {
    const read = JSON.parse(Buffer.from(input).toString('utf8')) as { call?: Json; input?: Json } | null;
    const call = typeof read?.call === 'string' ? read.call : 'none';
    try {
      await dispatch(call, withBytes(read?.input ?? null), officer);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      if (!(thrown.code in catalogue)) throw new Broken(`a code that is not in the catalogue: ${String(thrown.code)}`);
      return thrown === reached ? `${call} reached` : `${call} ${thrown.code} ${String(thrown.params['problem'] ?? '')}`;
    }
    throw new Broken(`${call} answered without its handler`);
  },
};
