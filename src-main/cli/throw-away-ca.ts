import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { KeyAlgorithm } from '../contract/index.ts';
import {
  assembleCertificate,
  buildDeviceTbs,
  buildRootTbs,
  checkCsr,
  crlUri,
  loadCertificateProfile,
  newSerial,
  readIssuer,
  type Issuer,
} from '../station/ca/index.ts';
import type { Credentials } from '../station/devices/index.ts';
import { resourcesDir } from './station-process.ts';

const days = 2;

/** A CA for one try of a profile: its key is in this process alone and gone with it; nobody trusts it. */
export class ThrowAwayCa {
  readonly #key: KeyObject;
  readonly #issuer: Issuer;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const root = buildRootTbs({ subject: { commonName: 'Birthmark profile try' }, spki, serial: newSerial(), now: Date.now(), days });
    this.#issuer = readIssuer(assembleCertificate(root.tbs, { algorithm: 'ec-p256' }, sign('sha256', root.tbs, privateKey)));
  }

  /** Checks the request as a station would, and issues for its key. CSR_… as `checkCsr`. */
  issue(csr: Uint8Array, algorithm: KeyAlgorithm): { readonly credentials: Credentials; readonly spki: Uint8Array } {
    const { spki } = checkCsr(csr, { keyAlgorithms: [algorithm] });
    const { tbs } = buildDeviceTbs({
      issuer: this.#issuer,
      profile: loadCertificateProfile(join(resourcesDir, 'profiles', 'certificates', 'device.json')),
      spki,
      subject: { tenant: 'try', device: 'unit' },
      serial: newSerial(),
      now: Date.now(),
      validityDays: 1,
      crlUri: crlUri('http://crl.example', 'try'),
    });
    const certificate = assembleCertificate(tbs, this.#issuer, sign('sha256', tbs, this.#key));
    const broker = {
      host: 'broker.example',
      port: 8883,
      clientId: 'try/unit',
      topicBase: 'tenant/try/device/unit',
      serverName: 'broker.example',
    };
    return {
      credentials: { certificateChain: [certificate, this.#issuer.certificate], trustAnchors: [this.#issuer.certificate], broker },
      spki,
    };
  }
}
