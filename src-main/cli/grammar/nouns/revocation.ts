import { limits, RevocationReason } from '../../../contract/index.ts';
import type { Noun, Option } from '../entry.ts';

const scope: Readonly<Record<string, Option>> = {
  issuer: { value: 'ID', help: 'of this issuer (default: the one that signs certificates now; issuers list names them)' },
  partition: { value: 'N', help: 'of this partition (default 0; crl list: all)' },
};
const crlFile = { word: 'FILE', required: true, file: 'read' } as const;

export const crl: Noun = {
  name: 'crl',
  summary: 'revocation lists: history, differences, publish a new one, look at and check any CRL file',
  commands: [
    {
      name: 'crl list',
      summary: 'the lists so far, newest first',
      options: scope,
      rows: true,
      examples: [{ line: 'crl list --partition 1' }],
      output: '{total, rows: [{issuer, partition, number, thisUpdate, nextUpdate, entries, added, dropped, publishedAt, …}]}',
      load: async () => (await import('../../commands/crl.ts')).listCrls,
    },
    {
      name: 'crl diff',
      summary: 'what came in and what left from list A to list B; of one number: from the list before',
      argument: { word: 'NUMBER', many: true, required: true, help: 'one number, or two' },
      options: { ...scope, limit: { value: 'N', short: 'n', help: 'entries of each kind at most (default 100, up to 500)' } },
      examples: [{ line: 'crl diff 41 44' }],
      output: '{from, to, added: […], dropped: […]}',
      load: async () => (await import('../../commands/crl.ts')).diff,
    },
    {
      name: 'crl export',
      summary: 'write any list that there ever was, bit for bit',
      argument: { word: 'NUMBER', required: true, help: 'its number' },
      options: {
        ...scope,
        out: { value: 'FILE', short: 'o', file: 'write', required: true, help: 'PEM when it ends in .pem, else DER' },
      },
      examples: [{ line: 'crl export 57 --out 57.pem' }],
      output: '{crl, out}',
      load: async () => (await import('../../commands/crl.ts')).exportCrl,
    },
    {
      name: 'crl publish',
      summary: 'build, sign and publish a new CRL now',
      options: {
        ...scope,
        above: { value: 'N', help: 'with a number above N, which a broker has seen already (registry restored from a backup)' },
      },
      pin: true,
      rows: true,
      examples: [{ line: 'crl publish --pin-file pin' }],
      output: 'as crl list',
      load: async () => (await import('../../commands/crl.ts')).publish,
    },
    {
      name: 'crl adopt',
      summary: 'after the registry was restored from a backup: take the revocations of the newest list in force that it does not know',
      argument: { ...crlFile, help: 'the list, DER or PEM' },
      options: {
        note: { value: 'TEXT', help: 'why, for the audit log; needed without --dry-run' },
        'dry-run': { help: 'only tell what would come in' },
      },
      pin: true,
      examples: [
        { line: 'crl adopt station/crl/device-92405269-57.crl --dry-run', about: 'what would come in' },
        { line: 'crl adopt station/crl/device-92405269-57.crl --note "the disk was replaced"' },
      ],
      output: '{dryRun, lists, others, adopted, entries}; entries are the first 20',
      load: async () => (await import('../../commands/crl-adopt.ts')).adopt,
    },
    {
      name: 'crl set-hours',
      summary: 'how long a list is good; it is renewed every hour',
      argument: { word: 'HOURS', required: true, help: `${String(limits.crlHours.min)} to ${String(limits.crlHours.max)}` },
      examples: [{ line: 'crl set-hours 48', about: 'from the next list on' }],
      output: '{nextUpdateHours, warning}',
      load: async () => (await import('../../commands/crl.ts')).setHours,
    },
    {
      name: 'crl show',
      summary: 'what a CRL file says, of anybody and of any size',
      argument: { ...crlFile, help: 'DER, or PEM with one list or several' },
      options: { limit: { value: 'N', short: 'n', help: 'entries to show (default 20, up to 500)' } },
      alone: true,
      examples: [{ line: 'crl show one.pem' }],
      output: '{crls: [{issuer, number, thisUpdate, nextUpdate, uri, authorityKeyId, algorithm, entries, bytes, sha256, notes, sample}]}',
      load: async () => (await import('../../commands/crl-file.ts')).showCrlFile,
    },
    {
      name: 'crl verify',
      summary: 'check a CRL file: signature, dates, scope; exit code 1 when something is wrong',
      argument: { ...crlFile, help: 'DER, or PEM with one list or several' },
      options: { ca: { value: 'FILE', file: 'read', help: 'certificate of its CA (default: the CAs of this station)' } },
      examples: [{ line: 'crl verify one.pem --ca ca.pem' }],
      output: '{crls: [{…, signedBy, problems}]}',
      load: async () => (await import('../../commands/crl-file.ts')).verifyCrlFile,
    },
    {
      name: 'crl serve',
      summary: 'serve revocation lists and CA certificates over plain HTTP, until Ctrl-C',
      options: {
        listen: { value: 'HOST:PORT', help: 'where (default 127.0.0.1:8089); the app then serves there, too' },
        off: { help: 'serve no more' },
      },
      examples: [{ line: 'crl serve --listen 127.0.0.1:8089' }],
      output: 'with --off {listen: null}',
      load: async () => (await import('../../commands/serve-crl.ts')).serveCrl,
    },
  ],
};

