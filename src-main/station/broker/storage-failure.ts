import { Failure } from '../../contract/index.ts';

/** What the file system refused, as something an administrator can act on; anything else stays the bug it is. */
export function storageFailure(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Failure('DISK_FULL', { path }, error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new Failure('DATA_DENIED', { path }, error);
  return error;
}
