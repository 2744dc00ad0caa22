import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { Failure } from '../../contract/index.ts';
import { addressBytes, canonicalAddress, isHostName } from '../../der/index.ts';

export interface ServerNames {
  readonly dns: readonly string[];
  readonly ips: readonly string[];
}

/**
 * The hosts of a server certificate as they will stand in it, each once: DNS names in lower case, international ones as A-labels, then
 * addresses in canonical form. INVALID_INPUT names the first that cannot be, with its field.
 */
export function serverHosts({ dns, ips }: ServerNames): string[] {
  const hosts = new Set([...dns.map(dnsName), ...ips.map(address)]);
  if (hosts.size === 0) throw new Failure('INVALID_INPUT', { field: 'dns', problem: 'a server needs at least one name or address' });
  return [...hosts];
}

const refused = (field: 'dns' | 'ips', value: string, problem: string): Failure =>
  new Failure('INVALID_INPUT', { field, problem: `“${value.slice(0, 100)}”: ${problem}` });

function dnsName(text: string): string {
  const no = (problem: string): Failure => refused('dns', text, problem);
  if (isIP(text) !== 0) throw no('is an IP address; give it as one');
  if (text.includes('*')) throw no('wildcards are not issued: whoever has the key would be every host of the domain');
  if (text.endsWith('.')) throw no('without the dot at the end');
  if (/[\p{C}\s/:@?#[\]\\%]/u.test(text)) throw no('is not the name of a host');
  // Empty for what is no valid name, with A-labels that stand for nothing among it.
  const ascii = domainToASCII(text);
  if (!isHostName(ascii) || isIP(ascii) !== 0)
    throw no('is not the name of a host (letters, digits and “-”, at most 63 in a label and 253 in all; the last label not a number)');
  return ascii;
}

function address(text: string): string {
  const no = (problem: string): Failure => refused('ips', text, problem);
  if (text.includes('%')) throw no('an address with a zone is good on one computer only');
  if (isIP(text) === 0) throw no('is not an IPv4 or IPv6 address');
  const bytes = addressBytes(text);
  if (bytes.every((byte) => byte === 0)) throw no('is the address of no host');
  const [first = 0] = bytes;
  if (bytes.length === 4 ? first >= 224 : first === 0xff) throw no('is not the address of one host');
  if (bytes.length === 16 && bytes.subarray(0, 12).toString('hex') === '00000000000000000000ffff') throw no('write it as an IPv4 address');
  return canonicalAddress(text);
}
