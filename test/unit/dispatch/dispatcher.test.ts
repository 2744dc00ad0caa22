import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { calls, roles, type Caller, type CallerRole, type CallName } from '../../../src-main/contract/index.ts';
import { createDispatcher, mayCall, type Handlers } from '../../../src-main/station/dispatch/index.ts';

const names = (Object.keys(calls) as CallName[]).filter((name) => calls[name].service === 'station');
const callers: readonly CallerRole[] = ['nobody', ...roles];
const serial = 'AB'.repeat(20);

/** One acceptable input for each call that needs more than none. */
const inputs: Partial<Record<CallName, unknown>> = {
  'bundles.make': { device: 'acme/x' },
  'bundles.offer': { device: 'acme/x' },
  'tokens.inspect': { module: { path: '/module.so' } },
  'tokens.rebind': { module: { path: '/module.so' }, label: 'HSM', reason: 'r' },
  'station.init': { name: 'Station', module: null, tokenLabel: 'Token', slots: [] },
  'ceremony.lint': { text: '{}' },
  'ceremony.start': { text: '{}' },
  'ceremony.confirm': { name: 'Ada', password: 'long enough' },
  'ceremony.import': { files: ['MAA='] },
  'ceremony.record': { id: '6f9619ff-8b86-4d01-b42d-00c04fc964ff' },
  'issuers.importCrl': { file: 'MAA=' },
  'operators.signIn': { name: 'Ada' },
  'http.listen': { name: 'lists', port: 0, serves: ['crl'] },
  'http.close': { name: 'lists' },
  'accessKeys.add': { name: 'line-2', role: 'technician' },
  'accessKeys.withdraw': { name: 'line-2' },
  'operators.add': { name: 'Kim', role: 'technician' },
  'sessions.request': { reason: 'test' },
  'orders.create': { id: 'O-1', tenant: 'acme', product: 'P', deviceProfile: 'd', certificateProfile: 'c', quantity: 1, idPrefix: '' },
  'profiles.lint': { text: '{}' },
  'profiles.add': { text: '{}' },
  'deviceProfiles.lint': { text: '{}' },
  'deviceProfiles.add': { text: '{}' },
  'orders.choose': { id: 'O-1' },
  'line.label': { slot: 1, device: null },
  'slots.bind': { slot: 1, position: '/dev/ttyS0' },
  'slots.unbind': { slot: 1 },
  'slots.extraPorts': { paths: null },
  'bench.broker': { up: true },
  'certificates.get': { serial },
  'devices.register': { device: 'acme/x' },
  'devices.registerMany': { csv: 'device', dryRun: true },
  'devices.describe': { device: 'acme/x', fields: {} },
  'devices.approve': { devices: ['acme/x'], reason: 'r' },
  'devices.refuse': { devices: ['acme/x'], reason: 'r' },
  'requests.create': { fingerprint: 'ab'.repeat(32), reason: 'superseded' },
  'requests.import': { text: '{}' },
  'requests.answer': { id: randomUUID(), accept: false },
  'requests.export': { id: randomUUID() },
  'rotation.begin': { device: 'acme/x', csr: Buffer.alloc(1) },
  'servers.issue': { csr: null, dns: ['a.example'] },
  'rotation.end': { serial },
  'verify.device': { device: 'acme/x' },
  'verify.why': { device: 'acme/x' },
  'broker.hostKey': { host: 'a', sshPort: 22 },
  'broker.use': { remote: null },
  'broker.useRabbitmq': { cluster: { nodes: [{ host: 'a', folder: '/crl' }] }, password: 'secret' },
  'logins.listen': { port: null },
  'logins.device': { device: 'acme/x', deviceProfile: 'simple' },
  'logins.service': { name: 'ingest', reads: [], writes: [], password: false },
  'logins.certificate': { name: 'ingest', csr: null },
  'logins.remove': { username: 'acme/x' },
  'logins.tenant': { tenant: 'acme', mode: 'both', reason: 'r' },
  'records.connect': { at: { host: 'a' } },
  'records.disconnect': { name: 'a' },
  'access.topicRule': { rule: 'tenant/{tenant}/{device}/#' },
  'crl.diff': { from: 1, to: 2 },
  'crl.read': { number: 1 },
  'crl.receive': { offset: 0, bytes: Buffer.alloc(1) },
  'crl.adopt': { note: 'r', dryRun: true },
  'crl.serve': { listen: null },
  'crl.change': { nextUpdateHours: 24 },
  'folder.confirm': { note: 'moved' },
  'backups.change': { keep: 7, folder: null, publicKey: null },
  'revocations.preview': { serial },
  'revocations.revoke': { selector: { serial }, reason: 'superseded' },
  'revocations.previewMany': { order: 'O-1' },
  'revocations.revokeMany': { selector: { order: 'O-1' }, digest: 'ab'.repeat(32), reason: 'superseded' },
  ...Object.fromEntries(
    ['line.retry', 'line.reject', 'line.cancel', 'line.reprovision', 'bench.plug', 'bench.unplug', 'verify.unit'].map((name) => [
      name,
      { slot: 1 },
    ]),
  ),
};

