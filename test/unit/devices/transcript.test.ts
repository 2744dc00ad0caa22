import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TranscriptLine } from '../../../src-main/station/devices/index.ts';
import { printable, redact, Transcript } from '../../../src-main/station/devices/transcript.ts';

function written(work: (transcript: Transcript) => void): TranscriptLine[] {
  const lines: TranscriptLine[] = [];
  work(new Transcript((line) => lines.push(line)));
  return lines;
}

describe('a transcript', () => {
  test('shows byte strings by their length only, also in maps within', () => {
    const secret = randomBytes(48);
    const lines = written((transcript) => {
      transcript.sent('write', { slot: 0, data: secret });
      transcript.received('x', {
        err: new Map<string, unknown>([
          ['group', 64],
          ['raw', secret],
        ]),
      });
    });
    expect(lines.map(({ text }) => text)).toEqual(['write slot=0 data=‹48 bytes›', 'x err={group=64 raw=‹48 bytes›}']);
    expect(lines[0]).toMatchObject({ direction: 'to-unit', at: expect.stringMatching(/^\d{4}-.*Z$/u) as string });
  });

  test('leaves out PEM, hex and base64 that a unit logs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), fc.constantFrom('hex', 'base64', 'base64url', 'pem'), (bytes, form) => {
        const secret = Buffer.from(bytes).toString(form === 'pem' ? 'base64' : form);
        const shown = form === 'pem' ? `-----BEGIN EC PRIVATE KEY-----\n${secret}\n-----END EC PRIVATE KEY-----` : secret;
        const [line] = written((transcript) => transcript.log(Buffer.from(`key: ${shown} ok`)));
        expect(line?.text).not.toContain(secret.slice(8, 24));
        expect(line?.text).toMatch(/^log: key: ‹redacted›/u);
      }),
    );
    expect(redact('temperature 21.5 C, supply 3301 mV')).toBe('temperature 21.5 C, supply 3301 mV');
  });

  test('keeps a bounded number of log lines of bounded length', () => {
    const lines = written((transcript) => {
      for (let i = 0; i < 1000; i++) transcript.log(Buffer.alloc(10_000, 0x2e));
    });
    expect(lines.length).toBeLessThan(60);
    expect(lines.at(-1)?.text).toMatch(/not kept/u);
    for (const { text } of lines) expect(text.length).toBeLessThan(250);
  });

  test('is one line of printable text whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(printable(bytes)).toMatch(/^\P{C}*$/u);
      }),
    );
  });
});
