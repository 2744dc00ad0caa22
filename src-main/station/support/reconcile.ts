import type { Difference, Failure } from '../../contract/index.ts';
import { readAccessList, readCrls, type BrokerHost } from '../broker/index.ts';
import type { Registry } from '../registry/index.ts';
import { accessOf, type CrlSet } from '../publication/index.ts';

export interface ReconcileParts {
  readonly registry: Registry;
  readonly crls: CrlSet;
  readonly host: BrokerHost;
}

/** How many of them are named; all are counted. */
const named = 20;

/**
 * What the registry, the files on the broker host and the broker itself disagree on. Nothing is changed: publishing mends what is
 * behind, and what publishing does not mend somebody else has put there. Why the host cannot be asked comes through as it is.
 */
export async function reconcile({ registry, crls, host }: ReconcileParts): Promise<Difference[]> {
  const installed = await host.inForce();
  const there = installed === null ? [] : readCrls(installed.crls);
  const lists = crls.forBrokers().flatMap((builder) => (builder.newest() === null ? [] : readCrls(builder.current().pem)));
  const differing: string[] = [];
  const [notRefused, notRevoked]: [string[], string[]] = [[], []];
  for (const here of lists) {
    const other = there.find((crl) => Buffer.compare(crl.issuer, here.issuer) === 0 && (here.uri === null || crl.uri === here.uri));
    const what = here.uri ?? 'the only list';
    if (other?.number !== here.number) differing.push(`${what}: number ${here.number} here, ${other?.number ?? 'none'} there`);
    else if (other.sha256 !== here.sha256) differing.push(`${what}: two lists with the number ${here.number}`);
    const serials = (of: typeof here | undefined): Set<string> =>
      new Set(of === undefined ? [] : Array.from(of.entries(), ({ serial }) => serial));
    const [ours, theirs] = [serials(here), serials(other)];
    notRefused.push(...[...ours].filter((serial) => !theirs.has(serial)));
    notRevoked.push(...[...theirs].filter((serial) => !ours.has(serial)));
  }
  const waiting = registry.revocations.waiting().filter(({ crlNumber }) => crlNumber === null);
  const admitted = new Set(accessOf(registry).devices);
  const access = readAccessList(installed?.accessList ?? '');
  const missing = access.all ? [] : [...admitted].filter((device) => !access.devices.has(device));
  const canary = await host.canaries();
  return [
    difference('revocation lists', lists.length, differing),
    difference('revoked here, not refused there', lists.length, [
      ...notRefused,
      ...waiting.map(({ serial }) => `${serial} (in no list yet)`),
    ]),
    difference('refused there, not revoked here', lists.length, notRevoked),
    difference('admitted here, not in the access list', admitted.size, missing),
    difference(
      'in the access list, not admitted here',
      access.devices.size,
      [...access.devices].filter((device) => !admitted.has(device)),
    ),
    difference('canaries', 2, canary.failure === null ? [] : [describe(canary.failure)]),
  ];
}

const difference = (name: string, checked: number, all: readonly string[]): Difference => ({
  name,
  checked,
  differences: all.length,
  examples: all.slice(0, named),
});

const describe = (failure: Failure): string => `${failure.code}: ${failure.message}`;
