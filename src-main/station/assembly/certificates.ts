import type { BrokerHost } from '../broker/index.ts';
import type { Clock } from '../clock.ts';
import type { Environment } from '../environment.ts';
import { httpHosts } from '../http/index.ts';
import { Issuance, ServerIssuance, ServiceIssuance } from '../issuance/index.ts';
import { OwnCertificates } from '../lifecycle/index.ts';
import type { Registry } from '../registry/index.ts';
import { DeviceCertificateProfiles, type OwnIdentities } from '../setup/index.ts';
import type { ClockGuard } from '../upkeep/index.ts';

/** Whatever has a certificate signed. */
export interface CertificateParts {
  readonly profiles: DeviceCertificateProfiles;
  readonly issuance: Issuance;
  readonly servers: ServerIssuance;
  readonly services: ServiceIssuance;
  readonly own: OwnCertificates;
}

export interface CertificateNeeds {
  readonly environment: Environment;
  readonly registry: Registry;
  readonly clockGuard: ClockGuard;
  readonly identities: OwnIdentities;
  readonly host: BrokerHost;
  readonly crlBase: string;
  /** The HTTP listeners have a new certificate. */
  readonly onHttpCertificate: () => Promise<void>;
}

export function assembleCertificates(needs: CertificateNeeds): CertificateParts {
  const { environment, registry, clockGuard, identities, host, crlBase, onHttpCertificate } = needs;
  const { config, clock, signer } = environment;
  const profiles = new DeviceCertificateProfiles(config.resourcesDir, config.dataDir);
  const certificateClock = believedClock(clockGuard, clock);
  const common = { registry, signer: signer.call, crlBase };
  const servers = new ServerIssuance({ ...common, clock: certificateClock, profile: () => profiles.server });
  const services = new ServiceIssuance({ ...common, clock: certificateClock, profile: () => profiles.service });
  const own = new OwnCertificates({
    registry,
    clock,
    servers,
    services,
    identities,
    useServer: host.useServerCertificate === undefined ? null : async (identity) => host.useServerCertificate?.(identity),
    http: { hosts: () => httpHosts(registry), use: onHttpCertificate },
  });
  const issuance = new Issuance({
    ...common,
    clock,
    certificateClock,
    profiles,
    own: () => own.signing(),
    trustAnchors: () => registry.issuers.trustAnchors(),
    endpoint: () => host.endpoint,
  });
  return { profiles, issuance, servers, services, own };
}

/** For the dates in certificates, which stay in them: it throws CLOCK_DOUBTFUL while the clock cannot be believed. */
function believedClock(guard: ClockGuard, clock: Clock): Clock {
  return {
    now: () => {
      const doubt = guard.doubt();
      if (doubt !== null) throw doubt;
      return clock.now();
    },
  };
}
