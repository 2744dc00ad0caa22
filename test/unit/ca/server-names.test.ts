import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { addressBytes, canonicalAddress } from '../../../src-main/der/index.ts';
import { serverHosts } from '../../../src-main/station/ca/index.ts';

const dns = (...names: string[]): string[] => serverHosts({ dns: names, ips: [] });
const ips = (...names: string[]): string[] => serverHosts({ dns: [], ips: names });
function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'INVALID_INPUT')
      return `${String(thrown.params['field'])}: ${String(thrown.params['problem'])}`;
    throw thrown;
  }
  throw new Error('it was taken');
}

test('names come out in lower case, as A-labels, each once, before the addresses', () => {
  expect(
    serverHosts({ dns: ['MQTT.Example.com', 'mqtt.example.COM', 'localhost', 'bücher.example'], ips: ['10.0.0.1', '2001:DB8:0:0::1'] }),
  ).toEqual(['mqtt.example.com', 'localhost', 'xn--bcher-kva.example', '10.0.0.1', '2001:db8::1']);
  expect(dns('xn--bcher-kva.example', 'BÜCHER.example')).toEqual(['xn--bcher-kva.example']);
  expect(dns(`${'a'.repeat(63)}.example`, '3com.com', 'x-1.local', '1.2.3.a')).toHaveLength(4);
});

describe('what would surprise a client is refused with its reason', () => {
  test.each([
    ['*.example.com', /wildcards/u],
    ['mqtt*.example.com', /wildcards/u],
    ['10.0.0.1', /IP address/u],
    ['::1', /IP address/u],
    ['example.com.', /without the dot/u],
    ['', /not the name of a host/u],
    ['exa mple.com', /not the name of a host/u],
    ['mqtt.example.com:8883', /not the name of a host/u],
    ['mqtts://example.com', /not the name of a host/u],
    ['user@example.com', /not the name of a host/u],
    ['under_score.example.com', /not the name of a host/u],
    ['-a.example.com', /not the name of a host/u],
    ['a-.example.com', /not the name of a host/u],
    ['a..example.com', /not the name of a host/u],
    [`${'a'.repeat(64)}.com`, /not the name of a host/u],
    [`${'a.'.repeat(127)}com`, /not the name of a host/u],
    ['1.2.3', /not the name of a host/u],
    ['0x7f000001', /not the name of a host/u],
    ['a.b.256', /not the name of a host/u],
    ['xn--zzzzzz-', /not the name of a host/u],
    ['a\u0000.example.com', /not the name of a host/u],
    ['a%2eb.com', /not the name of a host/u],
  ])('%j', (name, problem) => {
    expect(problemOf(() => dns(name))).toMatch(problem);
    expect(problemOf(() => dns('fine.example', name))).toMatch(/^dns: /u);
  });
  test.each([
    ['localhost', /not an IPv4 or IPv6/u],
    ['010.0.0.1', /not an IPv4 or IPv6/u],
    ['10.0.0.0/8', /not an IPv4 or IPv6/u],
    ['[::1]', /not an IPv4 or IPv6/u],
    ['fe80::1%eth0', /zone/u],
    ['0.0.0.0', /no host/u],
    ['::', /no host/u],
    ['239.0.0.1', /one host/u],
    ['255.255.255.255', /one host/u],
    ['ff02::1', /one host/u],
    ['::ffff:10.0.0.1', /IPv4/u],
  ])('address %j', (address, problem) => {
    expect(problemOf(() => ips(address))).toMatch(problem);
  });
  test('no name at all', () => {
    expect(problemOf(() => serverHosts({ dns: [], ips: [] }))).toMatch(/at least one/u);
  });
});

test('whatever is taken as an address is written in one form only, and means the same octets', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const canonical = canonicalAddress(text);
      expect(isIP(canonical)).toBe(isIP(text));
      expect(canonicalAddress(canonical)).toBe(canonical);
      expect(addressBytes(canonical)).toEqual(addressBytes(text));
      expect(addressBytes(text)).toHaveLength(isIP(text) === 4 ? 4 : 16);
    }),
  );
});

test('whatever is taken as a name is one that needs no escaping, and is taken again as it is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.domain(), fc.string({ maxLength: 80 }), fc.string({ unit: 'binary', maxLength: 40 })), (text) => {
      let host: string | undefined;
      try {
        [host] = dns(text);
      } catch (thrown) {
        if (thrown instanceof Failure) return;
        throw thrown;
      }
      expect(host).toMatch(/^[a-z0-9.-]{1,253}$/u);
      expect(dns(host ?? '')).toEqual([host]);
    }),
    { numRuns: 2000 },
  );
});
