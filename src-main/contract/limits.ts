/** Bounds that both sides of a boundary must agree on. Units are in the names. */
export const limits = {
  /** X.520 ub-common-name; the CN is `{tenant}/{device}`. */
  commonNameChars: 64,
  idChars: 64,
  /** Of a device, beside its ids and its model. */
  deviceFields: 24,
  /** A list of what to revoke, or to register: 50,000 lines, with fingerprints too; below `messageBytes`. */
  listChars: 3_900_000,
  profileChars: 64 * 1024,
  /** A certificate with its chain, however it is packed. */
  chainFileBytes: 256 * 1024,
  /** The revocation list of a customer’s root. */
  rootCrlBytes: 2 * 1024 * 1024,
  /** A request with PEM and whatever tools write around it. */
  csrFileBytes: 64 * 1024,
  /** DNS names, and addresses, in one server certificate. */
  serverNames: 100,
  graceHours: { min: 1, max: 720, default: 24 },
  renewalWindowDays: 30,
  /** Of the link to a bundle, and of the time in which its device has to be seen. */
  linkMinutes: { min: 1, max: 7 * 24 * 60, default: 60 },
  proveHours: { min: 1, max: 90 * 24, default: 7 * 24 },
  /** COSE, or the certificates of a chain. */
  attestationBytes: 16 * 1024,
  trustAnchors: 64,
  csrBytes: 8 * 1024,
  /** A chain, a CA file or a key as PEM. */
  pemChars: 256 * 1024,
  pinChars: { min: 4, max: 64 },
  /** Of a bundle; a generated one has 29. */
  passphraseChars: { min: 16, max: 128 },
  validityDays: { min: 1, max: 3650, default: 365 },
  /** notBefore lies this far in the past, so that a device clock a little behind still accepts its certificate. */
  backdateMinutes: 10,
  sessionQuota: { min: 1, max: 100_000 },
  sessionPerMinute: { min: 1, max: 6_000 },
  sessionAuthorities: 16,
  sessionMinutes: { min: 1, max: 24 * 60 },
  /** A session for revocation lists only, for a station that is left alone. */
  crlSessionMinutes: { min: 1, max: 31 * 24 * 60 },
  /** What the signer refuses whatever the station asks for. */
  ceilings: { sessionMinutes: 31 * 24 * 60, quota: 1_000_000, leafDays: 3650, authorityDays: 10_950 },
  /** Backups of each kind that stay in a folder. */
  backupsKept: { min: 1, max: 365, default: 14 },
  /** A day, and two hours in which a station that was off at its usual time makes up for it. */
  backupOldHours: 26,
  /** By one caller over HTTP: of all kinds, and of those that have the token sign. */
  httpCallsPerMinute: 6_000,
  httpIssuesPerMinute: 1_200,
  slots: 16,
  pageRows: 500,
  /** One frame between processes; larger bodies are streamed (see the CRL calls of the signer). */
  messageBytes: 4 * 1024 * 1024,
  crlChunkBytes: 1024 * 1024,
  /** About six million entries: no CRL that is larger is read or signed. */
  crlBytes: 256 * 1024 * 1024,
  /** From a CRL's thisUpdate to its nextUpdate. It is renewed each hour while a session is open; the default outlasts a long weekend. */
  crlHours: { min: 2, max: 168, default: 168 },
  /** Brokers pay for more at each reload and each handshake. */
  crlEntriesWarning: 20_000,
  /** A broker that stops longer for each reload of its access list is worth a warning. */
  reloadMsWarning: 500,
  /** How long passwords may be let in again where certificates should be used. */
  rollbackHours: 30 * 24,
  /** That a client of the broker may read, and that it may write. */
  serviceFilters: 20,
  /** Fixed for an issuer with its first certificate. */
  crlPartitions: { min: 1, max: 64, default: 1 },
} as const;
