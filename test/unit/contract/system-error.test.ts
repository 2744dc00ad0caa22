import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { Failure, systemFailure, toFailureData } from '../../../src-main/contract/index.ts';

/** As Node and better-sqlite3 throw them. */
const ofNode = (code: string, more: Record<string, unknown> = { syscall: 'open', path: '/data/file' }): Error =>
  Object.assign(new Error(code), { code, errno: -1, ...more });
const ofSqlite = (code: string): Error => Object.assign(new Error(code), { code });

test.each([
  ['ENOSPC', 'DISK_FULL'],
  ['EDQUOT', 'DISK_FULL'],
  ['EFBIG', 'DISK_FULL'],
  ['EACCES', 'DATA_DENIED'],
  ['EPERM', 'DATA_DENIED'],
  ['EROFS', 'DATA_DENIED'],
  ['EIO', 'DISK_FAILED'],
  ['ESTALE', 'DISK_FAILED'],
  ['ENOENT', 'DATA_MISSING'],
  ['ENOTDIR', 'DATA_MISSING'],
  ['EMFILE', 'TOO_MANY_FILES'],
  ['ENFILE', 'TOO_MANY_FILES'],
])('%s of a file is %s', (errno, code) => {
  expect(toFailureData(ofNode(errno)).code).toBe(code);
});

test('every other errno of a file operation has a name, too', () => {
  const named = Object.keys(constants.errno).filter((errno) => systemFailure(ofNode(errno)) !== null);
  expect(named).toEqual(Object.keys(constants.errno));
  expect(systemFailure(ofNode('EBUSY'))?.toData()).toMatchObject({ code: 'FILE_FAILED', params: { path: '/data/file', errno: 'EBUSY' } });
});

test.each([
  ['SQLITE_FULL', 'DISK_FULL'],
  ['SQLITE_IOERR_FSYNC', 'DISK_FAILED'],
  ['SQLITE_READONLY_DBMOVED', 'DATA_DENIED'],
  ['SQLITE_CANTOPEN', 'DATA_DENIED'],
])('%s of a database is %s', (sqlite, code) => {
  expect(systemFailure(ofSqlite(sqlite), '/data/station.db')).toMatchObject({ code, params: { path: '/data/station.db' } });
});

test.each([
  ['a connection', ofNode('ECONNREFUSED', { syscall: 'connect', address: '127.0.0.1', port: 8883 })],
  ['a name that is not known', ofNode('ENOTFOUND', { syscall: 'getaddrinfo', hostname: 'broker' })],
  ['a program that is not there', ofNode('ENOENT', { syscall: 'spawn mosquitto', path: 'mosquitto' })],
  ['an error of our own', new TypeError('x is not a function')],
  ['a failure', new Failure('ECHO_MISSING', { device: 'acme/a', topic: 'b', ms: 1 })],
  ['a constraint of the database', ofSqlite('SQLITE_CONSTRAINT_UNIQUE')],
])('%s is not the file system’s', (_, thrown) => {
  expect(systemFailure(thrown, '/data')).toBeNull();
});
