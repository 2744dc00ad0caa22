import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tryOutPin, type CallInput, type CallName } from '../../../src-main/contract/index.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { answersPin, ceremonyFile } from '../../support/ceremony.ts';
import { TestStation } from '../../support/station.ts';

// A station that is at work, with people who sign in, as behind the window.
const text = ceremonyFile({ token: { label: 'HSM' }, officers: 2, authorities: [{ role: 'issuing', commonName: 'Device CA 2' }] });
const passwords = { Ada: 'correct horse', Ben: 'battery staple', Kim: 'technician 1' } as const;
type Name = keyof typeof passwords;
let station: TestStation;

beforeAll(async () => {
  station = new TestStation({ face: 'window', line: 'watch' });
  answersPin(station, tryOutPin);
  const init = { name: 'Line 1', module: null, tokenLabel: 'HSM', slots: [], officer: 'Ada', password: passwords.Ada };
  await station.call('station.init', init);
  await signIn('Ada');
  await station.call('operators.add', { name: 'Ben', role: 'officer', password: passwords.Ben });
  await station.call('operators.add', { name: 'Kim', role: 'technician', password: passwords.Kim });
  await station.openSession();
});
afterAll(() => station.dispose());

const signIn = (name: Name) => station.call('operators.signIn', { name, password: passwords[name] });
const confirm = (name: string, password: string) => station.call('ceremony.confirm', { name, password });
const refusals = async (): Promise<Record<string, string>> => {
  const asked: [CallName, unknown][] = [
    ['ceremony.start', { text }],
    ['ceremony.continue', {}],
    ['ceremony.confirm', { name: 'Ada', password: passwords.Ada }],
    ['ceremony.import', { files: ['AAAA'] }],
    ['ceremony.abandon', {}],
  ];
  const found: Record<string, string> = {};
  for (const [name, input] of asked)
    found[name] = await station.call(name, input as CallInput<typeof name>).then(
      () => 'answered',
      (thrown: unknown) => String((thrown as { code?: string }).code),
    );
  return found;
};
const notAllowed = Object.fromEntries(
  ['start', 'continue', 'confirm', 'import', 'abandon'].map((one) => [`ceremony.${one}`, 'NOT_ALLOWED']),
);

test('on a station that is at work, who is no officer may do nothing in a ceremony, whatever passwords they know', async () => {
  await signIn('Kim');
  expect(await refusals()).toEqual(notAllowed);
  await signIn('Ada');
  await station.call('ceremony.start', { text });
  await station.call('operators.signOut', {});
  expect(await refusals()).toEqual(notAllowed);
  await signIn('Kim');
  expect(await refusals()).toEqual(notAllowed);
  expect(await station.call('ceremony.current', {})).toMatchObject({ state: 'open', waits: 'pin', officers: { confirmed: [] } });
});

test('two officers confirm it at the same place, each by their own password; while a signing session is open no key is made', async () => {
  await signIn('Ada');
  await expect(station.call('ceremony.continue', {})).rejects.toMatchObject({ code: 'SESSION_OPEN' });
  await station.call('sessions.close', {});
  expect(await station.call('ceremony.continue', {})).toMatchObject({ waits: 'officers' });
  // The line goes on while the ceremony waits for the second officer.
  await station.openSession();
  await expect(confirm('Kim', passwords.Kim)).rejects.toMatchObject({ code: 'CEREMONY_CONFIRM' });
  await expect(confirm('Ben', passwords.Ada)).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' });
  await confirm('Ada', passwords.Ada);
  await expect(confirm('Ada', passwords.Ada)).rejects.toMatchObject({ code: 'CEREMONY_CONFIRM' });
  expect(await station.call('ceremony.continue', {})).toMatchObject({ waits: 'officers' });
  await confirm('Ben', passwords.Ben);
  await expect(station.call('ceremony.continue', {})).rejects.toMatchObject({ code: 'SESSION_OPEN' });
  expect((await station.call('issuers.list', {})).issuers.filter(({ kind }) => kind === 'issuing')).toHaveLength(1);

  // The command line does not get in between: the folder is the running station's.
  writeFileSync(join(station.dataDir, 'ceremony.json'), text);
  const other = await birthmark(['ceremony', 'start', join(station.dataDir, 'ceremony.json'), '--json', '--data', station.dataDir]);
  expect([other.code, jsonOf(other)]).toEqual([
    expect.any(Number) as number,
    expect.objectContaining({ error: expect.objectContaining({ code: 'DATA_IN_USE' }) as unknown }),
  ]);

  await station.call('sessions.close', {});
  const done = await station.call('ceremony.continue', {});
  expect(done).toMatchObject({ state: 'done', officers: { needed: 2, confirmed: [{ name: 'Ada' }, { name: 'Ben' }] } });
  const { issuers } = await station.call('issuers.list', {});
  expect(issuers.filter(({ kind }) => kind === 'issuing').map(({ state, subject }) => [state, subject])).toEqual(
    expect.arrayContaining([
      ['active', 'Device CA 2'],
      ['retiring', expect.any(String)],
    ]) as unknown,
  );
  await station.openSession();
  expect(await station.problems()).toEqual([]);
});
