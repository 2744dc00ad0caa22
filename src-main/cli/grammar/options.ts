import type { CommandEntry, Option } from './entry.ts';
import { formats } from './formats.ts';

type Options = Readonly<Record<string, Option>>;

const general: Options = {
  json: { short: 'j', help: 'one JSON object on standard output' },
  quiet: { short: 'q', help: 'nothing on standard error but failures' },
  help: { short: 'h', help: 'this help' },
};
const station: Options = {
  data: {
    value: 'DIR',
    short: 'd',
    file: 'folder',
    help: 'data folder of the station (default: $BIRTHMARK_DATA, else $XDG_DATA_HOME/birthmark)',
  },
  'key-file': { value: 'FILE', file: 'read', help: 'file with an access key, for a program (default: the sign-in of “birthmark sign-in”)' },
};
const pin: Options = {
  'pin-file': { value: 'FILE', file: 'read', help: 'file with the PIN of the token (default: it is asked for)' },
};
const rows: Options = {
  format: { value: 'FORMAT', short: 'f', choices: formats, help: 'how the rows are written (default: table; --json is json)' },
  limit: { value: 'N', short: 'n', help: 'the first N rows only (default: all)' },
};

/** The options of a command: its own first, then those that come with what it does. */
export const optionsOf = (entry: CommandEntry): Options => ({
  ...entry.options,
  ...(entry.rows === true ? rows : {}),
  ...(entry.pin === true ? pin : {}),
  ...(entry.alone === true ? {} : station),
  ...general,
});

export const search: Options = { search: { value: 'TEXT', short: 's', help: 'only rows that contain TEXT' } };

/** How to name a PKCS#11 module. */
export const moduleOptions: Options = {
  module: { value: 'PATH', help: 'PKCS#11 module of the HSM' },
  'init-string': { value: 'TEXT', help: 'string for C_Initialize, for modules that need one' },
  'module-env': {
    value: 'NAME=VALUE',
    many: true,
    help: 'variable that the module wants, e.g. SOFTHSM2_CONF=…; kept with the station',
  },
};

/** Which broker, other than the station’s own. */
export const targetOptions: Options = {
  host: { value: 'NAME', help: 'another broker than the station’s own: its name or address' },
  port: { value: 'N', help: 'its port for MQTT over TLS (default 8883)' },
  ca: { value: 'FILE', file: 'read', help: 'the CA that issued its server certificate (default: the station’s)' },
  'server-name': { value: 'NAME', help: 'the name its certificate must be for (default: --host)' },
};

/** As whom. */
export const clientOptions: Options = {
  device: {
    value: 'TENANT/DEVICE',
    help: 'a device of the registry: with --key its certificate is used, else the unit in its slot is asked to connect',
  },
  cert: { value: 'FILE', file: 'read', help: 'certificate, with its chain, if any (PEM, DER or PKCS#7)' },
  key: { value: 'FILE', file: 'read', help: 'private key (PEM or DER)' },
  p12: { value: 'FILE', file: 'read', help: 'certificate and key as PKCS#12' },
  'passphrase-file': { value: 'FILE', file: 'read', help: 'file with the passphrase of --key or --p12' },
  username: { value: 'NAME', help: 'log in with a password instead of a certificate' },
  'password-file': { value: 'FILE', file: 'read', help: 'file with that password' },
  'no-certificate': { help: 'connect without any' },
  tls: { value: 'VERSION', choices: ['1.0', '1.1', '1.2', '1.3'], help: 'exactly this TLS version' },
  mqtt: { value: 'VERSION', choices: ['5', '3.1.1'], help: 'MQTT version (default 5)' },
  timeout: { value: 'SECONDS', help: 'for each step, 1 to 60 (default 5)' },
};
