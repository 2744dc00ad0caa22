import { crlSigner, crlUri, writeCrl } from '../../src-main/station/ca/index.ts';
import { crlBase, issueTerms, makeHierarchy, SignerBench } from '../support/signer.ts';
import { benchEntries } from './crl-entries.ts';

/** Writes one CRL in a process of its own, so that its peak memory is its own: `crl-child.ts ENTRIES PATH`. */
const [entries = '', path = ''] = process.argv.slice(2);
const bench = new SignerBench();
await bench.start();
const token = await bench.makeToken();
const { issuer } = await makeHierarchy(bench, token);
await bench.openSession(issueTerms(bench, token, issuer));
const now = bench.clock.now();
const start = performance.now();
const sign = crlSigner(bench.client, issuer.proof.key);
await sign.begin();
const { bytes } = await writeCrl({
  issuer: issuer.issuer,
  number: 1,
  thisUpdate: now,
  nextUpdate: now + 86_400_000,
  uri: crlUri(crlBase, 'issuer-1'),
  entries: () => benchEntries(Number(entries)),
  path,
  sign,
});
const ms = performance.now() - start;
await bench.stop();
console.log(JSON.stringify({ ms, bytes, peakMB: Math.round(process.resourceUsage().maxRSS / 1024) }));
