import { z } from 'zod';
import { unwrap, type IssuerKind, type SignerClient } from '../../src-main/contract/index.ts';
import { makeDataFolder, serve } from '../../src-main/service-host/index.ts';
import { readCertificate } from '../../src-main/station/ca/index.ts';
import { systemClock } from '../../src-main/station/clock.ts';
import { Issuance } from '../../src-main/station/issuance/index.ts';
import { openRegistry } from '../../src-main/station/registry/index.ts';
import { newEcCsr } from '../support/csr.ts';
import { order } from '../support/registry.ts';
import { crlBase, shippedProfile, type MadeAuthority } from '../support/signer.ts';

/** A station that does nothing but issue, in a process of its own as the product's: the same policy, registry and channel to the signer. */
export interface IssueStationConfig {
  readonly dataDir: string;
  readonly authorities: readonly (Pick<MadeAuthority, 'certificate' | 'proof'> & { readonly id: string; readonly kind: IssuerKind })[];
}
const Ask = z.object({ count: z.int(), parallel: z.int() });

serve(({ config, peer }) => {
  const { dataDir, authorities } = config as IssueStationConfig;
  makeDataFolder(dataDir);
  const registry = openRegistry(dataDir, systemClock);
  registry.store.transaction(() => {
    for (const { id, kind, certificate, proof } of authorities) {
      const { subject, fingerprint, notBefore, notAfter } = readCertificate(certificate);
      const { key, algorithm, keyId, attributes } = proof;
      const record = { id, kind, subject, algorithm, ...key, keyId, fingerprint, notBefore, notAfter, proof: attributes };
      registry.issuers.add({ ...record, certificate: Buffer.from(certificate) }, 'bench');
    }
    registry.runs.createOrder(workOrder, 'bench');
  });
  const profile = shippedProfile('device');
  const issuance = new Issuance({
    registry,
    signer: peer as SignerClient,
    clock: systemClock,
    certificateClock: systemClock,
    profiles: { get: () => profile, signable: () => profile, all: () => [{ profile }] },
    crlBase,
    own: () => [],
    trustAnchors: () => registry.issuers.trustAnchors(),
    endpoint: () => ({ host: '127.0.0.1', port: 8883, serverName: 'localhost', serverCaPem: '' }),
  });
  let units = 0;

  /** Devices that are registered and have made their requests, each with a key of its own. */
  const newDevices = (count: number): { device: string; csr: Buffer }[] =>
    registry.store.transaction(() =>
      Array.from({ length: count }, () => {
        const unit = { hardwareId: `HW-${++units}`, model: 'S1', firmware: '1', locked: false };
        return { device: registry.devices.register(unit, workOrder, 'bench').device, csr: newEcCsr() };
      }),
    );

  /** Milliseconds that the requests of `count` devices take, with `parallel` of them under way at any time. */
  const issue = async ({ count, parallel }: z.output<typeof Ask>): Promise<number> => {
    const devices = newDevices(count);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < count) {
        const { device, csr } = unwrap(devices[next++], 'a device for each certificate');
        const checked = await issuance.checkRequest(device, workOrder, { csr });
        await issuance.issue({ run: null, actor: 'bench', device, order: workOrder, checked });
      }
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: parallel }, work));
    return performance.now() - start;
  };

  return Promise.resolve({
    handle: (_, input) => issue(Ask.parse(input)),
    authorize: () => Promise.resolve(),
    peerEvent: () => undefined,
    stop: () => {
      registry.close();
      return Promise.resolve();
    },
  });
});

const workOrder = { ...order, certificateProfile: 'device', quantity: 1_000_000 };
