import { limits } from '../../../contract/index.ts';
import type { Noun } from '../entry.ts';
import { clientOptions, targetOptions } from '../options.ts';

export const broker: Noun = {
  name: 'broker',
  summary: 'the broker host: which one, its state, how it is set up',
  commands: [
    {
      name: 'broker show',
      summary: 'which broker host the station uses, its state, and what is wrong with it',
      examples: [{ line: 'broker show', about: 'exit code 5 when it is not reached' }],
      output: '{broker}, as in status',
      load: async () => (await import('../../commands/broker.ts')).showBroker,
    },
    {
      name: 'broker keys',
      summary: 'print the two SSH keys of this station, for install.sh on the broker host',
      examples: [{ line: 'broker keys > station.keys' }],
      output: '{files, command}',
      load: async () => (await import('../../commands/broker.ts')).printKeys,
    },
    {
      name: 'broker use-remote',
      summary: 'use this broker host from now on; without its host key only show that',
      argument: { word: 'HOST', required: true, help: 'the broker host' },
      options: {
        'host-key': { value: 'SHA256:…', help: 'its host key, as “ssh-keygen -l” prints it' },
        port: { value: 'N', help: 'its port for MQTT over TLS (default 8883)' },
        'server-name': { value: 'NAME', help: 'the name its server certificate is for (default: HOST)' },
        'ssh-port': { value: 'N', help: 'its port for SSH (default 22)' },
        'files-user': { value: 'NAME', help: 'who takes the files (default birthmark-files)' },
        'command-user': { value: 'NAME', help: 'who runs the command (default birthmark-command)' },
      },
      examples: [
        { line: 'broker use-remote broker.acme.example', about: 'show its host key; nothing is sent' },
        { line: 'broker use-remote broker.acme.example --host-key SHA256:5yJx…', about: 'after it was compared' },
      ],
      output: '{remote}',
      load: async () => (await import('../../commands/broker.ts')).useRemote,
    },
    {
      name: 'broker use-rabbitmq',
      summary: 'use this RabbitMQ cluster from now on (docs/rabbitmq.md)',
      argument: {
        word: 'HOST[:PORT]=FOLDER',
        many: true,
        required: true,
        help: 'each node, with its folder for revocation lists',
      },
      options: {
        'server-name': { value: 'NAME', help: 'the name the server certificates are for (default: HOST)' },
        'management-port': { value: 'N', help: 'where its management API answers on 127.0.0.1 (default 15672)' },
        'management-user': { value: 'NAME', help: 'the user of the management API (default birthmark)' },
        'password-file': { value: 'FILE', file: 'read', help: 'the password of that user (default: it is asked for)' },
        vhost: { value: 'NAME', help: 'the virtual host of MQTT (default /)' },
      },
      examples: [
        {
          line: 'broker use-rabbitmq node-1:8883=/mnt/node-1/crl node-2:8883=/mnt/node-2/crl --password-file -',
          about: 'with the password on standard input',
        },
      ],
      output: '{cluster}',
      load: async () => (await import('../../commands/broker.ts')).useRabbitmq,
    },
    {
      name: 'broker use-local',
      summary: 'use the broker that the station runs itself from now on',
      examples: [{ line: 'broker use-local' }],
      output: '{remote: null}',
      load: async () => (await import('../../commands/broker.ts')).useLocal,
    },
    {
      name: 'broker check',
      summary: 'check how a broker is set up: TLS, certificates, revocation, access list, other listeners',
      options: {
        ...targetOptions,
        'mqtt-port': { value: 'N', help: 'with --host: another MQTT listener to look at (default 1883; 0: none)' },
        'websockets-port': { value: 'N', help: 'with --host: its listener for websockets (default 9001; 0: none)' },
        timeout: { value: 'SECONDS', help: 'for each check, 1 to 60 (default 5)' },
      },
      examples: [
        { line: 'broker check', about: 'the station’s own' },
        { line: 'broker check --host broker.acme.example --mqtt-port 1883', about: 'any other' },
      ],
      output: '{host, port, checks: [{name, result, ms, value, failure}]}; what cannot be told from here is SKIPPED',
      load: async () => (await import('../../commands/check-broker.ts')).checkBroker,
    },
    {
      name: 'broker try',
      summary: 'connect to a broker as any client, and explain what it says',
      options: { ...targetOptions, ...clientOptions },
      examples: [
        { line: 'broker try --host broker.acme.example --ca ca.pem --cert unit.pem --key unit.key --tls 1.2', about: 'as a device would' },
        { line: 'broker try --device acme/T2-000001', about: 'have the unit in its slot connect with its own key' },
      ],
      output:
        '{host, port, steps, diagnosis, protocol, cipher, serverChain: [{subject, issuer, serial, notBefore, notAfter, names, fingerprint, problem}], clientChain}; of a unit {device, slot, connected, stage, detail, diagnosis}',
      load: async () => (await import('../../commands/try-broker.ts')).tryBroker,
    },
    {
      name: 'broker reconcile',
      summary: 'what the registry, the broker host’s files and the broker disagree on; nothing is changed',
      examples: [{ line: 'broker reconcile', about: 'exit code 5 when they disagree' }],
      output: '{host, findings: [{name, checked, differences, examples}]}; examples are the first 20',
      load: async () => (await import('../../commands/reconcile.ts')).reconcile,
    },
  ],
};

