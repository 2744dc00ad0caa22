import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure, RecordsHost } from '../../../src-main/contract/index.ts';
import { columnsOf } from '../../../src-main/station/central-records/arrays.ts';
import { named, RecordRefused } from '../../../src-main/station/central-records/failures.ts';

const at = RecordsHost.parse({ host: 'db.example' });
const said = (code: string, message = 'no'): Error => Object.assign(new Error(message), { code, severity: 'ERROR' });
const node = (code: string | undefined, message = 'no'): Error => Object.assign(new Error(message), { code });

test.each([
  ['RECORDS_AWAY', said('57P03', 'the database system is starting up')],
  ['RECORDS_AWAY', said('53300', 'too many clients')],
  ['RECORDS_AWAY', said('53100', 'disk full')],
  ['RECORDS_AWAY', said('57014', 'statement timeout')],
  ['RECORDS_AWAY', node('ECONNREFUSED')],
  ['RECORDS_AWAY', node(undefined, 'Connection terminated unexpectedly')],
  ['RECORDS_NO_DATABASE', said('3D000')],
  ['RECORDS_REFUSED', said('28000')],
  ['RECORDS_REFUSED', said('42501', 'permission denied')],
  ['RECORDS_REFUSED', node('ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED')],
  ['RECORDS_UNTRUSTED', node('UNABLE_TO_VERIFY_LEAF_SIGNATURE')],
  ['RECORDS_UNTRUSTED', node('ERR_TLS_CERT_ALTNAME_INVALID')],
  ['RECORDS_UNTRUSTED', node('CERT_HAS_EXPIRED')],
  ['RECORDS_UNTRUSTED', node(undefined, 'The server does not support SSL connections')],
  ['RECORDS_FAILED', said('42703', 'no such column')],
  ['RECORDS_FAILED', said('XX000')],
])('%s', (code, thrown) => {
  const failure = named(thrown, at, 'abcd');
  expect(failure instanceof Failure ? [failure.code, failure.params['host']] : failure).toEqual([code, 'db.example']);
});

test.each(['23505', '23514', '22021', '55P03'])('%s is about one record', (code) =>
  expect(named(said(code), at, 'abcd')).toBeInstanceOf(RecordRefused),
);

/** PostgreSQL's own reading of an array literal, 8.15.6. */
function read(literal: string): (string | null)[] {
  const cells: (string | null)[] = [];
  const cell = /"((?:[^"\\]|\\.)*)"|([^,{}"]+)/gsu;
  for (const [, quoted, bare] of literal.slice(1, -1).matchAll(cell))
    cells.push(quoted === undefined ? (bare === 'NULL' ? null : (bare ?? null)) : quoted.replace(/\\(.)/gsu, '$1'));
  return cells;
}

test('whatever text is in a column, PostgreSQL reads the same text', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'NULL', 'null', '{}', '"', '\\', 'a,b', ' ', '\n', "'"));
  fc.assert(
    fc.property(fc.array(fc.option(text), { minLength: 1, maxLength: 20 }), (cells) => {
      expect(columnsOf(cells, [(value) => value]).map(read)).toEqual([cells]);
    }),
  );
  expect(columnsOf([], [() => 'x'])).toEqual(['{}']);
});
