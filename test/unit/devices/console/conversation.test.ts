import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Conversation } from '../../../../src-main/station/devices/console/conversation.ts';
import { errorBranch, Expectation, type Outcome } from '../../../../src-main/station/devices/console/expectation.ts';
import { Pattern } from '../../../../src-main/station/devices/console/pattern/index.ts';
import { Expect } from '../../../../src-main/station/devices/console/steps.ts';

const common = [errorBranch({ match: '\\+CME ERROR: (?:\\d+)', failure: 'DEVICE_REFUSED' })];
const expectation = (spec: unknown): Expectation => new Expectation(Expect.parse(spec), common, Number);
const captured = (outcome: Outcome | undefined): unknown => (outcome?.kind === 'ok' ? Object.fromEntries(outcome.captured) : outcome);

interface Talk {
  readonly conversation: Conversation;
  readonly heard: string[];
  readonly echoes: () => number;
}

function talk(rules: { prompts?: string[]; unsolicited?: string[] } = {}): Talk {
  const heard: string[] = [];
  let echoes = 0;
  const conversation = new Conversation(
    { prompts: rules.prompts ?? [], unsolicited: (rules.unsolicited ?? []).map((source) => Pattern.of(source)) },
    { onHeard: (kind, text) => heard.push(`${kind} ${text}`), onEcho: () => (echoes += 1) },
  );
  return { conversation, heard, echoes: () => echoes };
}

function outcomeOf({ conversation }: Talk, spec: unknown, ...chunks: readonly string[]): Outcome | undefined {
  let outcome: Outcome | undefined;
  conversation.expect(expectation(spec), (ended) => (outcome = ended));
  for (const chunk of chunks) conversation.receive(Buffer.from(chunk));
  return outcome;
}

describe('a wait', () => {
  test('ends with the line that is waited for, and no other', () => {
    expect(outcomeOf(talk(), { ok: 'OK' }, '+CEREG: 2\r\nOKAY\r\n NOK OK\r\n')).toBeUndefined();
    expect(captured(outcomeOf(talk(), { ok: 'OK' }, '+CEREG: 2\r\nOK\r\n'))).toEqual({});
  });

  test('ends with a line of the profile’s errors', () => {
    expect(outcomeOf(talk(), { ok: 'OK' }, '+CME ERROR: 513\r\n')).toMatchObject({ kind: 'error', line: '+CME ERROR: 513' });
  });

  test('is not ended by an OK or an error within a block that is captured', () => {
    const spec = { ok: 'OK', captures: [{ begin: '-----BEGIN .*', end: '-----END .*', as: 'pem' }] };
    const block = '-----BEGIN X-----\nOK\n+CME ERROR: 1\n-----END X-----\n';
    expect(captured(outcomeOf(talk(), spec, `${block}OK\n`))).toEqual({ pem: block });
  });

  test('takes what stands between, and names what is missing', () => {
    const spec = { ok: 'OK', captures: [{ match: 'id=(?<id>\\w+)' }, { match: 'fw=(?<fw>.+)', optional: true }] };
    expect(captured(outcomeOf(talk(), spec, 'id=7\nfw=1.2 (x)\nOK\n'))).toEqual({ id: '7', fw: '1.2 (x)' });
    expect(captured(outcomeOf(talk(), spec, 'id=7\nOK\n'))).toEqual({ id: '7', fw: '' });
    expect(outcomeOf(talk(), spec, 'OK\n')).toMatchObject({ missing: ['id=(?<id>\\w+)'] });
  });

  test('takes bytes as they are, line ends and results within them included', () => {
    const spec = { ok: 'OK', captures: [{ after: 'CONNECT', bytes: '9', as: 'content' }] };
    expect(captured(outcomeOf(talk(), spec, 'CONNECT\r\nOK\r\nERR\r', '\n\r\nOK\r\n'))).toEqual({ content: Buffer.from('OK\r\nERR\r\n') });
  });

  test('ends with a prompt that no line end follows, however it is cut', () => {
    for (const chunks of [['> '], ['>', ' '], ['\r\n> AT']]) expect(captured(outcomeOf(talk(), { prompt: '> ?' }, ...chunks))).toEqual({});
  });

  test('passes over prompts before an answer, what the unit repeats, and what comes unasked', () => {
    const shell = talk({ prompts: ['uart:~$ '], unsolicited: ['\\[\\d+\\] .*'] });
    shell.conversation.sending('cred list\r\n');
    expect(
      captured(
        outcomeOf(
          shell,
          { ok: '(?<n>\\d+) credentials found\\.' },
          'uart:~$ cred list\r\nuart:~$ [12] log\r\n',
          '0 credentials found.\r\n',
        ),
      ),
    ).toEqual({ n: '0' });
    expect(shell.echoes()).toBe(1);
  });

  test('is not ended by what came before the command was sent', () => {
    const late = talk();
    late.conversation.receive(Buffer.from('OK\r\nO'));
    late.conversation.forget();
    late.conversation.sending('AT\r');
    expect(outcomeOf(late, { ok: 'OK' }, 'K\r\n')).toBeUndefined();
  });

  test('finds what came after the command before anybody waited', () => {
    const early = talk();
    early.conversation.sending('AT\r');
    early.conversation.receive(Buffer.from('OK\r\n'));
    expect(captured(outcomeOf(early, { ok: 'OK' }))).toEqual({});
  });
});

