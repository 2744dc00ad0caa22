import { z } from 'zod';
import { CeremonyFileOut, CeremonyView } from '../ceremony.ts';
import { Uuid } from '../ids.ts';
import { limits } from '../limits.ts';
import { ProfileFinding } from '../models.ts';
import { call, everyone, nothing, officer, signedIn } from './spec.ts';

const text = z.string().max(limits.profileChars);
const password = z.string().min(8).max(128);
/** On a fresh station everyone may; on one that is set up the station lets officers only. */
const caution = 'on a station that is set up only an officer may';

export const ceremonyCalls = {
  'ceremony.lint': call({
    service: 'station',
    summary: 'What is wrong with a ceremony file, line by line; changes nothing',
    input: z.object({ text }).strict(),
    output: z.array(ProfileFinding),
    roles: everyone,
  }),
  'ceremony.start': call({
    service: 'station',
    summary: `Plan a ceremony from its file, or take up the one that is open if it is the same; ${caution}`,
    input: z.object({ text, /** Of the first officer of a new station. */ password: password.nullable().default(null) }).strict(),
    output: CeremonyView,
    roles: everyone,
  }),
  'ceremony.current': call({
    service: 'station',
    summary: 'The ceremony that is open: what is done, what it waits for, requests to the customer’s CA',
    input: nothing,
    output: CeremonyView.nullable(),
    roles: everyone,
  }),
  'ceremony.confirm': call({
    service: 'station',
    summary: `An officer confirms what is to be made, with their own password (on a new station: sets it); ${caution}`,
    input: z.object({ name: z.string().min(1).max(64), password }).strict(),
    output: CeremonyView,
    roles: everyone,
  }),
  'ceremony.continue': call({
    service: 'station',
    summary: `Go on with the open ceremony until it is done or waits; asks for the PIN by the event pin.wanted; ${caution}`,
    input: nothing,
    output: CeremonyView,
    roles: everyone,
  }),
  'ceremony.import': call({
    service: 'station',
    summary: `Certificates from the customer’s CA with their chain (PEM, DER or PKCS#7): checked, each refusal says which check; ${caution}`,
    input: z
      .object({
        files: z
          .array(z.base64().max(limits.chainFileBytes * 1.4))
          .min(1)
          .max(16),
      })
      .strict(),
    output: CeremonyView,
    roles: everyone,
  }),
  'ceremony.abandon': call({
    service: 'station',
    summary: `Give the open ceremony up before its issuers are in force; its keys stay on the token; ${caution}`,
    input: nothing,
    output: CeremonyView,
    roles: everyone,
  }),
  'ceremony.list': call({
    service: 'station',
    summary: 'Every ceremony of this station',
    input: nothing,
    output: z.array(CeremonyView),
    roles: signedIn,
  }),
  'ceremony.record': call({
    service: 'station',
    summary: 'The record of a ceremony that is done: transcript as JSON and PDF, signatures, certificates',
    input: z.object({ id: Uuid }).strict(),
    output: z.array(CeremonyFileOut),
    roles: officer,
  }),
} as const;
