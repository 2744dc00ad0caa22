import { entry, type Entry } from './entry.ts';

/** The line. */
export const lineFailures = {
  NO_ORDER: entry(
    'REFUSED',
    'technician',
    'later',
    'No work order',
    'There is no work order on the line.',
    'Choose one: [screen: Choose a work order]. An officer can add one.',
  ),
  ORDER_COMPLETE: entry(
    'REFUSED',
    'technician',
    'never',
    'The work order is complete',
    'All {quantity} units of {order} are done.',
    'Choose the next work order: [screen: Change…].',
  ),
  STATION_STOPPED: entry(
    'FAILED',
    'technician',
    'same',
    'The station stopped during the run',
    'The station stopped at step “{step}”, and the run did not finish.',
    'Put the unit in again.',
  ),
  SLOT_RUNNING: entry(
    'REFUSED',
    'technician',
    'later',
    'A run is in progress in this slot',
    'Slot {slot} has a unit in a run.',
    'Wait for its verdict, or stop the run: [screen: Stop].',
  ),
  LABEL_MISMATCH: entry(
    'DEVICE',
    'technician',
    'other-input',
    'The label belongs to another unit',
    'The label says {label}, but this label or this unit ({unit}) already belongs to {device}.',
    'Scan the label that is on this unit.',
    'If this label is on the unit, set the unit aside and tell support.',
  ),
  PROOF_OVERDUE: entry(
    'FAILED',
    'technician',
    'same',
    'Not proven in time',
    'The unit was not proven on the broker before {deadline}. Its certificate is revoked.',
    'Put the unit in again.',
  ),
} as const satisfies Record<string, Entry>;
