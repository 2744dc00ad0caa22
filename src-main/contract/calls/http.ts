import { z } from 'zod';
import { HttpListener, HttpListenerView } from '../models.ts';
import { call, nothing, officer, signedIn } from './spec.ts';

export const httpCalls = {
  'http.listeners': call({
    service: 'station',
    summary: 'What is served over HTTP, and where',
    input: nothing,
    output: z.array(HttpListenerView),
    roles: signedIn,
  }),
  'http.listen': call({
    service: 'station',
    summary: 'Serve over HTTP whenever the station runs; in the place of what was served under this name',
    input: HttpListener,
    output: HttpListenerView,
    roles: officer,
  }),
  'http.close': call({
    service: 'station',
    summary: 'Serve no more under this name',
    input: z.object({ name: z.string().max(32) }).strict(),
    output: z.array(HttpListenerView),
    roles: officer,
  }),
} as const;
