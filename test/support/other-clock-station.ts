import { readFileSync } from 'node:fs';

// A station service whose clock is as many milliseconds ahead as the file BIRTHMARK_TEST_CLOCK says, looked at each time.
const file = process.env['BIRTHMARK_TEST_CLOCK'] ?? '';
const real = Date.now.bind(Date);
Date.now = (): number => real() + Number(readFileSync(file, 'utf8'));
await import('../../src-main/station/service.ts');
