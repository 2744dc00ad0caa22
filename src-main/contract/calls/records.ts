import { z } from 'zod';
import { TenantId } from '../ids.ts';
import { RecordsHost, RecordsProblem, RecordsView } from '../models.ts';
import { call, done, officer, page, pageOf, signedIn } from './spec.ts';

export const recordsCalls = {
  'records.list': call({
    service: 'station',
    summary: 'The central databases that this station writes to: their state, what waits for them, and since when',
    input: z.object({}).strict(),
    output: z.array(RecordsView),
    roles: signedIn,
  }),
  'records.certificate': call({
    service: 'station',
    summary: 'The client certificate by which this station proves itself to central databases; made when it is first asked for',
    input: z.object({}).strict(),
    output: z.object({ station: z.string(), commonName: z.string(), role: z.string(), pem: z.string() }),
    roles: officer,
  }),
  'records.register': call({
    service: 'station',
    summary:
      'What the administrator of a central database registers: this station, the tenants whose devices it records, and its CAs, each with a signature by its key',
    input: z.object({ tenants: z.array(TenantId).max(1000).default([]) }).strict(),
    output: z.object({ station: z.string(), tenants: z.array(z.string()), issuers: z.array(z.string()), file: z.string() }),
    roles: officer,
  }),
  'records.connect': call({
    service: 'station',
    summary: 'Write to this central database from now on, after a look whether it takes us; everything is sent to it',
    input: z.object({ at: RecordsHost }).strict(),
    output: RecordsView,
    roles: officer,
  }),
  'records.disconnect': call({
    service: 'station',
    summary: 'Write to this central database no longer; what it was owed is dropped',
    input: z.object({ name: z.string().min(1).max(400) }).strict(),
    output: done,
    roles: officer,
  }),
  'records.settle': call({
    service: 'station',
    summary: 'Wait until nothing waits for the central databases; fails with the first reason why something does',
    input: z.object({ timeoutMs: z.int().min(100).max(3_600_000).default(60_000) }).strict(),
    output: z.array(RecordsView),
    roles: signedIn,
  }),
  'records.problems': call({
    service: 'station',
    summary: 'What a central database did not take, or has otherwise: device names of other stations, lists, records',
    input: z.object({ limit: page.limit, cursor: page.cursor }).strict(),
    output: pageOf(RecordsProblem),
    roles: signedIn,
  }),
} as const;
