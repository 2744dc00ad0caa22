import { z } from 'zod';
import { limits } from '../limits.ts';
import { DeviceProfileView, ProfileFinding, TranscriptView } from '../models.ts';
import { call, nothing, officer, signedIn } from './spec.ts';

const text = z.string().max(limits.profileChars);

export const deviceProfilesCalls = {
  'deviceProfiles.list': call({
    service: 'station',
    summary: 'Device profiles that work orders may name: those that are shipped, and the station’s own',
    input: nothing,
    output: z.array(DeviceProfileView),
    roles: signedIn,
  }),
  'deviceProfiles.lint': call({
    service: 'station',
    summary: 'What is wrong with a device profile, line by line; changes nothing',
    input: z.object({ text }).strict(),
    output: z.array(ProfileFinding),
    roles: signedIn,
  }),
  'deviceProfiles.add': call({
    service: 'station',
    summary: 'Keep a device profile of the station’s own, or a better one in its place',
    input: z.object({ text }).strict(),
    output: DeviceProfileView,
    roles: officer,
  }),
  'transcripts.get': call({
    service: 'station',
    summary: 'What was said on the line in a run, without anything secret; without a run, in the one that began last',
    input: z.object({ run: z.uuid().nullable().default(null) }).strict(),
    output: TranscriptView,
    roles: signedIn,
  }),
} as const;
