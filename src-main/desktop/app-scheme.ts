import { protocol, type Session } from 'electron';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

const scheme = 'app';
const origin = `${scheme}://birthmark`;
export const startPage = `${origin}/index.html`;
/** Takes the place of a start page that did not start. */
export const faultAddress = `${origin}/fault.html`;

export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

const headers = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Must be called before the app is ready. */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

/** Is this one of our own pages (whatever its file)? */
export const isOurPage = (url: string): boolean => url.startsWith(`${origin}/`);

/** The file of the renderer's folder that a URL names; null when it names none or one outside. */
export function fileFor(url: string, folder: string): string | null {
  const { host, pathname } = new URL(url);
  if (host !== 'birthmark') return null;
  const file = normalize(join(folder, decodeURIComponent(pathname)));
  return file.startsWith(folder + sep) && contentTypes[extname(file)] !== undefined ? file : null;
}

export interface AppFiles {
  /** Where the built renderer is. */
  readonly folder: string;
  /** Files that are made here, by their path: these are there even where the folder is damaged. */
  readonly made: Readonly<Record<string, () => string>>;
  readonly onMissing: (path: string) => void;
}

/** Serves the built renderer, and nothing else, to pages of this session. */
export function serveApp(session: Session, { folder, made, onMissing }: AppFiles): void {
  const answer = (body: string | Uint8Array<ArrayBuffer>, path: string): Response =>
    new Response(body, { headers: { ...headers, 'content-type': contentTypes[extname(path)] ?? '' } });
  session.protocol.handle(scheme, async (request) => {
    const path = new URL(request.url).pathname;
    const own = made[path];
    if (own !== undefined) return answer(own(), path);
    const file = request.method === 'GET' ? fileFor(request.url, folder) : null;
    try {
      if (file !== null) return answer(new Uint8Array(await readFile(file)), file);
    } catch {
      // Said below, like a file that was never ours.
    }
    onMissing(path);
    return new Response('not found', { status: 404, headers });
  });
}