export const access: Noun = {
  name: 'access',
  summary: 'which topics devices have on the broker',
  commands: [
    {
      name: 'access show',
      summary: 'which topics devices have on the broker, and what the access list costs it',
      examples: [{ line: 'access show' }],
      output: '{topicRule, form, devices, brokerVersion, reloadMs, crl: {entries, bytes, reloadMs, handshakeMs}, warnings}',
      load: async () => (await import('../../commands/access.ts')).showAccess,
    },
    {
      name: 'access set-topics',
      summary: 'give devices other topics',
      argument: { word: 'RULE', required: true, help: 'e.g. tenant/{tenant}/{device}/#' },
      options: { anyway: { help: 'although devices in the field use the topics that they have' } },
      examples: [{ line: "access set-topics 'tenant/{tenant}/{device}/#'", about: 'one line for any number of devices' }],
      output: 'as access show',
      load: async () => (await import('../../commands/access.ts')).setTopics,
    },
  ],
};

const filter = (what: string) => ({ value: 'FILTER', many: true, help: `topics that it may ${what}, e.g. tenant/acme/#` }) as const;

export const logins: Noun = {
  name: 'logins',
  summary: 'passwords for devices that cannot do certificates, and services on the broker',
  commands: [
    {
      name: 'logins list',
      summary: 'who may log in with a password or as a service, whether it is taken, and what each tenant’s devices log in with',
      examples: [{ line: 'logins list' }],
      output: '{passwordPort, rows: [{username, kind, hasPassword, reads, writes, setBy, setAt, refusal}], tenants: […]}',
      load: async () => (await import('../../commands/logins.ts')).listLogins,
    },
    {
      name: 'logins listen',
      summary: 'have a listener with TLS that takes passwords, from the next start on; at first there is none',
      argument: { word: 'PORT|off', required: true, help: 'its port; off ends it' },
      examples: [{ line: 'logins listen 8884' }],
      output: '{port}',
      load: async () => (await import('../../commands/logins.ts')).listen,
    },
    {
      name: 'logins add-device',
      summary: 'give a device a password, another one if it has one; it is printed once',
      argument: { word: 'TENANT/DEVICE', required: true, help: 'the device' },
      options: {
        'device-profile': {
          value: 'NAME',
          required: true,
          help: 'its device profile, which must say that its units cannot do certificates',
        },
      },
      examples: [{ line: 'logins add-device acme/SIMPLE-1 --device-profile simple' }],
      output: '{username, password, port, topics}',
      load: async () => (await import('../../commands/logins.ts')).addDevice,
    },
    {
      name: 'logins add-service',
      summary: 'let a client that is no device come to the broker, and set what it may do',
      argument: { word: 'NAME', required: true, help: 'its name, e.g. ingest' },
      options: {
        read: filter('read'),
        write: filter('write'),
        password: { help: 'give it a password; it is printed once' },
      },
      examples: [{ line: "logins add-service ingest --read 'tenant/acme/#'" }],
      output: '{username, login, password}',
      load: async () => (await import('../../commands/logins.ts')).addService,
    },
    {
      name: 'logins certify',
      summary: 'a certificate for a service',
      argument: { word: 'NAME', required: true, help: 'the service' },
      options: {
        csr: { value: 'FILE', file: 'read', help: 'its request' },
        'make-key': { value: 'FILE', file: 'write', help: 'make the key, too, and write it here' },
        out: { value: 'FILE', short: 'o', file: 'write', required: true, help: 'where the certificate and what is above it go, PEM' },
      },
      pin: true,
      examples: [{ line: 'logins certify ingest --make-key ingest.key --out ingest.pem' }],
      output: '{username, serial, notAfter, out, key}',
      load: async () => (await import('../../commands/logins.ts')).certify,
    },
    {
      name: 'logins remove',
      summary: 'take a password, or a service (birthmark:NAME) with its certificates, away',
      argument: { word: 'NAME', required: true, help: 'its name in logins list' },
      examples: [{ line: 'logins remove birthmark:ingest' }],
      output: '{username}',
      load: async () => (await import('../../commands/logins.ts')).remove,
    },
    {
      name: 'logins set-tenant',
      summary: 'what a tenant’s devices log in with',
      argument: { word: 'TENANT', required: true, help: 'the tenant' },
      options: {
        mode: {
          value: 'MODE',
          required: true,
          choices: ['both', 'certificates', 'passwords'],
          help: 'both: a certificate where there is one. passwords: until --hours are over, although there are certificates',
        },
        hours: { value: 'N', help: `with --mode passwords: for how long (at most ${String(limits.rollbackHours)})` },
        reason: { value: 'TEXT', short: 'r', help: 'why, for the audit log' },
      },
      examples: [
        { line: 'logins set-tenant acme --mode passwords --hours 24 --reason "certificates fail"', about: 'the way back, for a day' },
        { line: 'logins set-tenant acme --mode both', about: 'as it begins' },
      ],
      output: '{passwordPort, rows, tenants}',
      load: async () => (await import('../../commands/logins.ts')).setTenant,
    },
  ],
};

