import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Agent } from '../../support/agent.ts';
import { birthmark, jsonOf } from '../../support/birthmark.ts';
import { WorkFolder } from '../../support/openssl.ts';
import { makeShimFolder } from '../../support/shim.ts';
import { makeNssDatabase, makeSoftHsmToken, softoknPath } from '../../support/token-made.ts';
import { makeTokenFolder, softhsmPath } from '../../support/token.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-modules-'));
const removals: (() => void)[] = [() => rmSync(dir, { recursive: true, force: true })];
afterAll(() => {
  for (const remove of removals) remove();
});

interface Given {
  readonly options: readonly string[];
  readonly env?: Record<string, string>;
  /** What the file with the PIN holds. */
  readonly pinFile: string;
}

/** A token among others, with a label of several words, and a PIN file as Windows editors write it. */
function softHsm(): Given {
  const folder = makeTokenFolder();
  removals.push(folder.remove);
  const conf = folder.module.env?.['SOFTHSM2_CONF'] ?? '';
  for (const label of ['Line', 'Line 2 HSM', 'Line 2']) makeSoftHsmToken(conf, label, '482916');
  // Named once, kept with the station: the commands after it run without the variable.
  const options = ['--module', softhsmPath(), '--module-env', `SOFTHSM2_CONF=${conf}`, '--token', 'Line 2 HSM'];
  return { options, pinFile: '\uFEFF482916\r\n' };
}

function nss(): Given {
  const { dir: database, initString } = makeNssDatabase('nss-pin-99');
  removals.push(() => rmSync(database, { recursive: true, force: true }));
  const options = ['--module', softoknPath(), '--init-string', initString, '--token', 'NSS Certificate DB'];
  return { options, pinFile: 'nss-pin-99\n' };
}

/** As slow as a USB HSM. */
function slow(): Given {
  const folder = makeShimFolder(73);
  removals.push(folder.remove);
  makeSoftHsmToken(folder.module.env?.['SOFTHSM2_CONF'] ?? '', 'Slow', '482916');
  return { options: ['--module', folder.module.path, '--token', 'Slow'], env: { ...folder.module.env }, pinFile: '482916' };
}

test.each([
  ['SoftHSM', softHsm, 'reference-agent'],
  ['NSS', nss, 'reference-agent-rsa'],
  ['a slow token', slow, 'reference-agent'],
] as const)('%s: set up, a real unit to its PASS, and what comes out is right for others', async (name, given, profile) => {
  const { options, env = {}, pinFile } = given();
  const folder = join(dir, name);
  const [data, out, pin] = [join(folder, 'station data'), join(folder, 'out'), `${folder}.pin`];
  writeFileSync(pin, pinFile);
  const agent = await new Agent({ hardwareId: `UNIT-${String(name.length)}` }).start();
  const work = new WorkFolder();
  try {
    const run = async (...args: string[]): Promise<Record<string, unknown>> => {
      const result = await birthmark([...args, '--data', data, '--json'], { env });
      expect(result.code, result.stderr).toBe(0);
      return jsonOf(result);
    };
    await run('init', ...options, '--pin-file', pin, '--slot', `1=${agent.path}`);
    const order = ['--order', 'WO-7', '--tenant', 'acme', '--device-profile', profile];
    expect(await run('provision', ...order, '--pin-file', pin)).toMatchObject({
      verdict: 'PASS',
      units: [{ device: 'acme/WO-7-000001', certificate: { status: 'ACTIVE' } }],
    });
    await run('certificates', 'export', '--out', out);
    const [file = ''] = readdirSync(join(out, 'certificates'));
    const [root, issuer, crl, unit] = [
      ...['root.pem', 'issuer.pem', 'crl.pem'].map((pem) => join(out, pem)),
      join(out, 'certificates', file),
    ];
    const strict = [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslclient',
      '-crl_check',
      '-CAfile',
      root,
      '-untrusted',
      issuer,
      '-CRLfile',
      crl,
    ];
    expect(work.openssl(...(strict as string[]), unit as string).text).toBe(`${String(unit)}: OK\n`);
    expect(work.openssl('crl', '-in', crl as string, '-CAfile', issuer as string, '-noout', '-verify').text).toContain('verify OK');
    expect(work.openssl('x509', '-in', unit as string, '-noout', '-text').text).toContain(profile.endsWith('rsa') ? '(2048 bit)' : 'P-256');
    const verified = work.run('certtool', '--verify-crl', '--load-ca-certificate', issuer as string, '--infile', crl as string);
    expect(verified.text).toContain('Verified');
    expect(await run('doctor')).toMatchObject({ verdict: 'PASS' });
  } finally {
    await agent.dispose();
    work.remove();
  }
});
