import { z } from 'zod';
import { commonProfile } from '../profile-fields.ts';
import { lineEnd, linePattern, ProfileError, Steps, template } from './steps.ts';

const itemName = z.string().regex(/^[a-z][a-z0-9._-]{0,31}$/u);

const InstallItem = z.strictObject({
  item: itemName.describe('Its name in this profile'),
  source: z
    .enum(['certificate', 'certificate-chain', 'trust-anchors', 'key', 'text'])
    .describe('certificate: the unit’s own alone; certificate-chain: with its issuers; key: made by the station'),
  encoding: z.enum(['pem', 'der', 'text']).default('pem').describe('What the unit stores'),
  eol: z
    .enum(['lf', 'crlf', 'escaped'])
    .default('lf')
    .describe('Line ends of PEM. escaped: sent as the two characters \\n. The digest is taken over what is stored'),
  escapedAs: z.enum(['lf', 'crlf']).default('lf').describe('What the unit makes of an escaped line end when it stores it'),
  finalEol: z.boolean().default(true).describe('PEM ends with a line end'),
  nul: z.boolean().default(false).describe('The unit stores a NUL after it, which the station does not send'),
  keyFormat: z.enum(['pkcs8', 'sec1']).default('pkcs8').describe('sec1: EC PRIVATE KEY, for units that read nothing else'),
  text: template.optional().describe('Content of a text item, e.g. broker settings with ${broker.host}'),
  write: Steps.describe('Stores it'),
  readBack: z
    .strictObject({
      steps: Steps,
      digest: template.describe('What the unit tells of the stored item, e.g. ${stored}; empty: it is not there'),
      form: z
        .enum(['sha256-hex', 'sha256-base64', 'md5-hex', 'content', 'content-base64', 'content-hex'])
        .describe('What that is. content: the bytes themselves'),
      of: z.enum(['stored', 'der']).default('stored').describe('der: over the certificate’s DER, whatever it was sent as'),
    })
    .optional()
    .describe('Reads it back. Without this the verdict names the gap'),
});
export type InstallItemSpec = z.output<typeof InstallItem>;

const Variable = z.union([
  template,
  z.strictObject({ value: template, secret: z.literal(true) }),
  z.strictObject({ file: z.string().min(1).max(1000).describe('A file that only its owner may read'), secret: z.literal(true) }),
]);

export const ConsoleProfileFile = commonProfile.extend({
  driver: z.literal('console').describe('console: a dialogue in lines (AT commands, a shell), as written in this profile'),
  summary: z.string().max(300).describe('For what kind of units'),
  manual: z
    .array(z.strictObject({ title: z.string().max(200), version: z.string().max(60) }))
    .min(1)
    .describe('Whose commands these are: the maker’s manual, and which issue of it'),
  unconfirmed: z.array(z.string().max(500)).default([]).describe('What no manual confirms and nobody has tried on hardware'),
  warnings: z
    .array(z.string().max(300))
    .default([])
    .describe('What whoever uses this profile must know, e.g. that the key can be read out'),
  keyAlgorithm: z.enum(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072']),
  lineEnd: lineEnd.default('crlf').describe('What ends a line that is sent'),
  echo: z.enum(['on', 'off']).default('on').describe('Whether the unit repeats what it is sent, at the beginning'),
  prompts: z
    .array(z.string().min(1).max(100))
    .default([])
    .describe('Text that stands before an answer on the same line, such as uart:~$ ; not a pattern'),
  unsolicited: z.array(linePattern).max(50).default([]).describe('Lines that come at any time and mean nothing here'),
  errors: z.array(ProfileError).max(100).default([]).describe('Lines that end every wait with a failure'),
  variables: z
    .record(z.string().regex(/^[A-Za-z]\w{0,31}$/u), Variable)
    .default({})
    .describe('Values used below as ${name}'),
  attestation: z.enum(['nordic-cose']).optional().describe('What generateKey sets as attestation'),
  open: Steps.optional().describe('Wakes the unit and tells whether it is one of these; never sends a secret but to log in'),
  identify: Steps.describe(
    'Sets hardwareId, and where the unit tells: model, firmware, locked (yes or no), provisioned (yes or no), selfTests (no: this unit lacks what selfTest needs)',
  ),
  generateKey: Steps.optional().describe('Makes a key for ${commonName} on the unit; sets csr, and attestation where there is one'),
  install: z.array(InstallItem).max(20).describe('What is written to the unit, in this order'),
  possession: Steps.optional().describe(
    'Signs the bytes of ${challenge} (hex; ${challengeBase64}) with the unit’s key and SHA-256; sets signature',
  ),
  activate: Steps.optional(),
  selfTest: Steps.optional().describe(
    'The unit connects to its broker, publishes ${nonce} under ${verifyTopic} and tries ${foreignTopic}; sets connected and echoed (yes or no), foreignReason, stage, detail',
  ),
  lock: Steps.optional(),
  erase: Steps.optional(),
  leave: Steps.optional().describe('Before the line is closed'),
});

export type ConsoleProfile = Omit<z.output<typeof ConsoleProfileFile>, '$schema'>;

/** Sections that are a list of steps. */
export const sections = ['open', 'identify', 'generateKey', 'possession', 'activate', 'selfTest', 'lock', 'erase', 'leave'] as const;
export type Section = (typeof sections)[number];
