import { z } from 'zod';
import { limits } from '../limits.ts';
import { CertificateProfileView, ProfileFinding } from '../models.ts';
import { call, nothing, officer, signedIn } from './spec.ts';

const text = z.string().max(limits.profileChars);

export const profilesCalls = {
  'profiles.list': call({
    service: 'station',
    summary: 'Certificate profiles that work orders may name: those that are shipped, and the station’s own',
    input: nothing,
    output: z.array(CertificateProfileView),
    roles: signedIn,
  }),
  'profiles.lint': call({
    service: 'station',
    summary: 'What is wrong with a certificate profile, line by line; changes nothing',
    input: z.object({ text }).strict(),
    output: z.array(ProfileFinding),
    roles: signedIn,
  }),
  'profiles.add': call({
    service: 'station',
    summary: 'Keep a certificate profile of the station’s own; signing sessions that are opened from now on may sign under it',
    input: z.object({ text }).strict(),
    output: CertificateProfileView,
    roles: officer,
  }),
} as const;
