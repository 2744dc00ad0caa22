import { expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { accessList, mosquittoConf } from '../../../src-main/station/broker/mosquitto-files.ts';
import { storageFailure } from '../../../src-main/station/broker/storage-failure.ts';

test('a full disk and a forbidden folder have names; a bug stays a bug', () => {
  const coded = (code: string): Error => Object.assign(new Error(code), { code });
  expect(storageFailure(coded('ENOSPC'), '/x')).toMatchObject({ code: 'DISK_FULL', params: { path: '/x' } });
  expect(storageFailure(coded('EACCES'), '/x')).toMatchObject({ code: 'DATA_DENIED' });
  expect(storageFailure(coded('EISDIR'), '/x')).not.toBeInstanceOf(Failure);
});

test('the access list gives each device its own topics and the observer no device’s pen but for one message', () => {
  expect(
    accessList(['acme/a', 'beta/b'], 'station-observer')
      .split('\n')
      .filter((line) => line !== ''),
  ).toEqual([
    'user station-observer',
    'topic read tenant/#',
    'topic readwrite station/#',
    'topic read $SYS/broker/version',
    'topic write tenant/+/device/+/certificates/renewal-required',
    'user acme/a',
    'topic readwrite tenant/acme/device/a/#',
    'user beta/b',
    'topic readwrite tenant/beta/device/b/#',
  ]);
});

test('a path cannot smuggle a line into the configuration', () => {
  const paths = { crls: '/d/crl', clientCas: '/d/cas', accessList: '/d/list', serverCertificate: '/d/s', serverKey: '/d/k' };
  const options = { host: '127.0.0.1', port: 1, asRoot: false, ...paths };
  expect(mosquittoConf(options)).toContain('require_certificate true\nuse_identity_as_username true\n');
  expect(mosquittoConf(options)).not.toContain('user root');
  expect(mosquittoConf({ ...options, asRoot: true })).toMatch(/^user root$/mu);
  expect(() => mosquittoConf({ ...options, crls: '/d/crl\nallow_anonymous true' })).toThrow('line break');
});
