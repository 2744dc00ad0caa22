import { ipcMain, type BrowserWindow, type MessagePortMain } from 'electron';
import { portChannel } from '../preload/api.ts';
import { isOurPage } from './app-scheme.ts';
import type { Bridge } from './bridge.ts';

export interface BridgePort {
  /** Sends an event to the page; lost while there is no page, which asks for the state when it loads. */
  tell(name: string, payload: unknown): void;
}

/**
 * Takes the MessagePort that the window's page hands over when it loads. One page, one port: a new one replaces the old,
 * and any other sender is refused.
 */
export function connectBridge(window: BrowserWindow, bridge: Bridge, onRefused: (what: string) => void): BridgePort {
  let port: MessagePortMain | null = null;
  ipcMain.on(portChannel, (event) => {
    const given = event.ports[0];
    const { senderFrame } = event;
    const ours = senderFrame !== null && senderFrame === window.webContents.mainFrame && isOurPage(senderFrame.url);
    if (!ours || given === undefined) {
      onRefused(`a port from ${senderFrame?.url ?? 'a frame that is gone'}`);
      given?.close();
      return;
    }
    port?.close();
    port = given;
    given.on('message', ({ data }) => {
      void bridge.answer(data).then((answer) => {
        if (answer !== null) given.postMessage(answer);
      });
    });
    given.on('close', () => {
      if (port === given) port = null;
    });
    given.start();
  });
  return {
    tell: (name, payload) => {
      const event = bridge.event(name, payload);
      if (event !== null) port?.postMessage(event);
    },
  };
}
