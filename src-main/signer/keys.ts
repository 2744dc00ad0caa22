import { randomBytes, type KeyObject } from 'node:crypto';
import { Failure, type KeyAlgorithm, type KeyProof } from '../contract/index.ts';
import { der, importSpki, keyIdentifier, oids, readPublicKeyInfo, sha256Hex } from '../der/index.ts';
import { type Attribute, ck, type Handle, TokenError } from './cryptoki.ts';
import type { Pkcs11Module } from './pkcs11-module.ts';
import type { Quirks } from './quirks.ts';
import { curveOids, digestOf, signDigest, verifies } from './signature.ts';

/** Attributes that make a key one that never leaves the token; read back after generation, and a missing answer is not a right one. */
const demanded: readonly { readonly name: string; readonly type: number; readonly value: boolean }[] = [
  { name: 'CKA_SENSITIVE', type: ck.CKA_SENSITIVE, value: true },
  { name: 'CKA_EXTRACTABLE', type: ck.CKA_EXTRACTABLE, value: false },
  { name: 'CKA_PRIVATE', type: ck.CKA_PRIVATE, value: true },
  { name: 'CKA_TOKEN', type: ck.CKA_TOKEN, value: true },
  { name: 'CKA_SIGN', type: ck.CKA_SIGN, value: true },
];
const advisoryTypes: Readonly<Record<string, number>> = {
  CKA_LOCAL: ck.CKA_LOCAL,
  CKA_ALWAYS_AUTHENTICATE: ck.CKA_ALWAYS_AUTHENTICATE,
  CKA_ALWAYS_SENSITIVE: ck.CKA_ALWAYS_SENSITIVE,
  CKA_NEVER_EXTRACTABLE: ck.CKA_NEVER_EXTRACTABLE,
  CKA_MODIFIABLE: ck.CKA_MODIFIABLE,
};

export interface KeyRequest {
  readonly ckaId: string;
  readonly label: string;
  readonly algorithm: KeyAlgorithm;
}

/** A read/write session, logged in. */
export interface TokenSession {
  readonly module: Pkcs11Module;
  readonly session: Handle;
  readonly tokenLabel: string;
  readonly quirks: Quirks;
}

/** Makes a key pair on the token and proves what it is. TOKEN_HAS_KEYS, KEY_ATTRIBUTES_REFUSED (the key is destroyed), SIGNATURE_INVALID. */
export async function generateKey(
  token: TokenSession,
  request: KeyRequest,
): Promise<{ readonly proof: KeyProof; readonly handle: Handle }> {
  const { module, session } = token;
  const id = Buffer.from(request.ckaId, 'hex');
  if (findObjects(token, id, null).length > 0) throw new Failure('TOKEN_HAS_KEYS', { label: token.tokenLabel, id: request.ckaId });
  const { mechanism, publicKey } = recipe(request.algorithm);
  const common: Attribute[] = [
    { type: ck.CKA_TOKEN, value: true },
    { type: ck.CKA_ID, value: id },
    { type: ck.CKA_LABEL, value: request.label },
  ];
  const pair = await firstAccepted(templates, ({ privateOnly, publicOnly }) =>
    module.generateKeyPair(session, mechanism, [...common, ...publicOnly, ...publicKey], [...common, ...privateOnly]),
  );
  try {
    return { proof: await proofOf(token, pair, request), handle: pair.privateKey };
  } catch (error) {
    if (module.hung) throw error;
    for (const handle of [pair.privateKey, pair.publicKey]) destroy(token, handle);
    throw error instanceof Failure && error.code === 'KEY_ATTRIBUTES_REFUSED'
      ? Failure.fromData({ ...error.toData(), params: { ...error.params, then: 'was destroyed' } })
      : error;
  }
}

/**
 * Templates from the one that asks for all to the one that asks for nothing but a place: some tokens refuse attributes that are always so
 * with them. Which one was taken makes no difference to the demands: they are read back from the key.
 */
