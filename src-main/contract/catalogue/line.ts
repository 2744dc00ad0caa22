import { entry, type Entry } from './entry.ts';

/** The line. */
export const lineFailures = {
  NO_ORDER: entry(
    'REFUSED',
    'technician',
    'later',
    'No work order',
    'Nothing was put on the line yet.',
    'Pick a work order; an officer can add one.',
  ),
  ORDER_COMPLETE: entry(
    'REFUSED',
    'technician',
    'never',
    'The work order is complete',
    'All {quantity} units of {order} are done.',
    'Pick the next work order.',
  ),
  STATION_STOPPED: entry(
    'FAILED',
    'technician',
    'same',
    'The station stopped during the run',
    'The station stopped at step “{step}”; the run was not finished.',
    'Put the unit in again.',
  ),
  SLOT_RUNNING: entry(
    'REFUSED',
    'technician',
    'later',
    'A unit is being made in this slot',
    'Slot {slot} has a run under way.',
    'Wait for its verdict, or cancel it.',
  ),
  LABEL_MISMATCH: entry(
    'DEVICE',
    'technician',
    'other-input',
    'The label belongs to another unit',
    'The label says {label}, but this label or this unit ({unit}) belongs to {device} already.',
    'Scan the label that is on this unit.',
    'If it is on this unit, set the unit aside: two labels were mixed up.',
  ),
  PROOF_OVERDUE: entry(
    'FAILED',
    'technician',
    'same',
    'Not proven in time',
    'The unit was not proven on the broker before {deadline}; its certificate was revoked.',
    'Put the unit in again.',
  ),
} as const satisfies Record<string, Entry>;
