import { z } from 'zod';

/** What a profile may call a failure; the catalogue of errors says what each means to whoever reads it. */
export const profileFailures = [
  'CONTENT_REJECTED',
  'DEVICE_BUSY',
  'DEVICE_REFUSED',
  'LOCKED',
  'NO_RESPONSE',
  'SLOT_OCCUPIED',
  'STORAGE_FULL',
  'UNVERIFIABLE',
  'VERIFY_MISMATCH',
  'WRONG_PROTOCOL',
] as const;
const failure = z.enum(profileFailures);
export type ProfileFailure = z.output<typeof failure>;

const maxSteps = 200;
const text = z.string().max(4000);
const name = z
  .string()
  .regex(/^[A-Za-z]\w{0,31}$/u)
  .describe('Name of a variable');
const pattern = z
  .string()
  .min(1)
  .max(1000)
  .describe('Regular expression for a whole line, from its first to its last character; named groups (?<name>…) set variables');
const ms = z.int().min(0).max(600_000);
const says = z.string().max(200).describe('What this means, for whoever reads the failure');

export const lineEnd = z.enum(['cr', 'lf', 'crlf', 'none']);
export type LineEnd = z.output<typeof lineEnd>;

const ErrorBranch = z
  .strictObject({
    match: pattern,
    failure: failure.default('DEVICE_REFUSED').describe('What it is called'),
    item: z.string().max(64).optional().describe('What the failure is about, e.g. certificate'),
    says: says.optional(),
  })
  .describe('A line that ends the wait with a failure');

const Capture = z.union([
  z.strictObject({
    match: pattern,
    optional: z.boolean().default(false).describe('It may be missing: its variables are empty then'),
  }),
  z
    .strictObject({
      begin: pattern,
      end: pattern,
      as: name,
      optional: z.boolean().default(false).describe('It may be missing: the variable is empty then'),
    })
    .describe('All lines from one that matches begin to one that matches end, such as a PEM block; nothing in between ends the wait'),
  z
    .strictObject({ after: pattern, bytes: text.describe('How many, e.g. ${item.length}'), as: name })
    .describe('So many bytes, exactly as they come, after the line that matches'),
]);

const patterns = z.union([pattern, z.array(pattern).min(1).max(20)]);

export const Expect = z
  .strictObject({
    ok: patterns.optional().describe('A line that ends the wait with success'),
    prompt: patterns.optional().describe('The same for text that no line end follows, such as > or login:'),
    errors: z
      .array(z.union([pattern, ErrorBranch]))
      .max(50)
      .optional()
      .describe('In addition to the errors of the whole profile'),
    captures: z.array(Capture).max(20).default([]).describe('What to take from the lines before the end'),
    timeoutMs: ms.optional().describe('Instead of exchangeMs; the time on the wire comes on top'),
  })
  .describe(
    'Waits for a line that ends the exchange; what else comes is passed over. Without ok and prompt it ends when everything was captured',
  );
export type Expect = z.output<typeof Expect>;

const SendStep = z.strictObject({
  send: text.describe('A line to send; ${name} puts a variable in'),
  times: text
    .optional()
    .describe('How often the text is sent before the line ends, e.g. ${item.length}: fills up data that a unit still waits for'),
  eol: lineEnd.optional().describe('What ends the line, instead of lineEnd of the profile'),
  expect: Expect.optional(),
});

export const SendBlob = z.strictObject({
  source: z.string().max(64).describe('An item of install'),
  encoding: z
    .enum(['pem', 'der', 'text', 'base64', 'hex'])
    .optional()
    .describe('How it travels: as it is (the item’s own encoding), or as base64 or hex of that'),
  chunk: z.int().min(1).max(8192).optional().describe('So many characters at a time; without it all at once'),
  before: text.optional().describe('Text before each chunk, e.g. a command'),
  after: text.optional().describe('Text after each chunk'),
  eol: lineEnd.default('none').describe('What ends each chunk'),
  expect: Expect.optional().describe('What to wait for after each chunk'),
  paceMs: ms.optional().describe('Time to leave between chunks, for units with a small input buffer'),
  terminator: text.optional().describe('What ends it all, e.g. \\u0003'),
});
export type SendBlob = z.output<typeof SendBlob>;