const database = { word: 'NAME', required: true, help: 'its name, or its host alone' } as const;

export const records: Noun = {
  name: 'records',
  summary: 'the central records in PostgreSQL: which databases, what waits',
  commands: [
    {
      name: 'records list',
      summary: 'the databases, their state, and what waits for each',
      examples: [{ line: 'records list', about: 'exit code 5 while one is away' }],
      output: '{records: [{name, host, port, database, state, since, waiting, waitingSince, sentAt, problems, failure}]}',
      load: async () => (await import('../../commands/records.ts')).listRecords,
    },
    {
      name: 'records certificate',
      summary: 'print this station’s client certificate and ID, for migrate.sh on the broker host; made when there is none yet',
      pin: true,
      examples: [{ line: 'records certificate > records.pem' }],
      output: '{station, commonName, role, pem}',
      load: async () => (await import('../../commands/records.ts')).certificate,
    },
    {
      name: 'records registration',
      summary: 'print what migrate.sh on the broker host registers: this station, its tenants, and its CAs with a signature by each key',
      pin: true,
      options: { tenant: { value: 'TENANT', many: true, help: 'a tenant that has no device here yet' } },
      examples: [{ line: 'records registration --tenant acme > line-2.registration' }],
      output: '{station, tenants, issuers, file}',
      load: async () => (await import('../../commands/records.ts')).registration,
    },
    {
      name: 'records connect',
      summary: 'write to the database on this host from now on; again to send everything again',
      argument: { word: 'HOST', required: true, help: 'its host' },
      options: {
        port: { value: 'N', help: 'its port (default 5432)' },
        database: { value: 'NAME', help: 'its name (default birthmark)' },
        'server-name': { value: 'NAME', help: 'the name its server certificate is for (default: HOST)' },
        'server-ca': { value: 'FILE', file: 'read', help: 'the CA of its certificate (default: that of our brokers)' },
      },
      examples: [{ line: 'records connect broker.acme.example' }],
      output: 'as one of records list',
      load: async () => (await import('../../commands/records.ts')).connect,
    },
    {
      name: 'records disconnect',
      summary: 'write to this database no longer, and drop what waits for it',
      argument: database,
      examples: [{ line: 'records disconnect broker.acme.example' }],
      output: '{disconnected}',
      load: async () => (await import('../../commands/records.ts')).disconnect,
    },
    {
      name: 'records sync',
      summary: 'wait until nothing waits for any of them',
      options: { timeout: { value: 'SECONDS', help: 'at most so long (default 60)' } },
      examples: [{ line: 'records sync --timeout 300' }],
      output: 'as records list',
      load: async () => (await import('../../commands/records.ts')).sync,
    },
    {
      name: 'records problems',
      summary: 'what a database did not take, or has otherwise',
      rows: true,
      examples: [{ line: 'records problems' }],
      output: '{total, rows: [{host, kind, key, at, failure}]}',
      load: async () => (await import('../../commands/records.ts')).problems,
    },
  ],
};
