import { app, dialog, session } from 'electron';
import { catalogue, events, exitCodes, explain, stackOf, toFailureData } from '../contract/index.ts';
import { declareAppScheme, serveApp } from './app-scheme.ts';
import { Bridge } from './bridge.ts';
import { connectBridge } from './bridge-port.ts';
import { Closing, Wakefulness } from './closing.ts';
import { openDesktopLog } from './log.ts';
import { setMenu } from './menu.ts';
import { findPaths, type Paths } from './paths.ts';
import { answerPermissions } from './permissions.ts';
import { blockDownloads, blockRequests, confine } from './security.ts';
import { WindowStation } from './services.ts';
import { WindowCaller } from './window-caller.ts';
import { WindowPage } from './window-page.ts';
import { openWindow } from './window.ts';
import { WritingSlots } from './writing-slots.ts';

/** Without a data folder there is nothing to open a window for, and nowhere to log. */
function pathsOrLeave(): Paths {
  try {
    return findPaths();
  } catch (thrown) {
    const { code, params, detail } = toFailureData(thrown);
    const { title, what, steps } = explain(code, params);
    const lines = [what, ...steps, ...(detail === undefined ? [] : [detail])];
    process.stderr.write(`${title}\n${lines.join('\n')}\n`);
    if (app.isPackaged) dialog.showErrorBox(title, lines.join('\n'));
    process.exit(exitCodes[catalogue[code].exit]);
  }
}

const paths = pathsOrLeave();
app.setPath('userData', paths.window);
const log = openDesktopLog(paths.data);
const refused = (what: string): void => log.say('warn', `BLOCKED ${what}`);

process.on('uncaughtException', (error) => {
  const { code, params } = toFailureData(error);
  const { title, what } = explain(code, params);
  log.say('error', `the main process ends: ${code} ${what}\n${stackOf(error)}`);
  log.writeNow();
  if (app.isPackaged) dialog.showErrorBox(title, `${what}\n\nThe log is ${paths.log}.`);
  app.exit(exitCodes.INTERNAL);
});
process.on('unhandledRejection', (reason) => {
  throw reason;
});

function run(): void {
  const own = session.defaultSession;
  const page = new WindowPage((line) => log.say('warn', line), paths.log);
  serveApp(own, { folder: paths.renderer, made: page.files, onMissing: (path) => page.missing(path) });
  blockRequests(own, refused);
  blockDownloads(own, refused);
  answerPermissions(own, refused);
  setMenu(!app.isPackaged);

  const window = openWindow({ preload: paths.preload, devTools: !app.isPackaged });
  page.load(window);
  const awake = new Wakefulness();
  const writing = new WritingSlots((now) => {
    awake.set(now);
    if (!now) closing.done();
  });
  const closing = new Closing(window, () => (station.runsHere ? writing.reasons() : []));

  const station = new WindowStation({
    paths,
    log,
    onEvent: (name, payload) => {
      if (!station.runsHere) watch(writing, name, payload);
      port.tell(name, payload);
    },
    onOwnEvent: (name, payload) => watch(writing, name, payload),
  });
  const caller = new WindowCaller((name, input, credential) => station.call(name, input, credential));
  const bridge = new Bridge({
    call: async (name, input) => {
      page.started();
      return caller.call(name, input);
    },
    onRefused: refused,
  });
  const port = connectBridge(window, bridge, refused);

  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      closing.allow();
      app.quit();
    });
  }
  let stopped = false;
  app.on('will-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    void station.stop().finally(async () => {
      await log.close();
      stopped = true;
      app.quit();
    });
  });
}

function watch(writing: WritingSlots, name: string, payload: unknown): void {
  if (name === 'slot.changed') {
    const slot = events['slot.changed'].safeParse(payload);
    if (slot.success) writing.see(slot.data);
  }
  if (name === 'service.changed') {
    const change = events['service.changed'].safeParse(payload);
    if (change.success && change.data.service === 'station' && change.data.state === 'restarting') writing.forget();
  }
}

declareAppScheme();
app.on('web-contents-created', (_event, contents) => confine(contents, refused));
app.on('window-all-closed', () => app.quit());
// One window per data folder: the lock lies in the folder that `userData` names.
if (app.requestSingleInstanceLock()) void app.whenReady().then(run);
else app.exit(0);