describe('any bytes', () => {
  const spec = {
    ok: ['OK', '(?<n>\\d+) found'],
    prompt: ['> ', '.*login: '],
    captures: [
      { match: 'a=(?<a>.*)', optional: true },
      { begin: 'B', end: 'E', as: 'b', optional: true },
    ],
  };
  const piece = fc.oneof(
    fc.constantFrom(
      'OK\r\n',
      '12 found\n',
      '> ',
      'login: ',
      'a=b\r\n',
      'B\n',
      'E\n',
      '$ ',
      '+CME ERROR: 3\r\n',
      '\u001b[2K',
      'AT\r\n',
      '[1] x\n',
    ),
    fc.string({ maxLength: 6 }),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );

  test('end a wait in the same way, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(9), { maxLength: 60 }), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''), 'latin1');
        const run = (chunks: readonly Buffer[]): unknown => {
          const one = talk({ prompts: ['$ '], unsolicited: ['\\[\\d\\] .*'] });
          one.conversation.sending('AT\r\n');
          let outcome: Outcome | undefined;
          one.conversation.expect(expectation(spec), (ended) => (outcome = ended));
          for (const chunk of chunks) one.conversation.receive(chunk);
          return [captured(outcome), one.heard, one.conversation.lastHeard];
        };
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)));
        chunks.push(bytes.subarray(at));
        expect(run(chunks)).toEqual(run([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  test('may be there before they are waited for, also those that are no lines', () => {
    const early = talk();
    early.conversation.receive(Buffer.from('CONNECT\r\nO'));
    early.conversation.receive(Buffer.from('K\r\nERR\r\n\r\nOK\r\nOK'));
    const spec = { ok: 'OK', captures: [{ after: 'CONNECT', bytes: '9', as: 'content' }] };
    expect(captured(outcomeOf(early, spec))).toEqual({ content: Buffer.from('OK\r\nERR\r\n') });
    // What stands behind the end waits for the next one.
    expect(captured(outcomeOf(early, { ok: 'OK' }, '\r\n'))).toEqual({});
  });

  test('that nobody asked for are kept within bounds', () => {
    const noisy = talk();
    const before = process.memoryUsage().heapUsed;
    const flood = Buffer.from(`${'noise '.repeat(100)}\n`.repeat(16));
    for (let index = 0; index < 1000; index++) noisy.conversation.receive(flood);
    noisy.heard.length = 0;
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
    // The newest are still there.
    noisy.conversation.receive(Buffer.from('OK\n'));
    expect(captured(outcomeOf(noisy, { ok: 'OK' }))).toEqual({});
  });
});
