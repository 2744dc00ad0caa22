import { Failure, isAway } from '../../contract/index.ts';
import { instant, type Clock } from '../clock.ts';
import { connectAs } from '../verify/index.ts';
import type { BrokerEndpoint, CanaryResult, StationIdentities, TlsIdentity } from './host.ts';

/** Asks the broker itself: the revoked canary must be refused as revoked (alert 44), the good one must get CONNACK 0. */
export async function askCanaries(
  endpoint: BrokerEndpoint,
  identities: StationIdentities,
  clock: Clock,
  timeoutMs: number,
): Promise<CanaryResult> {
  const [revoked, good] = await Promise.all([
    refusal(endpoint, identities.revokedCanary, timeoutMs),
    refusal(endpoint, identities.goodCanary, timeoutMs),
  ]);
  return {
    at: instant(clock.now()),
    revokedRefused: revoked?.code === 'CERTIFICATE_REVOKED',
    goodAccepted: good === null,
    failure: verdict(revoked, good),
  };
}

function verdict(revoked: Failure | null, good: Failure | null): Failure | null {
  if (revoked === null) return new Failure('CANARY_ADMITTED');
  const wrong = good ?? (revoked.code === 'CERTIFICATE_REVOKED' ? null : revoked);
  if (wrong === null || isInconclusive(wrong)) return wrong;
  return new Failure('CANARY_REFUSED', { diagnosis: wrong.code }, wrong.detail);
}

/** No answer is not a wrong answer: nothing may be taken back because of it. */
export const isInconclusive = (failure: Failure): boolean => isAway(failure) || ['TIMEOUT', 'CANCELLED'].includes(failure.code);

async function refusal(endpoint: BrokerEndpoint, identity: TlsIdentity, timeoutMs: number): Promise<Failure | null> {
  try {
    const connection = await connectAs(endpoint, identity, { timeoutMs });
    await connection.close();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
