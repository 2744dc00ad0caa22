import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import { Failure, firstProblem } from '../../../contract/index.ts';
import type { Transcript } from '../transcript.ts';
import type { RequestOptions, SmpClient } from './client.ts';
import { commands, type Answer, type CommandName } from './commands.ts';
import type { SmpBody, SmpPacket } from './packet.ts';
import { isBusy, isNotSupported, refusalFailure, refusalOf, type Refusal } from './refusal.ts';

/** A busy unit is asked again this often. */
const BUSY_PAUSE_MS = 200;

export interface ProvisionOptions extends RequestOptions {
  /** How long a unit may say that it is busy. */
  readonly busyMs: number;
}

/** What a unit says to a command: its answer, or that it refuses, with what else it says then. */
export type AnswerTo<N extends CommandName> =
  { readonly refusal: null; readonly answer: Answer<N> } | { readonly refusal: Refusal; readonly body: SmpPacket['body'] };

/**
 * One command of the table. A busy unit is asked again until `busyMs` have passed.
 * @throws Failure WRONG_PROTOCOL for an answer of another shape; what `SmpClient.request` throws.
 */
export async function ask<N extends CommandName>(
  client: SmpClient,
  transcript: Transcript,
  name: N,
  body: SmpBody,
  options: ProvisionOptions,
): Promise<AnswerTo<N>> {
  const { group, op, id, answer: schema } = commands[name];
  const until = performance.now() + options.busyMs;
  for (;;) {
    transcript.sent(name, body);
    const answer = await client.request(op, group, id, body, options);
    transcript.received(name, answer);
    const refusal = refusalOf(answer);
    if (refusal === null) return { refusal, answer: checked(client.path, name, schema, answer) as Answer<N> };
    if (!isBusy(refusal) || performance.now() > until) return { refusal, body: answer };
    await pause(BUSY_PAUSE_MS, undefined, { signal: options.signal });
  }
}

/**
 * One command that must be answered.
 * @throws Failure by the unit's error code; DEVICE_BUSY when it stays busy; what `ask` throws.
 */
export async function provision<N extends CommandName>(
  client: SmpClient,
  transcript: Transcript,
  name: N,
  body: SmpBody,
  options: ProvisionOptions,
): Promise<Answer<N>> {
  const said = await ask(client, transcript, name, body, options);
  if (said.refusal !== null) throw refused(client.path, name, said.refusal, body);
  return said.answer;
}

function checked(path: string, name: CommandName, schema: z.ZodType, answer: unknown): unknown {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new Failure('WRONG_PROTOCOL', { path }, answerProblem(name, parsed.error));
  return parsed.data;
}

const answerProblem = (name: CommandName, error: z.ZodError): string => {
  const { field, problem } = firstProblem(error, 'it');
  return `answer to ${name}: ${field}: ${problem}`;
};

function refused(path: string, name: CommandName, refusal: Refusal, body: SmpBody): Failure {
  if (name === 'info' && isNotSupported(refusal)) {
    return new Failure(
      'WRONG_PROTOCOL',
      { path },
      'the unit speaks SMP, but has no provision group; one with a file system is for the driver smp-files',
    );
  }
  const { item, slot, hwid } = body;
  return refusalFailure(name, refusal, {
    ...(typeof item === 'string' ? { item } : {}),
    ...(typeof slot === 'number' ? { slot } : {}),
    ...(typeof hwid === 'string' ? { hwid } : {}),
  });
}
