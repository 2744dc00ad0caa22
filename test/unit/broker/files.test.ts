import { expect, test } from 'vitest';
import { mosquittoConf } from '../../../src-main/station/broker/mosquitto-files.ts';

test('a path cannot smuggle a line into the configuration', () => {
  const paths = {
    crls: '/d/crl',
    clientCas: '/d/cas',
    accessList: '/d/list',
    passwords: '/d/passwords',
    serverCertificate: '/d/s',
    serverKey: '/d/k',
  };
  const options = { host: '127.0.0.1', port: 1, passwordPort: null, asRoot: false, ...paths };
  expect(mosquittoConf(options)).toContain('require_certificate true\nuse_identity_as_username true\n');
  expect(mosquittoConf(options)).not.toContain('user root');
  expect(mosquittoConf({ ...options, asRoot: true })).toMatch(/^user root$/mu);
  expect(() => mosquittoConf({ ...options, crls: '/d/crl\nallow_anonymous true' })).toThrow('line break');
});
