import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Reads a file as a firmware with Mbed TLS does, and prints the serial number of each certificate that it found. */
const program = `
#include <stdio.h>
#include <mbedtls/x509_crt.h>
int main(int count, char **words) {
    mbedtls_x509_crt chain;
    char text[128];
    mbedtls_x509_crt_init(&chain);
    if (count != 2 || mbedtls_x509_crt_parse_file(&chain, words[1]) != 0) return 1;
    for (mbedtls_x509_crt *one = &chain; one != NULL; one = one->next) {
        if (mbedtls_x509_serial_gets(text, sizeof text, &one->serial) < 0) return 1;
        puts(text);
    }
    mbedtls_x509_crt_free(&chain);
    return 0;
}
`;

let built: string | undefined;

function reader(): string {
  if (built !== undefined) return built;
  const folder = mkdtempSync(join(tmpdir(), 'birthmark-mbedtls-'));
  writeFileSync(join(folder, 'read.c'), program);
  execFileSync('cc', ['-o', 'read', 'read.c', '-lmbedx509', '-lmbedcrypto'], { cwd: folder });
  built = join(folder, 'read');
  return built;
}

/** The serial numbers of the certificates that Mbed TLS finds in a file as a unit stores it. */
export function mbedTlsReads(content: Uint8Array | null | undefined): string[] {
  const file = join(mkdtempSync(join(tmpdir(), 'birthmark-stored-')), 'file');
  writeFileSync(file, content ?? '');
  const text = execFileSync(reader(), [file], { encoding: 'latin1' });
  return text
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(':', ''));
}

export const serialOf = (der: Uint8Array): string => new X509Certificate(der).serialNumber;
