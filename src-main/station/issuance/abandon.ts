import { toFailureData } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';
import { revokeCertificate } from '../revocation/index.ts';

/** Signs what was reserved. When that fails nobody knows whether a signature exists: it is revoked, and the failure passed on. */
export async function orAbandon<T>(registry: Registry, serial: string, actor: string, sign: () => Promise<T>): Promise<T> {
  try {
    return await sign();
  } catch (thrown) {
    const { code } = toFailureData(registry.store.named(thrown));
    revokeCertificate(registry, serial, { reason: 'cessationOfOperation', note: `not issued: ${code}`, actor });
    throw thrown;
  }
}