const templates: readonly { readonly privateOnly: readonly Attribute[]; readonly publicOnly: readonly Attribute[] }[] = [
  {
    privateOnly: [
      { type: ck.CKA_PRIVATE, value: true },
      { type: ck.CKA_SENSITIVE, value: true },
      { type: ck.CKA_EXTRACTABLE, value: false },
      { type: ck.CKA_SIGN, value: true },
    ],
    publicOnly: [{ type: ck.CKA_VERIFY, value: true }],
  },
  {
    privateOnly: [
      { type: ck.CKA_PRIVATE, value: true },
      { type: ck.CKA_SIGN, value: true },
    ],
    publicOnly: [{ type: ck.CKA_VERIFY, value: true }],
  },
  { privateOnly: [], publicOnly: [] },
];
const refusedTemplate = /^CKR_(?:TEMPLATE_\w+|ATTRIBUTE_\w+)$/u;

async function firstAccepted<T, R>(choices: readonly T[], attempt: (choice: T) => Promise<R>): Promise<R> {
  const [choice, ...others] = choices;
  if (choice === undefined) throw new Error('there is nothing to try');
  try {
    return await attempt(choice);
  } catch (error) {
    if (!(error instanceof TokenError) || !refusedTemplate.test(error.ckr) || others.length === 0) throw error;
    return firstAccepted(others, attempt);
  }
}

/** What is left of a key that is not used; a token that cannot even destroy it has failed for a reason of its own. */
function destroy({ module, session }: TokenSession, handle: Handle): void {
  try {
    module.call('C_DestroyObject', session, handle);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
  }
}

interface KeyPair {
  readonly publicKey: Handle;
  readonly privateKey: Handle;
}

async function proofOf(token: TokenSession, pair: KeyPair, { ckaId, algorithm }: KeyRequest): Promise<KeyProof> {
  const attributes = provenAttributes(token, pair.privateKey);
  const spki = readSpki(token, pair.publicKey, algorithm);
  await prove(token, pair.privateKey, algorithm, importSpki(spki));
  const keyId = keyIdentifier(readPublicKeyInfo(spki).bits).toString('hex');
  return { key: { ckaId, spkiSha256: sha256Hex(spki) }, algorithm, keyId, spki, attributes };
}

/**
 * A key pair that was made before under this id, proven anew; null when the token has nothing of this id. TOKEN_HAS_KEYS when it has
 * something else; KEY_ATTRIBUTES_REFUSED, SIGNATURE_INVALID as for a new one, but nothing is destroyed.
 */
export async function findKeyPair(
  token: TokenSession,
  request: KeyRequest,
): Promise<{ readonly proof: KeyProof; readonly handle: Handle } | null> {
  const id = Buffer.from(request.ckaId, 'hex');
  const all = findObjects(token, id, null);
  if (all.length === 0) return null;
  const [privateKey, ...moreKeys] = findObjects(token, id, ck.CKO_PRIVATE_KEY);
  const [publicKey, ...morePublic] = findObjects(token, id, ck.CKO_PUBLIC_KEY);
  const other = new Failure('TOKEN_HAS_KEYS', { label: token.tokenLabel, id: request.ckaId });
  if (privateKey === undefined || publicKey === undefined || moreKeys.length + morePublic.length > 0) throw other;
  if (attribute(token, privateKey, ck.CKA_LABEL)?.toString('utf8') !== request.label) throw other;
  if (attribute(token, publicKey, ck.CKA_KEY_TYPE)?.[0] !== (curveOids[request.algorithm] === undefined ? ck.CKK_RSA : ck.CKK_EC))
    throw other;
  try {
    const proof = await proofOf(token, { publicKey, privateKey }, request);
    if (readPublicKeyInfo(proof.spki).algorithm !== request.algorithm) throw other;
    return { proof, handle: privateKey };
  } catch (error) {
    // A point that is on another curve than the one that was asked for is no public key.
    throw error instanceof Failure || error instanceof TokenError ? error : other;
  }
}

