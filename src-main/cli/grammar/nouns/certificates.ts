import { CertificateStatus, CertificateUse, limits, RevocationReason } from '../../../contract/index.ts';
import type { Noun } from '../entry.ts';
import { search } from '../options.ts';

export const certificates: Noun = {
  name: 'certificates',
  summary: 'certificates of devices, brokers and the station: look, revoke, export',
  commands: [
    {
      name: 'certificates list',
      summary: 'certificates, newest first',
      options: {
        ...search,
        status: { value: 'STATUS', choices: CertificateStatus.options, help: 'only those in this status' },
        use: { value: 'USE', choices: CertificateUse.options, help: 'only those for this use' },
      },
      rows: true,
      examples: [
        { line: 'certificates list --status active --search acme/', about: 'of one tenant' },
        { line: 'certificates list --format csv > certificates.csv', about: 'all, for a spreadsheet' },
      ],
      output: '{total, rows: [{serial, device, use, status, fingerprint, notBefore, notAfter, …}]}',
      load: async () => (await import('../../commands/certificates.ts')).listCertificates,
    },
    {
      name: 'certificates show',
      summary: 'everything about one, with what its device proved about its key, and its PEM',
      argument: { word: 'SERIAL', required: true, help: 'its serial number' },
      examples: [{ line: 'certificates show 1E724432660052034CC20762D89F3A44599DF092', about: 'colons may stand in it' }],
      output: '{serial, device, use, status, …, pem, keyMadeBy, attestation}',
      load: async () => (await import('../../commands/certificates.ts')).showCertificate,
    },
    {
      name: 'certificates expiring',
      summary: 'those of devices and brokers in force that come to their end, the soonest first',
      options: {
        days: { value: 'N', help: `those that end within N days (default ${String(limits.renewalWindowDays)})` },
        check: { help: 'exit code 1 when there is any, for a monitor' },
      },
      rows: true,
      examples: [{ line: 'certificates expiring --days 14 --check --quiet', about: 'for a monitor' }],
      output: '{total, rows: [{serial, use, device, notAfter, daysLeft, toldAt}]}; toldAt is null when no message was sent',
      load: async () => (await import('../../commands/expiring.ts')).expiring,
    },
    {
      name: 'certificates revoke',
      summary: 'revoke certificates and wait until the broker refuses them',
      options: {
        device: { value: 'TENANT/DEVICE', help: 'all certificates of a device' },
        serial: { value: 'HEX', help: 'one certificate, by serial number' },
        fingerprint: { value: 'SHA256', help: 'one certificate, by SHA-256 fingerprint' },
        order: { value: 'ID', help: 'all certificates of a work order' },
        'issued-from': { value: 'TIME', help: 'all issued from this time on, e.g. 2026-05-04T06:00Z or with an offset like +02:00' },
        'issued-to': { value: 'TIME', help: 'and before this time (default: now)' },
        csv: {
          value: 'FILE',
          file: 'read',
          help: 'those in a list with the columns device, serial or fingerprint, and reason if you like',
        },
        reason: { value: 'REASON', short: 'r', choices: RevocationReason.options, help: 'why, as the list says it (default: unspecified)' },
        note: { value: 'TEXT', help: 'why, for the audit log' },
        'dry-run': { help: 'only show what it would hit' },
        timeout: { value: 'SECONDS', help: 'how long to wait for EFFECTIVE (default 30)' },
      },
      pin: true,
      examples: [
        { line: 'certificates revoke --device acme/T2-000002 --reason keyCompromise --note "returned"', about: 'one device' },
        { line: 'certificates revoke --order WO-1 --dry-run', about: 'what a work order would lose' },
        { line: 'certificates revoke --csv list.csv --reason superseded --pin-file pin', about: 'a list' },
      ],
      output:
        '{revocations: [{serial, device, reason, note, operator, state, recordedAt, publishedAt, effectiveAt, crlNumber, liveSessionGoneMs}]}; of many {revoked, waiting}; with --dry-run {wouldRevoke: […], count, byStatus}',
      load: async () => (await import('../../commands/revocation.ts')).revoke,
    },
    {
      name: 'certificates issue-server',
      summary: 'a certificate for a broker, from the issuer of server certificates',
      options: {
        dns: { value: 'NAME', many: true, help: 'host name of the broker; no wildcards' },
        ip: { value: 'ADDRESS', many: true, help: 'IPv4 or IPv6 address of the broker' },
        csr: { value: 'FILE', file: 'read', help: 'its certificate request, PEM or DER; only the key is taken from it' },
        'make-key': { value: 'FILE', file: 'write', help: 'make the key, too, and write it here (PEM, 0600); it is kept nowhere else' },
        out: { value: 'FILE', short: 'o', file: 'write', required: true, help: 'where the certificate and what is above it go, PEM' },
        days: { value: 'N', help: 'validity (default and most: what the profile “server” says)' },
      },
      pin: true,
      examples: [
        { line: 'certificates issue-server --dns mqtt.factory.example --make-key broker.key --out broker.pem', about: 'with a new key' },
        {
          line: 'certificates issue-server --dns mqtt.factory.example --csr broker.csr --out broker.pem',
          about: 'for the key of a request',
        },
      ],
      output: '{serial, fingerprint, hosts, notAfter, out, key}',
      load: async () => (await import('../../commands/server-certificate.ts')).issueServer,
    },
    {
      name: 'certificates export',
      summary: 'write root.pem, issuer.pem, crl.pem and the certificates to a folder',
      options: {
        out: { value: 'DIR', short: 'o', file: 'folder', required: true, help: 'folder to write to; made when it is not there' },
      },
      examples: [{ line: 'certificates export --out pki', about: 'to the folder pki' }],
      output: '{out, files}',
      load: async () => (await import('../../commands/export.ts')).exportPem,
    },
  ],
};
