import { z } from 'zod';
import { TopicRuleText } from '../ids.ts';
import { AccessView } from '../models.ts';
import { call, nothing, officer, signedIn } from './spec.ts';

export const accessCalls = {
  'access.show': call({
    service: 'station',
    summary: 'Which topics devices have, in which form the broker is told, and what that costs it',
    input: nothing,
    output: AccessView,
    roles: signedIn,
  }),
  'access.topicRule': call({
    service: 'station',
    summary: 'Give devices other topics; with devices in the field only where `anyway` says so',
    input: z.object({ rule: TopicRuleText, anyway: z.boolean().default(false) }).strict(),
    output: AccessView,
    roles: officer,
  }),
} as const;
