import { BundleFormat, KeyAlgorithm, limits } from '../../../contract/index.ts';
import type { Noun, Option } from '../entry.ts';
import { search } from '../options.ts';

const device = { word: 'TENANT/DEVICE', required: true, help: 'the device; a new one is registered' } as const;

const contents: Readonly<Record<string, Option>> = {
  format: { value: 'FORMAT', short: 'f', choices: BundleFormat.options, help: 'AES-256 ZIP (default), or PKCS#12' },
  key: { value: 'KIND', choices: KeyAlgorithm.options, help: 'kind of key (default: the profile’s first)' },
  'passphrase-file': { value: 'FILE', file: 'read', help: 'a passphrase of your own (default: one is made and shown once)' },
  order: {
    value: 'ID',
    help: 'work order (default: the device’s, else the one on the line); a new one is made for --quantity devices',
  },
  quantity: { value: 'N', help: 'new work order: how many devices (default 1)' },
  'certificate-profile': { value: 'NAME', help: 'new work order: what their certificates say (default: bundle)' },
  'prove-within': { value: 'TIME', help: 'the device has to be seen on the broker within, e.g. 72h (default 7d)' },
  lost: { help: 'an earlier bundle is lost: what the device has is revoked at once, as keyCompromise' },
  wait: { value: 'SECONDS', help: 'wait so long for the device to prove itself' },
};

export const bundles: Noun = {
  name: 'bundles',
  summary: 'credentials for devices that cannot make their own key: an encrypted file, or a link that works once',
  commands: [
    {
      name: 'bundles make',
      summary: 'make key and certificate of a device, and write them to one encrypted file',
      argument: device,
      options: {
        out: { value: 'FILE', short: 'o', file: 'write', required: true, help: 'where the file goes; it must not exist' },
        ...contents,
      },
      pin: true,
      examples: [{ line: 'bundles make acme/gw-7 --order WO-7 --out gw-7.zip' }],
      output: '{bundle, fileName, sha256, bytes, passphrase, passphraseBits, revoked, out}',
      load: async () => (await import('../../commands/bundle.ts')).makeBundle,
    },
    {
      name: 'bundles offer',
      summary: 'make them, and serve them over HTTPS until they were fetched once',
      argument: device,
      options: {
        expires: { value: 'TIME', help: 'of the link, e.g. 30m, 2h, 7d (default 1h)' },
        address: { value: 'HOST[:PORT]', help: 'of this computer, where the link is served (default 127.0.0.1, any free port)' },
        ...contents,
      },
      pin: true,
      examples: [{ line: 'bundles offer acme/gw-7 --lost --expires 2h' }],
      output:
        '{bundle, link: {url, until, fingerprint, pin, certificatePem}, fileName, sha256, bytes, passphrase, passphraseBits, revoked}; printed at once, with the verdict PENDING',
      load: async () => (await import('../../commands/bundle.ts')).offerBundle,
    },
    {
      name: 'bundles list',
      summary: 'the bundles so far, and how far each has come',
      options: search,
      rows: true,
      examples: [{ line: 'bundles list' }],
      output: '{total, rows: [{device, serial, format, state, createdAt, deliveredAt, proveBy, …}]}',
      load: async () => (await import('../../commands/bundle.ts')).listBundles,
    },
  ],
};

