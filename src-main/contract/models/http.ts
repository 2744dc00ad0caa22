import { z } from 'zod';
import { FailureData } from '../errors.ts';

/** What a listener can serve. `crl` brings the certificates of the CAs with it. */
export const HttpServes = z.enum(['crl', 'api', 'metrics']);
export type HttpServes = z.infer<typeof HttpServes>;

const loopback = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/u;
const anyAddress = /^(?:0\.0\.0\.0|::)$/u;
const host = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9.:-]+$/u, 'must be a name or an address of this computer');

/** Where something is served, and what. */
export const HttpListener = z
  .object({
    name: z.string().regex(/^[a-z0-9-]{1,32}$/u, 'small letters, digits and "-" only, 1 to 32 of them'),
    host: host.default('127.0.0.1'),
    port: z.int().min(0).max(65_535),
    tls: z.boolean().default(true),
    /** Besides `host`: what this computer is called by those who call it; in the listener’s certificate. */
    names: z.array(host).max(20).default([]),
    serves: z.array(HttpServes).min(1),
  })
  .strict()
  .refine(({ tls, serves }) => tls || !serves.includes('api'), { path: ['tls'], message: 'is needed: the API is served with TLS only' })
  .refine(({ tls, serves, host: at }) => tls || loopback.test(at) || !serves.includes('metrics'), {
    path: ['tls'],
    message: 'is needed: without TLS, metrics are served to this computer only',
  })
  .refine(({ tls, names, host }) => !tls || !anyAddress.test(host) || names.length > 0, {
    path: ['names'],
    message: 'is needed: a certificate cannot name every address',
  });
export type HttpListener = z.infer<typeof HttpListener>;

export const HttpListenerView = z.object({
  name: z.string(),
  host: z.string(),
  /** The one in use, where a free one was asked for. */
  port: z.int(),
  tls: z.boolean(),
  names: z.array(z.string()),
  serves: z.array(HttpServes),
  up: z.boolean(),
  /** Why it is not up. */
  failure: FailureData.nullable(),
});
export type HttpListenerView = z.infer<typeof HttpListenerView>;
