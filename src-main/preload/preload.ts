import { contextBridge, ipcRenderer } from 'electron';
import type { Outcome } from '../contract/index.ts';
import { portChannel, type BirthmarkApi, type BridgeMessage, type BridgeRequest } from './api.ts';

const { port1: port, port2: mainsPort } = new MessageChannel();
const waiting = new Map<number, (outcome: Outcome<unknown>) => void>();
const listeners = new Map<string, Set<(payload: unknown) => void>>();
let nextId = 1;

port.onmessage = ({ data }: MessageEvent<BridgeMessage>): void => {
  if (data.kind === 'event') {
    for (const listener of listeners.get(data.name) ?? []) listener(data.payload);
    return;
  }
  waiting.get(data.id)?.(data.outcome);
  waiting.delete(data.id);
};

function call(name: string, input: unknown): Promise<Outcome<unknown>> {
  return new Promise((resolve) => {
    const request: BridgeRequest = { id: nextId++, name, input };
    waiting.set(request.id, resolve);
    port.postMessage(request);
  });
}

function on(event: string, listener: (payload: unknown) => void): () => void {
  const those = listeners.get(event) ?? new Set();
  listeners.set(event, those.add(listener));
  return () => those.delete(listener);
}

// The types are the contract's; names and values are checked where they arrive, in the main process and in the service.
const api = { call, on } as BirthmarkApi;
contextBridge.exposeInMainWorld('birthmark', api);
// Not before the page is there: only then does the main process see whose port it is. Calls made earlier wait in the port.
window.addEventListener('DOMContentLoaded', () => ipcRenderer.postMessage(portChannel, null, [mainsPort]), { once: true });
