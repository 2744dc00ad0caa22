import { Role } from '../../../contract/index.ts';
import type { Noun } from '../entry.ts';
import { moduleOptions } from '../options.ts';

export const tokens: Noun = {
  name: 'tokens',
  summary: 'PKCS#11 modules on this computer and the tokens in them',
  commands: [
    {
      name: 'tokens list',
      summary: 'modules of well-known vendors that are installed, or one that is named, with their tokens; needs no PIN',
      options: moduleOptions,
      examples: [{ line: 'tokens list --module /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so', about: 'this one, which must work then' }],
      output: '{modules: [{vendor, path, tokens: [{label, model, serial, firmware, pinState, algorithms, …}], failure}]}',
      load: async () => (await import('../../commands/tokens.ts')).listTokens,
    },
    {
      name: 'tokens rebind',
      summary: 'the CA keys are in another token or behind another module now: prove each of them there, and use it from now on (officer)',
      options: {
        ...moduleOptions,
        module: { value: 'PATH', required: true, help: 'PKCS#11 module of the HSM' },
        token: { value: 'LABEL', short: 't', required: true, help: 'label of the token' },
        serial: { value: 'SERIAL', help: 'its serial number; needed where several tokens have this label' },
        reason: { value: 'TEXT', short: 'r', required: true, help: 'why, for the audit log' },
      },
      pin: true,
      examples: [
        {
          line: 'tokens rebind --module /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so --token Line-2 --reason "HSM replaced, keys restored"',
          about: 'asks for the PIN of the new token',
        },
      ],
      output: '{token: {label, serial}, issuers: [ID]}',
      load: async () => (await import('../../commands/token-rebind.ts')).rebindToken,
    },
  ],
};

export const clock: Noun = {
  name: 'clock',
  summary: 'whether the clock of this computer can be trusted',
  commands: [
    {
      name: 'clock show',
      summary: 'what the clock of this computer and other clocks say; exit code 3 when it is in doubt',
      examples: [{ line: 'clock show' }],
      output: '{now, known, others: [{name, time}], doubt}',
      load: async () => (await import('../../commands/clock.ts')).showClock,
    },
    {
      name: 'clock confirm',
      summary: 'the clock of this computer is right: go on with what waits for it (officer)',
      examples: [{ line: 'clock confirm' }],
      output: 'as clock show',
      load: async () => (await import('../../commands/clock.ts')).confirmClock,
    },
  ],
};

export const operators: Noun = {
  name: 'operators',
  summary: 'who may sign in',
  commands: [
    {
      name: 'operators list',
      summary: 'who may sign in, and as what',
      rows: true,
      examples: [{ line: 'operators list' }],
      output: '{total, rows: [{name, role, passwordSet}]}',
      load: async () => (await import('../../commands/operators.ts')).listOperators,
    },
    {
      name: 'operators add',
      summary: 'let somebody sign in',
      argument: { word: 'NAME', required: true, help: 'the person' },
      options: {
        role: { value: 'ROLE', short: 'r', choices: Role.options, help: 'what they may do (default: technician)' },
        'password-file': { value: 'FILE', file: 'read', help: 'file with their password; without it nobody is asked for one' },
      },
      rows: true,
      examples: [{ line: 'operators add Kim --role technician' }],
      output: 'as operators list',
      load: async () => (await import('../../commands/operators.ts')).addOperator,
    },
  ],
};