const id = { word: 'ID', required: true, help: 'the request' } as const;
const out = { value: 'FILE', short: 'o', file: 'write', required: true, help: 'where the file for the other station goes' } as const;
const answerNote = { value: 'TEXT', help: 'what the other station should know' } as const;

export const requests: Noun = {
  name: 'requests',
  summary: 'ask the station that issued a certificate to revoke it, and answer such requests',
  commands: [
    {
      name: 'requests list',
      summary: 'requests that were sent and received',
      options: { open: { help: 'only those that wait for an answer' } },
      rows: true,
      examples: [{ line: 'requests list --open' }],
      output: '{total, rows: [{id, direction, subject, fingerprint, reason, station, proven, state, answer, answeredBy, …}]}',
      load: async () => (await import('../../commands/requests.ts')).listRequests,
    },
    {
      name: 'requests create',
      summary: 'ask for the revocation of a certificate of another station',
      options: {
        certificate: { value: 'FILE', file: 'read', help: 'the certificate, PEM or DER' },
        fingerprint: { value: 'SHA256', help: 'its SHA-256 fingerprint, where only that is known' },
        reason: { value: 'REASON', short: 'r', required: true, choices: RevocationReason.options, help: 'why' },
        note: { value: 'TEXT', help: 'why, in words' },
        out,
      },
      examples: [{ line: 'requests create --certificate found.pem --reason keyCompromise --out request.json' }],
      output: '{request, out}',
      load: async () => (await import('../../commands/requests.ts')).createRequest,
    },
    {
      name: 'requests import',
      summary: 'take in a request, or an answer, of another station',
      argument: { word: 'FILE', required: true, file: 'read', help: 'its file' },
      examples: [{ line: 'requests import request.json' }],
      output: '{request}',
      load: async () => (await import('../../commands/requests.ts')).importRequest,
    },
    {
      name: 'requests accept',
      summary: 'accept a request: revokes the certificate',
      argument: id,
      options: { note: answerNote, out },
      pin: true,
      examples: [{ line: 'requests accept d071849b-e675-43d3-9f0a-c2fff44b3e33 --note "thank you" --out answer.json' }],
      output: '{request, out}',
      load: async () => (await import('../../commands/requests.ts')).acceptRequest,
    },
    {
      name: 'requests refuse',
      summary: 'refuse a request',
      argument: id,
      options: { note: answerNote, out },
      examples: [{ line: 'requests refuse d071849b-e675-43d3-9f0a-c2fff44b3e33 --note "not ours" --out answer.json' }],
      output: '{request, out}',
      load: async () => (await import('../../commands/requests.ts')).refuseRequest,
    },
    {
      name: 'requests export',
      summary: 'write the file of a request or an answer once more',
      argument: id,
      options: { out },
      examples: [{ line: 'requests export d071849b-e675-43d3-9f0a-c2fff44b3e33 --out again.json' }],
      output: '{request, out}',
      load: async () => (await import('../../commands/requests.ts')).exportRequest,
    },
  ],
};
