import * as fc from 'fast-check';
import forge from 'node-forge';
import { describe, expect, it } from 'vitest';
import { der, name, time } from '../../../src-main/der/index.ts';

/** What another library reads and writes again; the same bytes mean that ours were DER and nothing was left over. */
const rewritten = (bytes: Uint8Array): Buffer => {
  const tree = forge.asn1.fromDer(Buffer.from(bytes).toString('binary'), true);
  return Buffer.from(forge.asn1.toDer(tree).getBytes(), 'binary');
};

describe('what we write, as node-forge reads it', () => {
  it('integers and serial numbers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (magnitude) => {
        const bytes = der.unsignedInteger(magnitude);
        expect(rewritten(bytes)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('names in any script', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
        (commonName, organization) => {
          const bytes = name({ commonName, organization });
          expect(rewritten(bytes)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });

  it('times on both sides of 2050, to the second', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
        const bytes = time(date.getTime());
        const tree = forge.asn1.fromDer(Buffer.from(bytes).toString('binary'));
        const generalized = tree.type === forge.asn1.Type.GENERALIZEDTIME;
        expect(generalized).toBe(date.getUTCFullYear() >= 2050);
        const text = typeof tree.value === 'string' ? tree.value : '';
        const read = generalized ? forge.asn1.generalizedTimeToDate(text) : forge.asn1.utcTimeToDate(text);
        expect(read.getTime()).toBe(Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
  });

  it('structures of any depth and size', () => {
    const leaf = fc.uint8Array({ maxLength: 300 }).map((bytes) => der.octetString(bytes));
    const { tree } = fc.letrec<{ tree: Uint8Array }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }).map((parts) => der.sequence(...parts)),
      ),
    }));
    fc.assert(
      fc.property(tree, (bytes) => {
        expect(rewritten(bytes)).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