export const accessKeys: Noun = {
  name: 'access-keys',
  summary: 'keys with which programs call this station: a line computer, monitoring',
  commands: [
    {
      name: 'access-keys list',
      summary: 'the keys that were ever made; the keys themselves are not kept',
      rows: true,
      examples: [{ line: 'access-keys list' }],
      output: '{total, rows: [{name, role, at, addedBy, expiresAt, withdrawnAt, service}]}',
      load: async () => (await import('../../commands/access-keys.ts')).listAccessKeys,
    },
    {
      name: 'access-keys add',
      summary: 'make a key; it is written to a file that only this user may read, and shown nowhere else',
      argument: { word: 'NAME', required: true, help: 'what uses it; the audit log has this name' },
      options: {
        role: { value: 'ROLE', short: 'r', choices: Role.options, required: true, help: 'what it may do' },
        days: { value: 'N', help: 'it opens nothing after so many days (default 90, at most 730)' },
        out: { value: 'FILE', short: 'o', file: 'write', help: 'new file for the key' },
        service: { value: 'SERVICE', help: 'no key: the certificate of this service opens, over HTTP' },
      },
      examples: [{ line: 'access-keys add line-computer-2 --role technician --out line-computer-2.key' }],
      output: '{name, role, at, addedBy, expiresAt, withdrawnAt, service}',
      load: async () => (await import('../../commands/access-keys.ts')).addAccessKey,
    },
    {
      name: 'access-keys withdraw',
      summary: 'from now on a key opens nothing',
      argument: { word: 'NAME', required: true, help: 'the name of the key' },
      examples: [{ line: 'access-keys withdraw line-computer-2' }],
      output: '{name}',
      load: async () => (await import('../../commands/access-keys.ts')).withdrawAccessKey,
    },
  ],
};

export const sessions: Noun = {
  name: 'sessions',
  summary: 'signing sessions: what the token may sign now',
  commands: [
    {
      name: 'sessions hold',
      summary: 'keep the station up with a session for revocation lists only: its CRL clock, publication and notices go on',
      options: {
        minutes: { value: 'N', help: 'the session ends after so long (default 1440, at most 44640: 31 days)' },
        'idle-minutes': { value: 'N', help: 'or when no list was signed for so long (default: only at its end)' },
        relearn: { help: 'the signer lost its records: let it go on above the numbers that the station knows' },
        reason: { value: 'TEXT', short: 'r', help: 'why, for the audit log (default: unattended CRL clock)' },
      },
      pin: true,
      examples: [{ line: 'sessions hold --minutes 2880 --reason "over the weekend"' }],
      output: '{why, lists, lockedOutAt}',
      load: async () => (await import('../../commands/session.ts')).holdSession,
    },
  ],
};

const out = { value: 'DIR', short: 'o', file: 'folder', required: true, help: 'folder to write to; made when it is not there' } as const;
const password = { value: 'FILE', file: 'read', help: 'file with the password (default: it is asked for)' } as const;

