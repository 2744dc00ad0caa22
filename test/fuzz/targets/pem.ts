import { certificateFromFile, certificateToPem, requestFromFile } from '../../../src-main/station/ca/index.ts';
import { caSpki, caTbs, leafTbs, signed } from '../keys.ts';
import { mutateText } from '../mutate/text.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

const armour = (label: string, body: string, end = '\n'): Buffer =>
  Buffer.from(`-----BEGIN ${label}-----${end}${body}${end}-----END ${label}-----${end}`);
const base64 = signed(leafTbs(caSpki)).toString('base64');
const certificatePem = certificateToPem(signed(caTbs(caSpki)));

/** Files that people hand in: a request or a certificate, in PEM or DER. */
export const pem: FuzzTarget = {
  name: 'pem',
  seeds: () => [
    armour('CERTIFICATE REQUEST', base64.replace(/.{64}/gu, '$&\n')),
    armour('NEW CERTIFICATE REQUEST', base64.replace(/.{64}/gu, '$&\r\n'), '\r\n'),
    Buffer.from(`Certificate Request:\n    Data: …\n${armour('CERTIFICATE REQUEST', base64).toString()}`),
    Buffer.from(certificatePem),
  ],
  mutate: mutateText([
    '-----BEGIN CERTIFICATE REQUEST-----',
    '-----END CERTIFICATE REQUEST-----',
    '-----BEGIN ',
    '-----',
    'NEW ',
    'TRUSTED ',
    '====',
    'MIIB',
    '\n\n',
  ]),
  feed: (input) => {
    const request = refusedBy(
      /^INVALID_INPUT$/u,
      () => requestFromFile(input),
      (read) => {
        if (read.length > input.length) throw new Broken('more came out than went in');
        return 'a request';
      },
    );
    const certificate = refusedBy(
      /^INVALID_INPUT$/u,
      () => certificateFromFile(input),
      () => 'a certificate',
    );
    return `${request} · ${certificate}`;
  },
};
