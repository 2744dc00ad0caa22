import { BrowserWindow, nativeTheme } from 'electron';
import { startPage } from './app-scheme.ts';

export interface WindowOptions {
  readonly preload: string;
  readonly devTools: boolean;
  readonly log: (line: string) => void;
}

/** The one window: sandboxed, isolated, without Node. A page that crashed is loaded anew; the services did not notice. */
export function openWindow({ preload, devTools, log }: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 1024,
    minHeight: 640,
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#0f1216' : '#f4f5f7',
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      devTools,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    log(`the page's process is gone: ${reason}`);
    if (!window.isDestroyed() && reason !== 'clean-exit') window.webContents.reload();
  });
  window.webContents.on('unresponsive', () => log('the page does not answer'));
  window.webContents.on('preload-error', (_event, path, error) => log(`preload ${path}: ${error.message}`));
  void window.loadURL(startPage);
  return window;
}