function recipe(algorithm: KeyAlgorithm): { readonly mechanism: number; readonly publicKey: Attribute[] } {
  const curve = curveOids[algorithm];
  if (curve !== undefined) return { mechanism: ck.CKM_EC_KEY_PAIR_GEN, publicKey: [{ type: ck.CKA_EC_PARAMS, value: der.oid(curve.oid) }] };
  return {
    mechanism: ck.CKM_RSA_PKCS_KEY_PAIR_GEN,
    publicKey: [
      { type: ck.CKA_MODULUS_BITS, value: Number(algorithm.slice('rsa-'.length)) },
      { type: ck.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
    ],
  };
}

/** Private keys (`kind` null: any object) with this CKA_ID. */
export function findObjects({ module, session }: Pick<TokenSession, 'module' | 'session'>, id: Buffer, kind: number | null): Handle[] {
  const classes = kind === null ? [] : [{ type: ck.CKA_CLASS, value: kind }];
  module.call('C_FindObjectsInit', session, [...classes, { type: ck.CKA_ID, value: id }]);
  try {
    const found: Handle[] = [];
    for (let next = module.call('C_FindObjects', session); next !== null && found.length < 16; next = module.call('C_FindObjects', session))
      found.push(next);
    return found;
  } finally {
    module.call('C_FindObjectsFinal', session);
  }
}

/** An attribute's bytes; null when the module does not know or does not tell it. */
function attribute({ module, session }: TokenSession, object: Handle, type: number): Buffer | null {
  try {
    const value = module.call('C_GetAttributeValue', session, object, [{ type }])[0]?.value;
    return Buffer.isBuffer(value) ? value : null;
  } catch (error) {
    if (error instanceof TokenError && /^CKR_ATTRIBUTE_(?:TYPE_INVALID|SENSITIVE|VALUE_INVALID)$/u.test(error.ckr)) return null;
    throw error;
  }
}

const word = (value: Buffer | null): string => (value === null ? 'not told' : value.some((octet) => octet !== 0) ? 'true' : 'false');

const notProtected = (attribute: string, actual: string, expected: string): Failure =>
  new Failure('KEY_ATTRIBUTES_REFUSED', { attribute, actual, expected, then: 'is not used' });

/** What the token says of a private key. KEY_ATTRIBUTES_REFUSED when it is not one that stays inside. */
export function provenAttributes(token: TokenSession, handle: Handle): KeyProof['attributes'] {
  const proven = demanded.map(({ name, type, value }) => {
    const actual = word(attribute(token, handle, type));
    if (actual !== String(value)) throw notProtected(name, actual, String(value));
    return { attribute: name, value: actual };
  });
  const advisory = token.quirks.advisoryAttributes.map((name) => ({
    attribute: name,
    value: word(attribute(token, handle, advisoryTypes[name] ?? 0)),
  }));
  return [...proven, ...advisory];
}

function readSpki(token: TokenSession, handle: Handle, algorithm: KeyAlgorithm): Buffer {
  const need = (type: number, name: string): Buffer => {
    const value = attribute(token, handle, type);
    if (value === null) throw notProtected(name, 'not told', 'the public key');
    return value;
  };
  const curve = curveOids[algorithm];
  if (curve !== undefined) {
    const point = token.quirks.ecPoint(need(ck.CKA_EC_POINT, 'CKA_EC_POINT'), curve.pointBytes);
    return der.sequence(der.sequence(der.oid(oids.ecPublicKey), der.oid(curve.oid)), der.bitString(point));
  }
  const key = der.sequence(
    der.unsignedInteger(need(ck.CKA_MODULUS, 'CKA_MODULUS')),
    der.unsignedInteger(need(ck.CKA_PUBLIC_EXPONENT, 'CKA_PUBLIC_EXPONENT')),
  );
  return der.sequence(der.sequence(der.oid(oids.rsaEncryption), der.nothing), der.bitString(key));
}

/** Signs a fresh challenge: true when the private key behind the handle is the one of this public key. */
export async function belongs(
  token: Pick<TokenSession, 'module' | 'session'>,
  handle: Handle,
  algorithm: KeyAlgorithm,
  publicKey: KeyObject,
): Promise<boolean> {
  // The words in front keep the challenge from ever being a structure that a signature could be used for.
  const challenge = Buffer.concat([Buffer.from('birthmark key proof\0'), randomBytes(32)]);
  const signature = await signDigest(token.module, token.session, handle, algorithm, digestOf(algorithm, challenge));
  return verifies(algorithm, publicKey, challenge, signature);
}

async function prove(token: TokenSession, handle: Handle, algorithm: KeyAlgorithm, publicKey: KeyObject): Promise<void> {
  if (!(await belongs(token, handle, algorithm, publicKey))) throw new Failure('SIGNATURE_INVALID', { method: 'C_Sign' });
}
