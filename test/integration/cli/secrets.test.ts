import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Agent } from '../../support/agent.ts';
import { birthmark } from '../../support/birthmark.ts';
import { filesOf, whereIs } from '../../support/secret-search.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-secrets-'));
const data = join(dir, 'station');
const [pin, wrong, password] = ['Zq7%Kw-right-pin', 'Zq7%Kw-wrong-pin', 'Zq7%Kw-password'];
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('no PIN, password or private key is in what a station writes or says, also when every command fails in turn', async () => {
  for (const [name, text] of Object.entries({ pin, wrong, password })) writeFileSync(join(dir, name), text, { mode: 0o600 });
  const agent = await new Agent().start();
  const said: string[] = [];
  const run = async (code: number, ...args: string[]): Promise<void> => {
    const result = await birthmark([...args, '--data', data]);
    expect({ args, code: result.code }, result.stderr).toEqual({ args, code });
    said.push(result.stdout, result.stderr);
  };
  try {
    const [right, not] = [
      ['--pin-file', join(dir, 'pin')],
      ['--pin-file', join(dir, 'wrong')],
    ];
    const order = ['--order', 'WO-1', '--tenant', 'acme', '--timeout', '20'];
    await run(0, 'init', '--slot', `1=${agent.path}`, '--password-file', join(dir, 'password'), ...right);
    await run(3, 'init', ...not);
    await run(4, 'provision', ...order, ...not, '--json');
    await run(0, 'provision', ...order, ...right);
    await run(4, 'certificates', 'revoke', '--device', 'acme/WO-1-000001', ...not);
    await run(0, 'certificates', 'revoke', '--device', 'acme/WO-1-000001', ...right, '--json');
    await run(4, 'crl', 'publish', ...not);
    await run(2, 'crl', 'publish', '--pin-file', join(dir, 'none'));
    await run(0, 'doctor');
  } finally {
    await agent.dispose();
  }
  const places = filesOf(data);
  places.set('what the commands said', Buffer.from(said.join('\n')));
  // The search itself finds what is there.
  expect(whereIs(Buffer.from('WO-1-000001'), places)).toEqual(expect.arrayContaining(['station.db', 'what the commands said']));
  for (const secret of [pin, wrong, password]) expect(whereIs(Buffer.from(secret), places)).toEqual([]);

  const keys = [...places.keys()].filter((name) => name.startsWith('secrets/') && name.endsWith('.key.pem'));
  expect(keys).toHaveLength(4);
  for (const name of keys) {
    const pem = places.get(name) ?? Buffer.alloc(0);
    const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' });
    // In its own file it is inside of PKCS#8, where base64 hides it: nowhere as such.
    expect(whereIs(Buffer.from(d, 'base64url'), places)).toEqual([]);
    const body = pem.toString().split('\n')[2] ?? '';
    const holders = [...places].filter(([, bytes]) => bytes.includes(body)).map(([holder]) => holder);
    // Mosquitto reads its key from a file of its own.
    expect(holders.filter((holder) => holder !== 'broker/server.key')).toEqual([name]);
  }
});
