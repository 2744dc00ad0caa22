import PDFDocument from 'pdfkit';
import type { TranscriptSignature } from '../registry/index.ts';
import { transcriptHash } from './transcript.ts';
import type { TranscriptBody } from './verify.ts';

type Line = readonly [label: string, value: string];

/** The transcript for people, A4. What counts is the JSON file, whose hash and signatures are in it. */
export function transcriptPdf(text: string, body: TranscriptBody, signatures: readonly TranscriptSignature[]): Promise<Buffer> {
  const document = new PDFDocument({
    size: 'A4',
    margin: 56,
    info: { Title: `Ceremony “${body.ceremony.name}”`, Author: 'Birthmark', CreationDate: new Date(body.writtenAt) },
  });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => void chunks.push(chunk));
  const done = new Promise<Buffer>((resolve) => document.once('end', () => resolve(Buffer.concat(chunks))));
  document.fontSize(18).text(printable(`Ceremony “${body.ceremony.name}”`));
  for (const [title, lines] of sections(text, body, signatures)) section(document, title, lines);
  document.end();
  return done;
}

function sections(text: string, body: TranscriptBody, signatures: readonly TranscriptSignature[]): [title: string, lines: Line[]][] {
  const { ceremony, token } = body;
  return [
    [
      'What, who and when',
      [
        ['Reason', ceremony.reason],
        ['Station', body.station],
        ['Begun', `${body.startedAt} by ${body.startedBy}`],
        ['Written', body.writtenAt],
        ...body.officers.map(({ name, at }): Line => ['Confirmed by', `${name}, ${at}`]),
        ['Plan (SHA-256)', ceremony.planSha256],
      ],
    ],
    [
      'Token',
      [
        ['Label', token.label],
        ['Serial number', token.serial],
        ['Model', `${token.manufacturer} ${token.model}`],
        ['Firmware', token.firmware],
      ],
    ],
    ...body.certificates.map((one): [string, Line[]] => {
      const key = body.keys[body.certificates.indexOf(one)];
      return [
        `CA: ${one.subject}`,
        [
          ['Role, id', `${one.role}, ${one.issuer}`],
          ['Signed by', one.signedBy],
          ['Serial number', one.serial],
          ['Valid', `${one.notBefore} to ${one.notAfter}`],
          ['SHA-256', one.sha256],
          ['Key', key === undefined ? '' : `${key.algorithm}, CKA_ID ${key.ckaId}, public key SHA-256 ${key.spkiSha256}`],
          ...(key?.attributes ?? []).map(({ attribute, value }): Line => [attribute, value]),
        ],
      ];
    }),
    ['The station’s own certificates', body.ownCertificates.map(({ use, subject, serial }): Line => [use, `${subject}, ${serial}`])],
    [
      'First revocation lists',
      body.revocationLists.map(({ issuer, number, sha256 }): Line => [issuer, `number ${String(number)}, SHA-256 ${sha256}`]),
    ],
    ['Steps', body.steps.filter(({ phase }) => phase === 'done').map(({ title, at, by }): Line => [at, `${title} (${by})`])],
    [
      'Signatures over transcript.json',
      [['SHA-256', transcriptHash(text)], ...signatures.map(({ role, hash, signature }): Line => [`${role} (${hash})`, signature])],
    ],
  ];
}

function section(document: PDFKit.PDFDocument, title: string, lines: readonly Line[]): void {
  if (lines.length === 0) return;
  document.moveDown(0.8).font('Helvetica-Bold').fontSize(12).text(printable(title)).moveDown(0.2).fontSize(9);
  for (const [label, value] of lines)
    document
      .font('Helvetica-Bold')
      .text(`${printable(label)}  `, { continued: true })
      .font('Helvetica')
      .text(printable(value));
}

/** The standard fonts have Windows-1252 only; what is not in it shows as a question mark, and stands whole in the JSON file. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e\xa0-\xff–—‘’“”…€]/gu, '?');