export const rotations: Noun = {
  name: 'rotations',
  summary: 'new certificates for devices in the field; the old one stays good for a while',
  commands: [
    {
      name: 'rotations list',
      summary: 'devices that have two certificates, and until when',
      rows: true,
      examples: [{ line: 'rotations list' }],
      output: '{total, rows: [{device, serial, successor, graceUntil, endsWhenSeen, seenAt}]}',
      load: async () => (await import('../../commands/rotate.ts')).listRotations,
    },
    {
      name: 'rotations begin',
      summary: 'a new certificate for a device, from its request; both are good for a grace period',
      argument: { word: 'TENANT/DEVICE', required: true, help: 'the device' },
      options: {
        csr: { value: 'FILE', file: 'read', required: true, help: 'its certificate request, PEM or DER, signed with its new key' },
        out: { value: 'FILE', short: 'o', file: 'write', required: true, help: 'where the new certificate and its chain go, PEM' },
        attestation: {
          value: 'FILE',
          file: 'read',
          help: 'what the device says about where the new key was made: answer of AT%KEYGEN, COSE_Sign1, or a chain of certificates',
        },
        grace: {
          value: 'HOURS',
          help: `how long the old certificate stays good, 1 to 720 (default ${String(limits.graceHours.default)})`,
        },
        'end-when-seen': { help: 'end the grace period early, as soon as the device proves that it uses the new one' },
        override: { value: 'REASON', help: `renew earlier than ${String(limits.renewalWindowDays)} days before the end, and why` },
      },
      pin: true,
      examples: [{ line: 'rotations begin acme/T2-000002 --csr new.csr --out new.pem --grace 48' }],
      output: '{serial, replaces, graceUntil, out}',
      load: async () => (await import('../../commands/rotate.ts')).beginRotation,
    },
    {
      name: 'rotations end',
      summary: 'end the grace period of an old certificate now: the new one has been seen',
      argument: { word: 'SERIAL', required: true, help: 'the old certificate' },
      pin: true,
      examples: [{ line: 'rotations end 7988CB7B6F94ABC263430ECB75906CBAFB2DEBE5' }],
      output: '{revocation}',
      load: async () => (await import('../../commands/rotate.ts')).endRotation,
    },
  ],
};

const profileFile = { word: 'FILE', required: true, file: 'read' } as const;

export const profiles: Noun = {
  name: 'profiles',
  summary: 'certificate and device profiles: check with line numbers, play a transcript, try on a unit, keep',
  commands: [
    {
      name: 'profiles list',
      summary: 'the profiles that work orders may name',
      examples: [{ line: 'profiles list' }],
      output: '{profiles: […], devices: […]}',
      load: async () => (await import('../../commands/profile.ts')).listProfiles,
    },
    {
      name: 'profiles lint',
      summary: 'check profiles; exit code 1 when one cannot be used',
      argument: { ...profileFile, many: true, help: 'the profiles' },
      alone: true,
      examples: [{ line: 'profiles lint gizmo3.json' }],
      output: '{files: [{file, findings: [{line, column, level, problem}]}]}',
      load: async () => (await import('../../commands/profile.ts')).lintProfiles,
    },
    {
      name: 'profiles add',
      summary: 'check a profile and keep it with the station',
      argument: { ...profileFile, help: 'the profile' },
      examples: [{ line: 'profiles add gizmo3.json' }],
      output: 'as profiles list',
      load: async () => (await import('../../commands/profile.ts')).addProfile,
    },
    {
      name: 'profiles new',
      summary: 'begin a device profile: writes NAME.json here',
      argument: { word: 'NAME', required: true, help: 'its name' },
      options: { from: { value: 'NAME', help: 'begin with a copy of this shipped profile' } },
      alone: true,
      examples: [{ line: 'profiles new gizmo3 --from nrf91-at' }],
      output: '{file}',
      load: async () => (await import('../../commands/profile-dialogue.ts')).newProfile,
    },
    {
      name: 'profiles dry-run',
      summary: 'play a recorded transcript against a device profile; sends nothing. Exit code 1 when it differs',
      argument: { ...profileFile, help: 'the profile' },
      options: { transcript: { value: 'FILE', file: 'read', required: true, help: 'what to play' } },
      alone: true,
      examples: [{ line: 'profiles dry-run gizmo3.json --transcript gizmo3.jsonl' }],
      output: '{sections: [{section, line, recorded, replayed, difference}]}',
      load: async () => (await import('../../commands/profile-dialogue.ts')).dryRun,
    },
    {
      name: 'profiles try',
      summary: 'try a device profile on the unit at a port: identify it; with --write everything, by a throw-away CA',
      argument: { ...profileFile, help: 'the profile' },
      options: {
        port: { value: 'PATH', required: true, help: 'serial port of the unit' },
        write: { help: 'also make the key, write, read back and prove; the unit is erased afterwards where the profile says how' },
        transcript: { value: 'FILE', file: 'write', help: 'where to write what was said' },
      },
      alone: true,
      examples: [{ line: 'profiles try gizmo3.json --port /dev/ttyUSB0 --write --transcript gizmo3.jsonl' }],
      output: '{unit, steps: [{step, ms, result}], failure}',
      load: async () => (await import('../../commands/profile-try.ts')).tryProfile,
    },
  ],
};
