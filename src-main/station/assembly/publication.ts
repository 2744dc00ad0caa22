import { join } from 'node:path';
import type { RevocationView } from '../../contract/index.ts';
import { rememberIds, say, withIds } from '../../log/index.ts';
import type { FolderPlace } from '../backup/index.ts';
import type { BrokerHost } from '../broker/index.ts';
import { certificateToPem } from '../ca/index.ts';
import type { Environment } from '../environment.ts';
import { catchUp, CrlSet, IncomingCrl, Publisher } from '../publication/index.ts';
import type { CentralKnowledge } from '../central-records/index.ts';
import { signerLists, type Registry } from '../registry/index.ts';
import { Revocation } from '../revocation/index.ts';
import type { OwnIdentities } from '../setup/index.ts';
import type { ClockGuard } from '../upkeep/index.ts';
import { Observer } from '../verify/index.ts';

/** What brings revocations and the access list into force, and sees that they are. */
export interface PublicationParts {
  readonly crls: CrlSet;
  readonly incomingCrl: IncomingCrl;
  readonly publisher: Publisher;
  readonly observer: Observer;
  readonly revocation: Revocation;
}

export interface PublicationNeeds {
  readonly environment: Environment;
  readonly registry: Registry;
  readonly clockGuard: ClockGuard;
  readonly identities: OwnIdentities;
  readonly host: BrokerHost;
  readonly crlBase: string;
  readonly folder: FolderPlace;
  /** What the central records know of this station. */
  readonly central: () => Promise<CentralKnowledge>;
  readonly onDeviceRevoked: (device: string) => void;
}

export function assemblePublication({
  environment,
  registry,
  clockGuard,
  identities,
  host,
  crlBase,
  folder,
  central,
  onDeviceRevoked,
}: PublicationNeeds): PublicationParts {
  const { config, clock, signer } = environment;
  const { dataDir } = config;
  const crls = new CrlSet({ registry, crlBase, dataDir, signer: signer.call, grantedBy: () => signer.session?.operator, clock });
  const publisher = new Publisher({
    registry,
    host,
    crls,
    clientCaPem: () => clientCas(registry),
    clock,
    clockDoubt: () => clockGuard.doubt(),
    caughtUp: async () => {
      const doubt = folder.doubt();
      if (doubt !== null) throw doubt;
      await catchUp({
        registry,
        builders: crls.all(),
        host,
        signerLists: () => signerLists(join(dataDir, 'signer', 'memory.db')),
        central,
      });
    },
    onRevocation: (view) => revocationChanged(environment, view),
    onChange: () => environment.statusSoon(),
  });
  const revocation = new Revocation({
    registry,
    identity: () => identities.observer,
    publishSoon: () => publisher.publishSoon(),
    onChange: (view) => {
      revocationChanged(environment, view);
      environment.statusSoon();
    },
    onDeviceRevoked,
  });
  return {
    crls,
    incomingCrl: new IncomingCrl(dataDir),
    publisher,
    observer: new Observer({ endpoint: () => host.endpoint, identity: identities.observer }),
    revocation,
  };
}

/** A revocation is at another state: for the log, and for every face. */
function revocationChanged(environment: Environment, view: RevocationView): void {
  const { serial, device, state, reason } = view;
  withIds({ revocation: serial }, () => {
    if (state === 'RECORDED') rememberIds(serial);
    say('info', 'revocation', state, { device, reason });
  });
  environment.emit('revocation.changed', view);
}

/** The issuers of devices, what lies above them, and their roots; not a root that is above the issuer of brokers' certificates only. */
export function clientCas({ issuers }: Registry): string {
  const certificates = issuers
    .signsCrls()
    .filter(({ kind }) => kind === 'issuing')
    .flatMap((issuer) => [issuer.certificate, ...issuer.chain, issuers.anchorOf(issuer)]);
  return [...new Set(certificates.map(certificateToPem))].join('');
}