/** A dispatcher whose handlers only note that they were reached. */
const who = (role: CallerRole): Caller => ({ name: 'Ada', role, face: 'window', connection: 'c', credential: null });

function reaching(role: CallerRole): {
  dispatch: (name: string, input: unknown) => Promise<unknown>;
  reached: string[];
  refused: string[];
} {
  const reached: string[] = [];
  const handlers = Object.fromEntries(names.map((name) => [name, () => reached.push(name)])) as unknown as Handlers;
  const refused: string[] = [];
  const dispatch = createDispatcher(handlers, (caller, name) => void refused.push(`${caller.name} ${name}`));
  return { dispatch: (name, input) => dispatch(name, input, who(role)), reached, refused };
}

describe.each(callers)('%s', (caller) => {
  test.each(names)('%s is as the table says', async (name) => {
    const { dispatch, reached, refused } = reaching(caller);
    const outcome = await dispatch(name, inputs[name] ?? {}).catch((thrown: unknown) => thrown);
    const allowed = calls[name].roles.includes(caller);
    expect(mayCall(caller, name)).toBe(allowed);
    expect(reached).toEqual(allowed ? [name] : []);
    expect(refused).toEqual(allowed ? [] : [`Ada ${name}`]);
    const params = caller === 'nobody' ? { call: name } : { role: caller, call: name };
    const failure = { code: caller === 'nobody' ? 'SIGN_IN_FIRST' : 'NOT_ALLOWED', params };
    expect(allowed || outcome).toEqual(allowed || expect.objectContaining(failure));
  });
});

test('who may do what is what was decided: nobody signs, revokes or runs the line without a role', () => {
  const forNobody = names.filter((name) => mayCall('nobody', name));
  expect(forNobody.sort()).toEqual([
    // A new station has no operators yet; on one that is set up the station lets officers only (test/integration/ceremony).
    'ceremony.abandon',
    'ceremony.confirm',
    'ceremony.continue',
    'ceremony.current',
    'ceremony.import',
    'ceremony.lint',
    'ceremony.start',
    'operators.list',
    'operators.signIn',
    'station.init',
    'station.status',
    'station.tryOut',
    'tokens.inspect',
    'tokens.modules',
  ]);
  const officersOnly = names.filter((name) => mayCall('officer', name) && !mayCall('technician', name) && !mayCall('support', name));
  expect(officersOnly.sort()).toEqual([
    'access.topicRule',
    'accessKeys.add',
    'accessKeys.list',
    'accessKeys.withdraw',
    'backups.change',
    'backups.create',
    'broker.hostKey',
    'broker.keys',
    'broker.use',
    'broker.useRabbitmq',
    'bundles.make',
    'bundles.offer',
    'ceremony.record',
    'clock.confirm',
    'crl.adopt',
    'crl.change',
    'crl.publish',
    'crl.receive',
    'crl.serve',
    'deviceProfiles.add',
    'devices.approve',
    'devices.refuse',
    'folder.confirm',
    'http.close',
    'http.listen',
    'issuers.importCrl',
    'logins.certificate',
    'logins.device',
    'logins.listen',
    'logins.remove',
    'logins.service',
    'logins.tenant',
    'operators.add',
    'orders.create',
    'profiles.add',
    'records.certificate',
    'records.connect',
    'records.disconnect',
    'records.register',
    'requests.answer',
    'requests.create',
    'requests.export',
    'requests.import',
    'revocations.preview',
    'revocations.previewMany',
    'revocations.revoke',
    'revocations.revokeMany',
    'rotation.begin',
    'rotation.end',
    'servers.issue',
    'sessions.close',
    'sessions.request',
    'slots.bind',
    'slots.extraPorts',
    'slots.unbind',
    'tokens.rebind',
  ]);
  const supportMayChange = names.filter(
    (name) =>
      mayCall('support', name) &&
      /^(line\.(?!slots)|operators\.a|orders\.c[rh]|bench\.(?!units)|revocations\.r|sessions\.(?!current)|crl\.p)/u.test(name),
  );
  expect(supportMayChange).toEqual([]);
});

