/** The door of ceremonies: from a file to issuers that are in force, and the transcript that proves how. */
export { Ceremony, waits, waitsInWords, type CeremonyTools } from './ceremony.ts';
export type { CeremonyParts } from './context.ts';
export { CeremonyFile, ceremonyFileSchema, lintCeremonyFile, parseCeremonyFile } from './file.ts';
export { ceremonyRecordFiles } from './record-files.ts';
export { verifyTranscript, type TranscriptReport } from './verify.ts';
export { planOf, usualAuthorities, planInputHash, planInputOf, type PlanInput } from './plan.ts';
