import { app, dialog, type BrowserWindow } from 'electron';
import { faultAddress, startPage } from './app-scheme.ts';
import { faultPage, faultStyle, faultText } from './fault-page.ts';
import { PageStart } from './page-start.ts';

/** Chrome's code of a load that another load took over from. */
const aborted = -3;
const consoleErrorLevel = 3;

/** The text of an error in the console. Newer Electron has it in the event, older ones after it. */
function consoleError([event, level, message]: readonly unknown[]): string | null {
  const newer = event as { readonly level?: unknown; readonly message?: unknown };
  if (newer.level === 'error') return String(newer.message);
  return level === consoleErrorLevel ? String(message) : null;
}

/** The page of the window, or why it is not there. The services do not notice what happens to it. */
export class WindowPage {
  readonly #log: (line: string) => void;
  readonly #logFile: string;
  #start: PageStart | undefined;
  #reason = '';

  constructor(log: (line: string) => void, logFile: string) {
    this.#log = log;
    this.#logFile = logFile;
  }

  /** What takes the page's place: made here, because the app's own files may be what is damaged. */
  readonly files = {
    '/fault.html': (): string => faultPage(this.#reason, this.#logFile, startPage),
    '/fault.css': (): string => faultStyle,
  };

  /** A file of the page was asked for and is not there. */
  missing(path: string): void {
    this.#log(`there is no file ${path} for the page`);
    this.#start?.error(`its file ${path} is not there`);
  }

  /** The page made a call. */
  started(): void {
    this.#start?.started();
  }

  load(window: BrowserWindow): void {
    const { webContents } = window;
    const start = new PageStart({
      reload: () => webContents.reload(),
      explain: (reason) => {
        this.#reason = reason;
        this.#log(`the window did not start: ${reason}`);
        if (window.isDestroyed()) return;
        window.show();
        void webContents.loadURL(faultAddress).catch(() => undefined);
      },
      giveUp: (reason) => this.#tell(reason),
    });
    this.#start = start;
    webContents.on('did-start-navigation', ({ url, isMainFrame, isSameDocument }) => {
      if (isMainFrame && !isSameDocument && url === startPage) start.loading();
    });
    webContents.on('did-navigate', (_event, url, status) => {
      if (url === startPage && status >= 400) start.failed('its file /index.html is not there');
    });
    webContents.on('did-fail-load', (_event, code, description, url, isMainFrame) => {
      if (isMainFrame && url === startPage && code !== aborted) start.failed(description);
    });
    webContents.on('did-finish-load', () => start.loaded());
    webContents.on('console-message', (...given: readonly unknown[]) => {
      const text = consoleError(given);
      if (text !== null) start.error(text);
    });
    webContents.on('preload-error', (_event, path, error) => {
      this.#log(`preload ${path}: ${error.message}`);
      start.failed(error.message);
    });
    webContents.on('render-process-gone', (_event, { reason }) => {
      this.#log(`the page's process is gone: ${reason}`);
      if (!window.isDestroyed() && reason !== 'clean-exit') start.died(reason);
    });
    webContents.on('unresponsive', () => this.#log('the page does not answer'));
    void webContents.loadURL(startPage).catch(() => undefined);
  }

  /** No page has a process, so the system says it. */
  #tell(reason: string): void {
    const { title, lines } = faultText(reason, this.#logFile);
    this.#log(`the window cannot show why either: ${reason}`);
    void dialog
      .showMessageBox({ type: 'error', title: 'Birthmark', message: title, detail: lines.join('\n\n'), buttons: ['Close Birthmark'] })
      .then(() => app.quit());
  }
}