const Condition = z.strictObject({
  value: text,
  equals: text.optional(),
  matches: pattern.optional(),
  not: z.boolean().default(false).describe('Turns it round'),
});
export type Condition = z.output<typeof Condition>;

const Assert = Condition.extend({
  failure: failure.default('WRONG_PROTOCOL'),
  item: z.string().max(64).optional(),
  says: says.optional(),
});

const SetValue = z.union([
  text,
  z.strictObject({
    of: text,
    json: z
      .string()
      .regex(/^(?:\/[^/]*)*$/u)
      .max(200)
      .optional()
      .describe('Reads it as JSON and takes what is at this JSON pointer (RFC 6901), e.g. /id; empty where there is nothing'),
    unescape: z.boolean().optional().describe('Makes characters of \\n, \\", \\u0041 and the like, as JSON writes them'),
    decode: z.enum(['base64', 'base64url', 'hex', 'pem']).optional().describe('Makes bytes of text'),
    case: z.enum(['lower', 'upper']).optional(),
    trim: z.boolean().optional(),
  }),
]);
export type SetValue = z.output<typeof SetValue>;

const leaves = {
  send: SendStep.describe('Sends a line, and waits for its answer where expect is given'),
  expect: z.strictObject({ expect: Expect }),
  sendBlob: z.strictObject({ sendBlob: SendBlob }).describe('Sends an item'),
  set: z.strictObject({ set: z.record(name, SetValue) }).describe('Sets variables'),
  assert: z.strictObject({ assert: Assert }).describe('Fails unless the condition holds'),
  quiesce: z
    .strictObject({ quiesce: z.strictObject({ ms: ms.describe('So long nothing may come'), withinMs: ms.default(5000) }) })
    .describe('Waits until the unit is quiet, and forgets what came'),
  onAbort: z
    .strictObject({ onAbort: z.array(SendStep).max(10) })
    .describe('What to send when this section ends other than well from here on, e.g. Ctrl-C; replaces an earlier one'),
  echo: z
    .strictObject({ echo: z.enum(['on', 'off']) })
    .describe('Whether the unit repeats what it is sent from here on. Secrets are sent only where it does not'),
  fail: z.strictObject({ fail: z.strictObject({ failure, item: z.string().max(64).optional(), says: says.optional() }) }),
};

type Leaf = { [K in keyof typeof leaves]: z.output<(typeof leaves)[K]> }[keyof typeof leaves];
export interface RetryStep {
  readonly retry: { readonly n: number; readonly on: readonly ProfileFailure[]; readonly waitMs: number; readonly steps: readonly Step[] };
}
export interface IfStep {
  readonly if: Condition;
  readonly then: readonly Step[];
  readonly else?: readonly Step[] | undefined;
}
export type Step = Leaf | RetryStep | IfStep;

const Step: z.ZodType<Step> = z
  .lazy(() =>
    z.union([
      ...Object.values(leaves),
      z
        .strictObject({
          retry: z.strictObject({
            n: z.int().min(1).max(20).describe('How often at most'),
            on: z.array(failure).min(1).describe('After these failures'),
            waitMs: ms.default(0).describe('Time to leave between the tries'),
            steps: Steps,
          }),
        })
        .describe('Does the steps again after some failures'),
      z.strictObject({ if: Condition, then: Steps, else: Steps.optional() }),
    ]),
  )
  .meta({ id: 'Step' });

export const Steps: z.ZodType<readonly Step[]> = z.lazy(() => z.array(Step).max(maxSteps));
export const ProfileError = z.union([pattern, ErrorBranch]);
export type ProfileError = z.output<typeof ProfileError>;
export const linePattern = pattern;
export const template = text;
