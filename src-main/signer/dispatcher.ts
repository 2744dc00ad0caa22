import type { z } from 'zod';
import { calls, Failure, limits, parseInput, signerCalls } from '../contract/index.ts';
import { Pin } from './pin.ts';

/** All that the signer answers: what the station asks for, and what a person does at a PIN dialog. */
const table = {
  ...signerCalls,
  'pin.terms': calls['pin.terms'],
  'pin.enter': calls['pin.enter'],
  'pin.onDevice': calls['pin.onDevice'],
  'pin.cancel': calls['pin.cancel'],
} as const;
type Table = typeof table;
type Name = keyof Table;

type Parsed<N extends Name> = N extends 'pin.enter' ? { readonly requestId: string; readonly pin: Pin } : z.output<Table[N]['input']>;
type Answer<N extends Name> = z.output<Table[N]['output']>;

/** One function for each call, with its input parsed and a PIN as bytes. */
export type Handlers = { readonly [N in Name]: (input: Parsed<N>) => Answer<N> | Promise<Answer<N>> };

/** Answers a message by its name. INVALID_INPUT for one that is no call or has another shape, PIN_INVALID for a PIN of the wrong length. */
export function dispatcher(handlers: Handlers): (name: string, input: unknown) => Promise<unknown> {
  const run = async <N extends Name>(name: N, input: unknown): Promise<unknown> => handlers[name](parse(name, input));
  return async (name, input) => {
    if (!isName(name)) throw new Failure('INVALID_INPUT', { field: 'call', problem: `the signer has no call ${name}` });
    return run(name, input);
  };
}

/**
 * INVALID_INPUT for a call that a person makes at a PIN dialog and that comes from the station, and the other way round: a station that was taken over
 * would answer its own requests, and use up the tries of the token.
 */
export function mustComeFrom(name: string, from: 'station' | 'person'): void {
  if (isName(name) && Object.hasOwn(signerCalls, name) !== (from === 'station'))
    throw new Failure('INVALID_INPUT', { field: 'call', problem: `the call ${name} is not for a ${from} to make` });
}

const isName = (name: string): name is Name => Object.hasOwn(table, name);

function parse<N extends Name>(name: N, input: unknown): Parsed<N> {
  return (name === 'pin.enter' ? parsePin(input) : parseInput(table[name].input, input, 'input')) as Parsed<N>;
}

/** The one place where a PIN is taken out of a message. */
function parsePin(input: unknown): Parsed<'pin.enter'> {
  try {
    const { requestId, pin } = parseInput(table['pin.enter'].input, input, 'input');
    return { requestId, pin: new Pin(pin) };
  } catch (error) {
    const aboutPin = error instanceof Failure && error.code === 'INVALID_INPUT' && error.params['field'] === 'pin';
    throw aboutPin ? new Failure('PIN_INVALID', limits.pinChars) : error;
  }
}
