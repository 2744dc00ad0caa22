import { AuthorityAlgorithm, limits } from '../../../contract/index.ts';
import type { CommandEntry } from '../entry.ts';
import { moduleOptions } from '../options.ts';

/** The words that everybody tries first; all others are a noun and a verb. */
export const plainCommands: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'a whole station with simulated units: provision, prove, revoke one, prove it refused',
    options: {
      units: { value: 'N', help: 'how many units (default 8)' },
      parallel: { value: 'P', help: `how many slots (default 4, up to ${String(limits.slots)})` },
      fault: { value: 'NAME', help: 'hit one unit with a fault; "list" names them' },
    },
    examples: [
      { line: 'demo', about: 'in a folder of its own, which goes away with the command' },
      { line: 'demo --units 2 --fault wrong-stored-byte --data try', about: 'with a fault; the station stays in the folder “try”' },
    ],
    output: '{units: […], revocation, totals: {units, passed, failed, seconds}, problems}; with --fault list {faults: […]}',
    load: async () => (await import('../../commands/demo.ts')).demo,
  },
  {
    name: 'init',
    summary: 'set up a station: keys and CA on a token, first officer, slots, local broker host',
    options: {
      name: { value: 'NAME', help: 'the station’s name, e.g. "Line 2" (default: Station)' },
      ...moduleOptions,
      module: { value: 'PATH', help: 'PKCS#11 module of the HSM; without it a software token is made, for trying out' },
      token: { value: 'LABEL', help: 'label of the token, or its serial number (default: Birthmark)' },
      key: { value: 'KIND', choices: AuthorityAlgorithm.options, help: 'kind of key of each CA (default: ec-p256)' },
      'root-key': { value: 'KIND', choices: AuthorityAlgorithm.options, help: 'kind of key of the root, if another' },
      'issuing-key': {
        value: 'KIND',
        choices: AuthorityAlgorithm.options,
        help: 'kind of key of the issuer of device certificates, if another',
      },
      'server-key': {
        value: 'KIND',
        choices: AuthorityAlgorithm.options,
        help: 'kind of key of the issuer of brokers’ certificates, if another',
      },
      slot: { value: 'N=PATH', many: true, help: 'serial port of a slot, e.g. 1=/dev/serial/by-path/…' },
      'crl-url': {
        value: 'URL',
        help: 'where CRLs can be fetched; stands in every certificate and cannot be changed later (default: a placeholder, brokers get the file)',
      },
      'crl-partitions': {
        value: 'N',
        help: `lists that the revocations of the device CA are spread over, 1 to ${String(limits.crlPartitions.max)}; as fixed as the URL (default 1)`,
      },
      'broker-port': { value: 'PORT', help: 'TLS port of the local broker (default: a free one)' },
      officer: { value: 'NAME', help: 'name of the first officer (default: officer)' },
      'password-file': { value: 'FILE', file: 'read', help: 'file with the officer’s password; without it nobody is asked for one' },
    },
    pin: true,
    examples: [
      { line: 'init --name "Line 2" --slot 1=/dev/ttyACM0', about: 'with a software token, for trying out' },
      {
        line: 'init --module /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so --token "SmartCard-HSM (UserPIN)" --pin-file pin',
        about: 'with an HSM whose user PIN is set',
      },
    ],
    output: 'as status',
    load: async () => (await import('../../commands/init.ts')).init,
  },
  {
    name: 'status',
    summary: 'the station at a glance: token, session, CRL, broker, what waits',
    examples: [{ line: 'status --json', about: 'for a monitor' }],
    output:
      '{phase, name, tryOut, version, dataDir, operator, token: {state, view}, session, issuers, crl, broker, records, outbox: {waiting, oldest}, notVerified, alarms: [{id, level, since, failure}], preconditions: [{level, failure}]}',
    load: async () => (await import('../../commands/status.ts')).status,
  },
  {
    name: 'provision',
    summary: 'run the line: every unit that is plugged into a slot is provisioned and proven',
    options: {
      order: { value: 'ID', help: 'work order to make (default: the one on the line); a new one is made with the options below' },
      tenant: { value: 'ID', help: 'new work order: the customer' },
      product: { value: 'NAME', help: 'new work order: what is made (default: the order’s id)' },
      prefix: { value: 'TEXT', help: 'new work order: device ids are this and a running number (default: the order’s id and "-")' },
      quantity: { value: 'N', help: 'new work order: how many units (default: --count)' },
      'device-profile': { value: 'NAME', help: 'new work order: how to talk to the units (default: reference-agent)' },
      'certificate-profile': { value: 'NAME', help: 'new work order: what their certificates say (default: device)' },
      label: { value: 'N=DEVICE', many: true, help: 'the unit in slot N is this device (tenant/device), as its label says' },
      count: { value: 'N', help: 'end after N units (default 1)' },
      'session-minutes': { value: 'N', help: 'the signing session ends after so long (default 480)' },
      'idle-minutes': { value: 'N', help: 'or when nothing was signed for so long (default: only at its end)' },
      'per-minute': { value: 'N', help: 'certificates a minute at most (default 6000)' },
      timeout: { value: 'SECONDS', help: 'end when no unit comes for so long (default 60)' },
    },
    pin: true,
    examples: [
      {
        line: 'provision --order WO-7 --tenant acme --prefix T2- --quantity 200 --count 2',
        about: 'a new work order, and two units of it',
      },
      { line: 'provision --order WO-7 --count 198 --pin-file pin', about: 'go on with it' },
    ],
    output: '{units: [{slot, hardwareId, device, verdict, code, proofLevel, gaps, steps, certificate}], totals: {units, passed, failed}}',
    load: async () => (await import('../../commands/provision.ts')).provision,
  },
  {
    name: 'verify',
    summary: 'prove the units that are NOT_VERIFIED, and check the way to the station’s own broker',
    options: { broker: { help: 'only check the way to the broker, step by step' } },
    examples: [{ line: 'verify', about: 'after the broker was away' }],
    output:
      '{units: [{device, slot, verdict, code}], broker: [{name, result, ms, value, failure}], totals: {units, passed, left}}; slot is null for a unit that is not plugged in',
    load: async () => (await import('../../commands/verify.ts')).verify,
  },
  {
    name: 'why',
    summary: 'why can this device not connect? Its record, revocations, lists and last run, then the broker, then the unit itself',
    argument: { word: 'TENANT/DEVICE', required: true, help: 'the device' },
    options: {
      said: { value: 'TEXT', help: 'what the device itself reports, e.g. "alert 45" or "CONNACK 5"' },
      offline: { help: 'only what the station knows; the broker is not tried' },
    },
    examples: [{ line: 'why acme/T2-000002 --said "alert 45"', about: 'with what the device reports' }],
    output: '{device, verdict, findings: [{name, result, ms, value, failure}], diagnosis}',
    load: async () => (await import('../../commands/why.ts')).why,
  },
  {
    name: 'doctor',
    summary: 'check the promises of the station: runs and certificates, CRLs, secrets, audit log, canaries',
    examples: [{ line: 'doctor', about: 'exit code 1 when one does not hold' }],
    output: '{findings: [{invariant, title, ok, checked, problems}]}',
    load: async () => (await import('../../commands/doctor.ts')).doctor,
  },
  {
    name: 'help',
    summary: 'what can be done, or all about one command',
    argument: { word: 'COMMAND', many: true, help: 'a command, or a noun' },
    alone: true,
    examples: [
      { line: 'help certificates', about: 'what can be done with certificates' },
      { line: 'help certificates revoke', about: 'all about one command' },
    ],
    output: '{text}',
    load: null,
  },
  {
    name: 'completion',
    summary: 'print what completes commands in a shell',
    argument: { word: 'SHELL', required: true, choices: ['bash', 'zsh', 'fish'], help: 'the shell' },
    alone: true,
    examples: [
      { line: 'completion bash > ~/.local/share/bash-completion/completions/birthmark', about: 'for bash' },
      { line: 'completion zsh > ~/.zfunc/_birthmark', about: 'for zsh, with ~/.zfunc in its fpath' },
      { line: 'completion fish > ~/.config/fish/completions/birthmark.fish', about: 'for fish' },
    ],
    output: '{text}',
    load: null,
  },
  {
    name: 'man',
    summary: 'print the manual page',
    alone: true,
    examples: [{ line: 'man | man -l -', about: 'read it' }],
    output: '{text}',
    load: null,
  },
];