test.each(['no.such', 'constructor', '__proto__', 'toString', '', 'pin.enter', 'session.request', 'sign.certificate'])(
  '“%s” is not a call of the station',
  async (name) => {
    const { dispatch, reached } = reaching('officer');
    await expect(dispatch(name, {})).rejects.toMatchObject({ code: 'INVALID_INPUT', params: { field: 'call' } });
    expect(reached).toEqual([]);
  },
);

const order = inputs['orders.create'] as object;
test.each<[CallName, unknown, string]>([
  ['line.retry', {}, 'slot'],
  ['line.retry', { slot: 0 }, 'slot'],
  ['line.retry', { slot: 17 }, 'slot'],
  ['line.retry', { slot: 1.5 }, 'slot'],
  ['line.retry', { slot: '1' }, 'slot'],
  ['line.retry', null, 'line.retry'],
  ['line.retry', { slot: 1, more: true }, 'line.retry'],
  ['sessions.request', { reason: '' }, 'reason'],
  ['sessions.request', { reason: 'x', quota: 0 }, 'quota'],
  ['sessions.request', { reason: 'x', minutes: 1e9 }, 'minutes'],
  ['sessions.request', { reason: 'x', kind: 'ceremony' }, 'kind'],
  ['certificates.list', { limit: 501 }, 'limit'],
  ['certificates.list', { cursor: 7 }, 'cursor'],
  ['certificates.list', { search: 'x'.repeat(101) }, 'search'],
  ['certificates.get', { serial: "AB' OR 1=1" }, 'serial'],
  ['revocations.revoke', { selector: {}, reason: 'superseded' }, 'selector'],
  ['revocations.revoke', { selector: { serial, device: 'acme/x' }, reason: 'superseded' }, 'selector'],
  ['revocations.revoke', { selector: { serial }, reason: 'removeFromCRL' }, 'reason'],
  ['revocations.preview', { device: 'acme' }, 'device'],
  ...['a/b', 'a+b', 'a#b', 'a\nb', 'a\r', '', '.', '..', 'ä', 'a b', 'a\u0000', 'x'.repeat(65)].map(
    (tenant): [CallName, unknown, string] => ['orders.create', { ...order, tenant }, 'tenant'],
  ),
  ...['a/', '+', '#', 'x\n', 'x'.repeat(41)].map((idPrefix): [CallName, unknown, string] => [
    'orders.create',
    { ...order, idPrefix },
    'idPrefix',
  ]),
  ...['', 'a/b', 'a\n'].map((id): [CallName, unknown, string] => ['orders.create', { ...order, id }, 'id']),
])('%s refuses %j by the name of the field', async (name, input, field) => {
  const { dispatch, reached } = reaching('officer');
  await expect(dispatch(name, input)).rejects.toMatchObject({ code: 'INVALID_INPUT', params: { field } });
  expect(reached).toEqual([]);
});

test('an answer that is not what the table promises does not leave the station', async () => {
  const handlers = { 'sessions.current': () => ({ pin: '1234' }) } as unknown as Handlers;
  await expect(createDispatcher(handlers, () => undefined)('sessions.current', {}, who('officer'))).rejects.toThrow();
});
