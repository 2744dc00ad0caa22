import { expect, test } from 'vitest';
import { mayHold } from '../../../src-main/station/backup/contents.ts';

test.each([
  'station.db',
  'signer/memory.db',
  'signer/module.json',
  'secrets/observer.key.pem',
  'profiles/devices/x.json',
  'crl/device-1-2.crl',
])('a backup may hold %s', (name) => expect(mayHold(name)).toBe(true));

test.each([
  '',
  '/etc/passwd',
  '../station.db',
  'secrets/../../x',
  'secrets//x',
  'secrets/',
  String.raw`secrets\..\x`,
  'token/tokens/x.object',
  'broker/mosquitto.conf',
  'station.lock',
  'signer/other',
  'evidence/station.db',
])('what is restored never goes to “%s”', (name) => expect(mayHold(name)).toBe(false));
