import { Failure } from '../../contract/index.ts';
import { readAccessList, readCrls, type BrokerHost } from '../broker/index.ts';
import { readCrl, readIssuer, type Crl } from '../ca/index.ts';
import type { CrlScope, Registry, RevokedEntry, SignerList } from '../registry/index.ts';
import { adoptRevocation } from '../revocation/index.ts';
import type { CrlBuilder } from './crl-builder.ts';

/** What the central records know of this station that its registry may not. */
interface CentralKnowledge {
  readonly revocations: readonly (RevokedEntry & { readonly scope: CrlScope })[];
  readonly lists: readonly (CrlScope & { readonly number: number })[];
  readonly devices: readonly string[];
}

export interface CatchUpParts {
  readonly registry: Registry;
  /** Of every issuer that there ever was. */
  readonly builders: readonly CrlBuilder[];
  readonly host: Pick<BrokerHost, 'inForce'>;
  /** The lists that the signer remembers; it gives no reasons. */
  readonly signerLists: () => readonly SignerList[];
  /** Why they cannot be asked comes through. */
  readonly central: () => Promise<CentralKnowledge>;
}

/**
 * Brings a registry that was restored from a backup up to what is in force: the revocations of the newest lists (of the broker host, of the files
 * here, of the signer's memory), those of the central records, and the names of devices that were made since, so that no name is given twice. Nothing is
 * ever taken back. Rejects when one of them cannot be asked: then nothing has changed, and it is tried again.
 */
export async function catchUp({ registry, builders, host, signerLists, central }: CatchUpParts): Promise<void> {
  const restored = registry.settings.get('restored');
  if (restored?.open !== true) return;
  const installed = await host.inForce();
  const known = await central();
  const lists = [...(installed === null ? [] : readCrls(installed.crls)), ...builders.flatMap(filesOf)];
  const remembered = signerLists();
  const devices = [...(installed === null ? [] : readAccessList(installed.accessList).devices), ...known.devices];
  registry.store.transaction(() => {
    const before = registry.revocations.count();
    const actor = restored.by;
    const take = (scope: CrlScope, entry: RevokedEntry, notAfter: string, number: number): void => {
      if (registry.revocations.get(entry.serial) !== null || !registry.revocations.fits(scope, entry.serial)) return;
      adoptRevocation(registry, scope, entry, { number, notAfter, note: `restored from the backup of ${restored.madeAt}`, actor });
    };
    for (const builder of builders) {
      const { scope, issuer } = builder;
      for (const list of newestFirst(lists, builder)) {
        registry.crls.seen(scope, list.number);
        for (const entry of list.entries()) take(scope, entry, issuer.notAfter, list.number);
      }
      for (const list of remembered.filter((one) => one.spkiSha256 === issuer.spkiSha256 && builder.isAt(one.uri))) {
        registry.crls.seen(scope, list.number);
        for (const serial of list.serials)
          take(scope, { serial, reason: 'unspecified', revokedAt: list.thisUpdate }, issuer.notAfter, list.number);
      }
      for (const list of known.lists.filter((one) => sameScope(one, scope))) registry.crls.seen(scope, list.number);
      for (const entry of known.revocations.filter((one) => sameScope(one.scope, scope))) take(scope, entry, issuer.notAfter, 0);
    }
    const unknown = [...new Set(devices)].filter((device) => registry.devices.get(device) === null);
    // Nobody approved them here: an officer decides, and their names are not given again.
    for (const device of unknown) registry.devices.add({ device, hardwareId: null, model: '' }, null, actor);
    registry.settings.set('restored', { ...restored, open: false });
    registry.store.audit(actor, 'backup.caught-up', restored.madeAt, {
      revocations: registry.revocations.count() - before,
      devices: unknown.length,
    });
  });
}

const sameScope = (a: CrlScope, b: CrlScope): boolean => a.issuer === b.issuer && a.partition === b.partition;

/** Files whose numbers the registry may not know. */
const filesOf = (builder: CrlBuilder): Crl[] => builder.unknownFiles().map((path) => readCrl(path));

/** The lists of this scope that its CA signed; the reason of an entry is that of the newest. */
function newestFirst(lists: readonly Crl[], builder: CrlBuilder): Crl[] {
  const by = readIssuer(builder.issuer.certificate);
  const own = lists.filter((crl) => Buffer.compare(by.subject, crl.issuer) === 0 && builder.isFor(crl.uri));
  const forged = own.find((crl) => !crl.signedBy(by));
  if (forged !== undefined)
    throw new Failure('CRL_NOT_ADOPTED', {
      check: 'signature',
      problem: `number ${String(forged.number)} names a CA of this station, and was not signed by it`,
    });
  return own.sort((a, b) => b.number - a.number);
}
