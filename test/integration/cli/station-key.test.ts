import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { EspChip } from '../../support/esp-rom.ts';
import { filesOf, whereIs } from '../../support/secret-search.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-station-key-'));
const data = join(dir, 'station');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Trust anchors come first; the chain begins with the device’s. */
const certificates = (flash: Buffer): X509Certificate[] =>
  [...flash.toString('latin1').matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gu)].map(
    ([one]) => new X509Certificate(one),
  );

const pem = (flash: Buffer, label: string): string => {
  const begin = flash.indexOf(`-----BEGIN ${label}-----`);
  return flash.toString('latin1', begin, flash.indexOf(`-----END ${label}-----`, begin) + label.length + 20);
};

test('a chip that makes no key: the station connects as it, writes it, names what is missing, and keeps nothing of the key', async () => {
  const [chip, wrong] = [
    await new EspChip({ chatter: true }).plug(),
    await new EspChip({ mac: '7CDFA10000FF', wrongByteAt: 0xd200 }).plug(),
  ];
  writeFileSync(join(dir, 'pin'), '1234-test', { mode: 0o600 });
  const run = (...args: string[]) => birthmark([...args, '--data', data]);
  const order = ['--tenant', 'acme', '--device-profile', 'esp32-secure-cert', '--pin-file', join(dir, 'pin'), '--json', '--timeout', '30'];
  try {
    expect((await run('init', '--slot', `1=${chip.path}`, '--slot', `2=${wrong.path}`, '--pin-file', join(dir, 'pin'))).code).toBe(0);
    const made = await run('provision', '--order', 'ESP', '--count', '2', ...order);
    const { units } = jsonOf(made) as { units: Record<string, unknown>[] };
    const good = units.find(({ slot }) => slot === 1);
    expect(good).toMatchObject({
      verdict: 'PASS',
      hardwareId: chip.mac,
      proofLevel: 'station-connected',
      gaps: ['possession', 'own-connection', 'lock'],
      certificate: { status: 'ACTIVE' },
    });
    expect(units.find(({ slot }) => slot === 2)).toMatchObject({
      verdict: 'FAIL',
      code: 'VERIFY_MISMATCH',
      certificate: { status: 'REVOKED' },
    });
    // What failed is left empty.
    expect(wrong.flash.includes('PRIVATE KEY')).toBe(false);

    const key = createPrivateKey(pem(chip.flash, 'PRIVATE KEY'));
    expect(certificates(chip.flash).map((one) => one.checkPrivateKey(key))).toEqual([false, true, false]);
    const again = await run('provision', '--count', '1', ...order.slice(4));
    expect(jsonOf(again)).toMatchObject({
      units: expect.arrayContaining([expect.objectContaining({ slot: 1, code: 'HAS_IDENTITY' })]) as unknown,
    });

    const places = filesOf(data);
    places.set('what the commands said', Buffer.from([made.stdout, made.stderr, again.stdout, again.stderr].join('\n')));
    const { d = '' } = key.export({ format: 'jwk' });
    const secret = Buffer.from(d, 'base64url');
    expect(whereIs(secret, places)).toEqual([]);
    const body = pem(chip.flash, 'PRIVATE KEY').split('\n');
    for (const line of body.slice(1, 3)) expect(whereIs(Buffer.from(line), places)).toEqual([]);
    // The search finds what is there.
    expect(whereIs(Buffer.from('key.made-by-station'), places)).toEqual(['station.db']);
    expect((await run('doctor')).code).toBe(0);
  } finally {
    await chip.dispose();
    await wrong.dispose();
  }
});