export const ceremony: Noun = {
  name: 'ceremony',
  summary: 'make issuers in a recorded ceremony: begin, confirm, import, go on after an interruption, verify',
  commands: [
    {
      name: 'ceremony start',
      summary: 'begin the ceremony of a file, or go on with it',
      argument: { word: 'FILE', required: true, file: 'read', help: 'the ceremony file' },
      options: {
        'password-file': { value: 'FILE', file: 'read', help: 'file with the password of the first officer of a new station' },
      },
      pin: true,
      examples: [{ line: 'ceremony start ceremony.json --pin-file pin' }],
      output: '{ceremony}',
      load: async () => (await import('../../commands/ceremony.ts')).startCeremony,
    },
    {
      name: 'ceremony continue',
      summary: 'go on with the open ceremony',
      pin: true,
      examples: [{ line: 'ceremony continue --pin-file pin' }],
      output: '{ceremony}',
      load: async () => (await import('../../commands/ceremony.ts')).continueCeremony,
    },
    {
      name: 'ceremony import',
      summary: 'take the certificates from the customer’s CA with their chain, and go on',
      argument: { word: 'FILE', many: true, required: true, file: 'read', help: 'PEM, DER or PKCS#7' },
      pin: true,
      examples: [{ line: 'ceremony import issuing.pem server.pem --pin-file pin' }],
      output: '{ceremony}',
      load: async () => (await import('../../commands/ceremony.ts')).importCertificates,
    },
    {
      name: 'ceremony show',
      summary: 'what is done and what the open ceremony waits for; changes nothing',
      examples: [{ line: 'ceremony show' }],
      output: '{ceremony}, null where none is open',
      load: async () => (await import('../../commands/ceremony.ts')).showCeremony,
    },
    {
      name: 'ceremony confirm',
      summary: 'confirm the open ceremony as one of its officers',
      argument: { word: 'NAME', required: true, help: 'the officer' },
      options: { 'password-file': password },
      examples: [{ line: 'ceremony confirm Olga' }],
      output: '{ceremony}',
      load: async () => (await import('../../commands/ceremony.ts')).confirmCeremony,
    },
    {
      name: 'ceremony requests',
      summary: 'write the requests to the customer’s CA',
      options: { out },
      examples: [{ line: 'ceremony requests --out reqs' }],
      output: '{out, files}',
      load: async () => (await import('../../commands/ceremony.ts')).saveRequests,
    },
    {
      name: 'ceremony abandon',
      summary: 'give the open ceremony up; its keys stay on the token',
      examples: [{ line: 'ceremony abandon' }],
      output: '{ceremony}',
      load: async () => (await import('../../commands/ceremony.ts')).abandonCeremony,
    },
    {
      name: 'ceremony list',
      summary: 'every ceremony of this station',
      rows: true,
      examples: [{ line: 'ceremony list' }],
      output: '{total, rows: [{id, name, state, startedAt, startedBy, authorities, …}]}',
      load: async () => (await import('../../commands/ceremony.ts')).listCeremonies,
    },
    {
      name: 'ceremony record',
      summary: 'write the record of a ceremony that is done: transcript as JSON and PDF, signatures, certificates',
      argument: { word: 'ID', required: true, help: 'the ceremony' },
      options: { out },
      examples: [{ line: 'ceremony record 5c6b453d-adb9-43d0-a799-ac0623227c67 --out rec' }],
      output: '{out, files}',
      load: async () => (await import('../../commands/ceremony.ts')).saveRecord,
    },
    {
      name: 'ceremony lint',
      summary: 'check a ceremony file; exit code 1 when it cannot be used',
      argument: { word: 'FILE', required: true, file: 'read', help: 'the ceremony file' },
      alone: true,
      examples: [{ line: 'ceremony lint ceremony.json' }],
      output: '{file, usable, findings: [{line, column, level, problem}]}',
      load: async () => (await import('../../commands/ceremony-record.ts')).lintFile,
    },
    {
      name: 'ceremony verify',
      summary: 'check the record of a ceremony; exit code 1 when it does not hold',
      argument: { word: 'DIR', required: true, file: 'folder', help: 'what ceremony record wrote' },
      options: {
        trust: {
          value: 'FILE',
          file: 'read',
          many: true,
          help: 'a CA certificate got in another way, which must be one of the record’s',
        },
      },
      alone: true,
      examples: [{ line: 'ceremony verify rec --trust root.pem' }],
      output: '{sha256, ceremony, certificates: [{role, subject, sha256}]}',
      load: async () => (await import('../../commands/ceremony-record.ts')).verifyRecord,
    },
  ],
};

export const issuers: Noun = {
  name: 'issuers',
  summary: 'the CAs of the station, and the revocation lists of the customer’s CAs above them',
  commands: [
    {
      name: 'issuers list',
      summary: 'which CA signs, which retires, and what is above each',
      examples: [{ line: 'issuers list' }],
      output: '{issuers: […], rootCrls: […]}',
      load: async () => (await import('../../commands/issuers.ts')).listIssuers,
    },
    {
      name: 'issuers import-crl',
      summary: 'keep the newest revocation list of a customer’s CA',
      argument: { word: 'FILE', many: true, required: true, file: 'read', help: 'the list, PEM or DER' },
      examples: [{ line: 'issuers import-crl acme-root.crl' }],
      output: 'as issuers list',
      load: async () => (await import('../../commands/issuers.ts')).importCrls,
    },
  ],
};
