import type { ErrorCode } from './catalogue/index.ts';

interface SystemError {
  readonly code: string;
  readonly path?: unknown;
  readonly syscall?: unknown;
}

/** Of Node (errno(3)) or of SQLite; not of a network connection, whose errors their owners explain. */
function asSystemError(thrown: unknown): SystemError | null {
  if (!(thrown instanceof Error) || 'address' in thrown || 'hostname' in thrown || !('code' in thrown) || typeof thrown.code !== 'string')
    return null;
  return 'errno' in thrown || thrown.code.startsWith('SQLITE_') ? (thrown as SystemError) : null;
}

const codes: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^(?:ENOSPC|EDQUOT|EFBIG|SQLITE_FULL)$/u, 'DISK_FULL'],
  [/^(?:EACCES|EPERM|EROFS)$|^SQLITE_(?:READONLY|CANTOPEN|PERM)/u, 'DATA_DENIED'],
  [/^(?:EIO|ENXIO|ENODEV|ESTALE|EUCLEAN)$|^SQLITE_IOERR/u, 'DISK_FAILED'],
  [/^(?:ENOENT|ENOTDIR)$/u, 'DATA_MISSING'],
  [/^E(?!RR_)/u, 'FILE_FAILED'],
];

/**
 * The failure that an administrator can act on, for what the operating system or the database refused; null for any other error.
 * `place`: the file or folder, where the error does not name it.
 */
export function failureOfSystem(
  thrown: unknown,
  place?: string,
): { readonly code: ErrorCode; readonly params: Readonly<Record<string, string>> } | null {
  const error = asSystemError(thrown);
  // A program that is not there or may not be started is the matter of whoever starts it.
  if (error === null || String(error.syscall).startsWith('spawn')) return null;
  if (error.code === 'EMFILE' || error.code === 'ENFILE') return { code: 'TOO_MANY_FILES', params: {} };
  const path = typeof error.path === 'string' ? error.path : place;
  const code = codes.find(([pattern]) => pattern.test(error.code))?.[1];
  if (path === undefined || code === undefined) return null;
  return { code, params: code === 'DISK_FAILED' || code === 'FILE_FAILED' ? { path, errno: error.code } : { path } };
}
