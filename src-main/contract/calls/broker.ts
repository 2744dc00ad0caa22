import { z } from 'zod';
import { DeviceName } from '../ids.ts';
import { BrokerView, ProbeStep, Verdict } from '../models.ts';
import { call, line, nothing, signedIn, slot } from './spec.ts';

export const brokerCalls = {
  'broker.status': call({ service: 'station', summary: 'The broker host', input: nothing, output: BrokerView.nullable(), roles: signedIn }),
  'verify.outstanding': call({
    service: 'station',
    summary: 'Prove the units that are NOT_VERIFIED and plugged in',
    input: nothing,
    output: z.array(z.object({ device: DeviceName, slot: z.int().nullable(), verdict: Verdict, code: z.string().nullable() })),
    roles: line,
  }),
  'verify.unit': call({
    service: 'station',
    summary: 'Ask the unit in a slot to connect to the broker again, with its own key',
    input: slot,
    output: z.object({ device: z.string(), connected: z.boolean(), stage: z.string(), detail: z.string() }),
    roles: signedIn,
  }),
  'verify.broker': call({
    service: 'station',
    summary: 'Check the way to the broker, step by step',
    input: nothing,
    output: z.array(ProbeStep),
    roles: signedIn,
  }),
} as const;
