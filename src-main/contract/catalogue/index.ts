import { backupsFailures } from './backups.ts';
import { brokerFailures } from './broker.ts';
import { ceremonyFailures } from './ceremony.ts';
import { certificatesFailures } from './certificates.ts';
import { diagnosisFailures } from './diagnosis.ts';
import { deliveryFailures } from './delivery.ts';
import { lineFailures } from './line.ts';
import { programFailures } from './program.ts';
import { recordsFailures } from './records.ts';
import { sessionFailures } from './session.ts';
import { tokenFailures } from './token.ts';
import { unitsFailures } from './units.ts';

export { exitCodes, type Entry, type ExitName } from './entry.ts';

/** The one place of every expected failure, by code. */
export const catalogue = {
  ...programFailures,
  ...tokenFailures,
  ...sessionFailures,
  ...ceremonyFailures,
  ...certificatesFailures,
  ...unitsFailures,
  ...brokerFailures,
  ...recordsFailures,
  ...diagnosisFailures,
  ...lineFailures,
  ...deliveryFailures,
  ...backupsFailures,
} as const;

export type ErrorCode = keyof typeof catalogue;
