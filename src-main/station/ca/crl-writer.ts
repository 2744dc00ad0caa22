import { createHash, createVerify } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, limits, unwrap, type KeyRef, type SignerClient, systemFailure } from '../../contract/index.ts';
import { der, hashFor } from '../../der/index.ts';
import { frameTbs, maxEntryBytes, writeEntry, type CrlEntry, type CrlHead } from './crl-encode.ts';

/** Where the pieces of a tbsCertList go, and where its signature comes from. */
export interface CrlSigner {
  /** Fails where nothing can be signed now, before there is any work to be lost. */
  begin(): Promise<void>;
  append(chunk: Uint8Array): Promise<void>;
  /** signatureValue. */
  finish(): Promise<Uint8Array>;
}

/** A CrlSigner on the signer service, for one CRL. */
export function crlSigner(signer: SignerClient, key: KeyRef): CrlSigner {
  let stream: string | null = null;
  const id = (): string => unwrap(stream, 'the signer was asked to begin');
  return {
    begin: async () => {
      stream = (await signer('sign.crl.begin', { key })).streamId;
    },
    append: async (chunk) => void (await signer('sign.crl.append', { streamId: id(), chunk })),
    finish: async () => (await signer('sign.crl.finish', { streamId: id() })).signature,
  };
}

/** The CrlSigner of a CRL that was signed before. */
export const knownSignature = (signature: Uint8Array): CrlSigner => ({
  begin: () => Promise.resolve(),
  append: () => Promise.resolve(),
  finish: () => Promise.resolve(signature),
});

export interface CrlRequest extends CrlHead {
  /** Read once, in one go; a database cursor inside one read transaction. */
  readonly entries: () => Iterable<CrlEntry>;
  /** The DER file. It is replaced in one step, or left as it was. */
  readonly path: string;
  /** Begun already. */
  readonly sign: CrlSigner;
}

export interface WrittenCrl {
  readonly number: number;
  readonly bytes: number;
  /** Of the whole DER, lower-case hex. */
  readonly sha256: string;
  readonly entries: number;
  readonly signature: Uint8Array;
}

/**
 * Writes a CRL with a bounded amount of memory: entries once from the cursor to a spool file, from there to the signer,
 * and then with the signature to the final file, which is verified, synced and renamed.
 * CRL_REJECTED when the signature does not fit; DISK_FULL; failures of the signer as they are.
 */
export async function writeCrl(request: CrlRequest): Promise<WrittenCrl> {
  const [spoolPath, newPath] = [`${request.path}.entries`, `${request.path}.new`];
  try {
    await using spool = await open(spoolPath, 'w+', 0o600);
    const { entries, bytes } = await spoolEntries(spool, request.entries());
    const frame = frameTbs(request, bytes);

    await request.sign.append(frame.before);
    for await (const chunk of chunksOf(spool, bytes)) await request.sign.append(chunk);
    await request.sign.append(frame.after);
    const signature = await request.sign.finish();

    const tbs = { before: frame.before, spool, bytes, after: frame.after };
    const written = await writeSigned(newPath, request, tbs, signature);
    await rename(newPath, request.path);
    await syncFolder(dirname(request.path));
    return { number: request.number, entries, signature, ...written };
  } catch (error) {
    await rm(newPath, { force: true });
    throw systemFailure(error, request.path) ?? error;
  } finally {
    await rm(spoolPath, { force: true });
  }
}

async function spoolEntries(spool: FileHandle, entries: Iterable<CrlEntry>): Promise<{ entries: number; bytes: number }> {
  const buffer = Buffer.alloc(limits.crlChunkBytes);
  let [count, bytes, filled] = [0, 0, 0];
  const flush = async (): Promise<void> => {
    await writeAll(spool, buffer.subarray(0, filled));
    bytes += filled;
    filled = 0;
  };
  for (const entry of entries) {
    if (filled + maxEntryBytes > buffer.length) await flush();
    filled = writeEntry(buffer, filled, entry);
    count++;
  }
  await flush();
  return { entries: count, bytes };
}

interface SpooledTbs {
  readonly before: Buffer;
  readonly spool: FileHandle;
  readonly bytes: number;
  readonly after: Buffer;
}

async function writeSigned(
  path: string,
  { issuer }: CrlHead,
  tbs: SpooledTbs,
  signature: Uint8Array,
): Promise<{ bytes: number; sha256: string }> {
  const tail = Buffer.concat([issuer.signatureAlgorithm, der.bitString(signature)]);
  const tbsBytes = tbs.before.length + tbs.bytes + tbs.after.length;
  const head = der.header(0x30, tbsBytes + tail.length);
  const [hash, verifier] = [createHash('sha256'), createVerify(hashFor(issuer.algorithm))];

  await using file = await open(path, 'w', 0o644);
  const write = async (chunk: Uint8Array, signed: boolean): Promise<void> => {
    const written = writeAll(file, chunk);
    // While it is on its way.
    hash.update(chunk);
    if (signed) verifier.update(chunk);
    await written;
  };
  await write(head, false);
  await write(tbs.before, true);
  for await (const chunk of chunksOf(tbs.spool, tbs.bytes)) await write(chunk, true);
  await write(tbs.after, true);
  await write(tail, false);
  if (!verifier.verify(issuer.publicKey, signature)) throw new Failure('CRL_REJECTED', { problem: 'its signature does not verify' });
  await file.sync();
  return { bytes: head.length + tbsBytes + tail.length, sha256: hash.digest('hex') };
}

/** Pieces of the spool, each a view of one buffer that is valid until the next one is asked for. */
async function* chunksOf(spool: FileHandle, bytes: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(Math.min(limits.crlChunkBytes, bytes));
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await spool.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
    if (bytesRead === 0) throw new Error('the spooled entries are shorter than what was written');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten;
}

/** Without this a rename may be lost with the power. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
