import type { CommandEntry, Noun } from './entry.ts';
import { backups } from './nouns/backups.ts';
import { access, broker, logins, records } from './nouns/broker.ts';
import { certificates } from './nouns/certificates.ts';
import { bundles, profiles, rotations } from './nouns/delivery.ts';
import { devices } from './nouns/devices.ts';
import { http } from './nouns/http.ts';
import { folder } from './nouns/folder.ts';
import { orders, slots, transcripts } from './nouns/line.ts';
import { plainCommands } from './nouns/plain.ts';
import { crl, requests } from './nouns/revocation.ts';
import { accessKeys, ceremony, clock, issuers, operators, sessions, tokens } from './nouns/station.ts';

export { plainCommands };

/** Every noun, in the order of the help. */
export const nouns: readonly Noun[] = [
  certificates,
  devices,
  orders,
  slots,
  profiles,
  bundles,
  rotations,
  transcripts,
  crl,
  requests,
  broker,
  access,
  logins,
  records,
  tokens,
  issuers,
  ceremony,
  sessions,
  operators,
  clock,
  accessKeys,
  http,
  backups,
  folder,
];

/** Every command of `birthmark`. Parsing, help, completion, the manual page and docs/cli.md come from here. */
export const commands: readonly CommandEntry[] = [...plainCommands, ...nouns.flatMap(({ commands: its }) => its)];
