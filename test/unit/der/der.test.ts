import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assertStrictDer,
  der,
  DerError,
  DerReader,
  onlyElement,
  readNamedBits,
  readNumber,
  readOid,
  readTime,
  readUnsigned,
  tags,
  time,
} from '../../../src-main/der/index.ts';
import { newSerial } from '../../../src-main/station/ca/index.ts';
import { SerialHex } from '../../../src-main/contract/index.ts';

const limits = { maxDepth: 20, maxElements: 1000 };
const throwsDerError = (run: () => unknown): void => {
  expect(run).toThrow(DerError);
};

describe('what is written is read back', () => {
  it('numbers', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => value > 2 ** 48 || readNumber(onlyElement(der.integer(value))) === value));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const plain = Buffer.from(bytes)
          .toString('hex')
          .replace(/^(?:00)+(?=..)/u, '');
        return Buffer.from(readUnsigned(onlyElement(der.unsignedInteger(bytes)))).toString('hex') === plain;
      }),
    );
  });

  it('object identifiers', () => {
    const arcs = fc.tuple(fc.nat(2), fc.nat(39), fc.array(fc.nat(2 ** 31 - 1), { maxLength: 8 }));
    fc.assert(
      fc.property(arcs, ([first, second, rest]) => {
        const dotted = [first, second, ...rest].join('.');
        return readOid(onlyElement(der.oid(dotted))) === dotted;
      }),
    );
  });

  it('named bits', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(15), { minLength: 1 }), (bits) => {
        expect(readNamedBits(onlyElement(der.namedBits(bits)))).toEqual([...bits].sort((a, b) => a - b));
      }),
    );
  });

  it('times, to the second, from 1950 to 9999', () => {
    const range = { min: Date.UTC(1950, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59) };
    fc.assert(
      fc.property(fc.integer(range), (ms) => {
        const element = onlyElement(time(ms));
        expect(element.tag).toBe(new Date(ms).getUTCFullYear() < 2050 ? tags.utcTime : tags.generalizedTime);
        expect(readTime(element)).toBe(Math.floor(ms / 1000) * 1000);
      }),
    );
  });

  it('anything nested, strictly', () => {
    const { tree } = fc.letrec<{ tree: Buffer; leaf: Buffer }>((tie) => ({
      leaf: fc.oneof(
        fc.uint8Array({ maxLength: 300 }).map((bytes) => der.octetString(bytes)),
        fc.nat().map(der.integer),
        fc.boolean().map(der.boolean),
      ),
      tree: fc.oneof(
        { maxDepth: 5 },
        tie('leaf'),
        fc.array(tie('tree'), { maxLength: 4 }).map((parts) => der.sequence(...parts)),
      ),
    }));
    fc.assert(
      fc.property(tree, (bytes) => {
        assertStrictDer(bytes, limits);
      }),
    );
  });
});

describe('the switch at 2050', () => {
  it('is where RFC 5280 has it', () => {
    expect(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1', 2)).toBe('491231235959Z');
    expect(time(Date.UTC(2050, 0, 1)).toString('latin1', 2)).toBe('20500101000000Z');
  });

  it.each([
    ['without seconds', tags.utcTime, '2601010000Z'],
    ['with an offset', tags.utcTime, '260101000000+0100'],
    ['with parts of a second', tags.generalizedTime, '20600101000000.5Z'],
    ['in the wrong form for its year', tags.generalizedTime, '20260101000000Z'],
    ['on the 30th of February', tags.utcTime, '260230000000Z'],
    ['on the 29th of February of no leap year', tags.utcTime, '250229000000Z'],
    ['in month 13', tags.utcTime, '261301000000Z'],
    ['in month 0', tags.utcTime, '260001000000Z'],
    ['at 24 o’clock', tags.utcTime, '260101240000Z'],
    ['with letters', tags.utcTime, '26010100000xZ'],
  ])('a time %s is refused', (_, tag, text) => {
    throwsDerError(() => readTime(onlyElement(der.tlv(tag, Buffer.from(text)))));
  });
});

describe('the reader', () => {
  it('answers any bytes with elements or with a DerError, and never reads beyond them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const reader = new DerReader(bytes);
          let total = 0;
          while (!reader.done) total += reader.element().bytes.length;
          return total === bytes.length;
        } catch (error) {
          return error instanceof DerError;
        }
      }),
    );
  });

  it.each([
    ['a multi-byte tag', '1f2100'],
    ['an indefinite length', '30800000'],
    ['a length of five bytes', '30850000000001'],
    ['a padded length', '308200010000'],
    ['a long form for a short length', '308101ff'],
    ['a length beyond the data', '3005020101'],
    ['nothing', ''],
    ['half a header', '30'],
  ])('refuses %s', (_, hex) => {
    throwsDerError(() => onlyElement(Buffer.from(hex, 'hex')));
  });
});

describe('a new serial number', () => {
  it('is positive, has exactly 20 bytes and no leading zero, and does not come twice', () => {
    const serials = Array.from({ length: 2000 }, newSerial);
    for (const serial of serials) {
      expect(SerialHex.safeParse(serial).success).toBe(true);
      expect(der.unsignedInteger(Buffer.from(serial, 'hex'))).toHaveLength(22);
    }
    expect(new Set(serials).size).toBe(serials.length);
  });
});
