import { app, type Session, type WebContents } from 'electron';
import { isOurPage, startPage } from './app-scheme.ts';

/** Says what was stopped. In development nothing is stopped quietly: it is a fault in our own page. */
export type OnRefused = (what: string) => void;

/** Every request that is not for our own files ends here; the page has no network. */
export function blockRequests(session: Session, onRefused: OnRefused): void {
  session.webRequest.onBeforeRequest((details, decide) => {
    const ours = isOurPage(details.url) || (!app.isPackaged && details.url.startsWith('devtools://'));
    if (!ours) onRefused(`request for ${details.url.slice(0, 200)}`);
    decide({ cancel: !ours });
  });
}

/** Downloads are files that a page writes; ours are written by the services. */
export function blockDownloads(session: Session, onRefused: OnRefused): void {
  session.on('will-download', (event, item) => {
    onRefused(`download of ${item.getURL().slice(0, 200)}`);
    event.preventDefault();
  });
}

/** A page stays where it is: no navigation, no new windows, no embedded pages. */
export function confine(contents: WebContents, onRefused: OnRefused): void {
  const stop = (event: { preventDefault: () => void }, what: string): void => {
    onRefused(what);
    event.preventDefault();
  };
  contents.on('will-navigate', (event, url) => {
    // Loading the same page anew is how the window recovers from a fault.
    if (url !== startPage) stop(event, `navigation to ${url.slice(0, 200)}`);
  });
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame) stop(event, `navigation of a frame to ${event.url.slice(0, 200)}`);
  });
  contents.on('will-redirect', (event, url) => stop(event, `redirect to ${url.slice(0, 200)}`));
  contents.on('will-attach-webview', (event) => stop(event, 'an embedded page'));
  contents.setWindowOpenHandler(({ url }) => {
    onRefused(`a new window for ${url.slice(0, 200)}`);
    return { action: 'deny' };
  });
}
