import { afterEach, expect, test } from 'vitest';
import { Failure, type ErrorCode } from '../../../src-main/contract/index.ts';
import { endOverdueProofs, recoverRuns } from '../../../src-main/station/line/index.ts';
import { TestLine, type Hook } from '../../support/line.ts';
import { sampleFailure } from '../../support/sample-failure.ts';

const lines: TestLine[] = [];
const lineWith = (hook?: Hook): TestLine => {
  const made = new TestLine(hook);
  lines.push(made);
  return made;
};
afterEach(() => {
  for (const made of lines.splice(0)) made.here.dispose();
});

const failAt = (step: string, code: ErrorCode): Hook => {
  return (what) => {
    if (what === step) throw sampleFailure(code);
  };
};
const status = (line: TestLine): string[] => line.here.registry.certificates.list({ search: '', limit: 10 }).rows.map((row) => row.status);

test('a good unit passes: everything was asked, in this order', async () => {
  const line = lineWith();
  expect(await line.run()).toMatchObject({ state: 'PASS', proofLevel: 'device-connected', failure: null });
  const order = [
    'open',
    'identify',
    'key',
    'sign',
    'publish',
    'install',
    'read-back',
    'possession',
    'activate',
    'observe',
    'arrived',
    'self-test',
    'arrived',
    'seen',
    'lock',
    'close',
    'transcript',
  ];
  expect(line.asked).toEqual(order);
  expect(status(line)).toEqual(['ACTIVE']);
});

test('a publication that failed beside the other steps is tried once more when it is needed', async () => {
  let failures = 1;
  const line = lineWith((what) => {
    if (what === 'publish' && failures-- > 0) throw sampleFailure('BROKER_AWAY');
  });
  expect(await line.run()).toMatchObject({ state: 'PASS' });
  expect(line.asked.filter((what) => ['publish', 'activate', 'observe'].includes(what))).toEqual([
    'publish',
    'activate',
    'publish',
    'observe',
  ]);
});

test('what is known before the certificate is written while it is signed, and ends before it is installed', async () => {
  const line = lineWith();
  const signed = (): boolean => line.asked.includes('publish');
  let asked: string[] = [];
  line.ahead = async () => {
    while (!signed()) await new Promise((later) => setImmediate(later));
    asked = [...line.asked];
  };
  expect(await line.run()).toMatchObject({ state: 'PASS' });
  expect(asked).toContain('sign');
  expect(asked).not.toContain('install');
});

test('a certificate that is not signed ends what was written beside it, before the unit is left', async () => {
  const line = lineWith(failAt('sign', 'TOKEN_ABSENT'));
  let endedBefore: string[] = [];
  line.ahead = (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        endedBefore = [...line.asked];
        reject(new Failure('CANCELLED', { left: 'clean' }));
      });
    });
  expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'TOKEN_ABSENT' } });
  expect(endedBefore).toContain('ahead');
  expect(endedBefore).not.toContain('close');
});

test('what fails while the certificate is signed fails its installation, and the certificate is revoked', async () => {
  const line = lineWith();
  line.ahead = () => Promise.reject(new Failure('DEVICE_SWAPPED', { expected: 'HW-1', actual: 'HW-2' }));
  expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'DEVICE_SWAPPED' }, certificateRevoked: true });
  expect(line.asked).not.toContain('install');
});

test.each(['open', 'identify', 'key'])('what fails at “%s” is FAIL and nothing was signed', async (step) => {
  const line = lineWith(failAt(step, 'NO_RESPONSE'));
  expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'NO_RESPONSE' }, certificateRevoked: false });
  expect(status(line)).toEqual([]);
});

test.each(['sign', 'install', 'read-back', 'possession', 'activate', 'self-test', 'arrived', 'seen', 'lock'])(
  'what fails at “%s” is FAIL, and the certificate is revoked',
  async (step) => {
    const line = lineWith(failAt(step, 'NO_RESPONSE'));
    expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'NO_RESPONSE' }, certificateRevoked: true });
    expect(status(line)).toEqual(['REVOKED']);
    expect(line.asked).toContain('revocation told');
  },
);

test.each(['publish', 'observe', 'arrived', 'seen'])('a broker that goes away at “%s” is NOT_VERIFIED with a deadline', async (step) => {
  const line = lineWith(failAt(step, 'BROKER_AWAY'));
  const deadline = new Date(line.here.clock.now() + 72 * 3_600_000).toISOString();
  expect(await line.run()).toMatchObject({ state: 'NOT_VERIFIED', failure: { code: 'BROKER_AWAY' }, deadline });
  expect(status(line)).toEqual(['SIGNED']);
});

test.each([
  [null, 0, 'PASS'],
  [null, 1, 'FAIL'],
  [0, 0, 'FAIL'],
] as const)(
  'where refusals have no word (reason %s, %i delivered) only what nobody received counts: %s',
  async (reason, delivered, state) => {
    const line = lineWith();
    line.brokerTellsRefusals = false;
    line.foreignReason = reason;
    line.delivered = delivered;
    expect((await line.run()).state).toBe(state);
  },
);

test('a unit that cannot connect while the broker is down is not blamed for it', async () => {
  const line = lineWith();
  line.tested = { stage: 'tcp', connected: false, echoed: false, detail: 'refused' };
  line.brokerUp = false;
  expect(await line.run()).toMatchObject({ state: 'NOT_VERIFIED', failure: { code: 'SELFTEST_FAILED' } });
});

test.each([
  ['SELFTEST_FAILED', (line: TestLine): void => void (line.tested = { stage: 'tls', connected: false, echoed: false, detail: '' })],
  ['ECHO_MISSING', (line: TestLine): void => void (line.tested = { stage: 'echo', connected: true, echoed: false, detail: '' })],
  ['FOREIGN_TOPIC_ALLOWED', (line: TestLine): void => void (line.foreignReason = 0)],
  ['FOREIGN_TOPIC_ALLOWED', (line: TestLine): void => void (line.delivered = 1)],
] as const)('%s is a FAIL, not a pass with a remark', async (code, set) => {
  const line = lineWith();
  set(line);
  expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code }, certificateRevoked: true });
  expect(status(line)).toEqual(['REVOKED']);
});

test('a failed unit is erased, unless it is another one by now', async () => {
  const line = lineWith(failAt('read-back', 'VERIFY_MISMATCH'));
  await line.run();
  expect(line.asked).toContain('erase');
  const swapped: TestLine = lineWith((what) => {
    if (what !== 'read-back') return;
    swapped.unit = { ...swapped.unit, hardwareId: 'HW-2' };
    throw sampleFailure('VERIFY_MISMATCH');
  });
  expect((await swapped.run()).failure?.code).toBe('VERIFY_MISMATCH');
  expect(swapped.asked).not.toContain('erase');
});

test('an officer revokes the certificate before the verdict: CERTIFICATE_REVOKED, no pass', async () => {
  const line = lineWith((what) => {
    const [row] = line.here.registry.certificates.list({ search: '', limit: 1 }).rows;
    if (what === 'lock') line.here.registry.certificates.revoke(row?.serial ?? '', 'keyCompromise', '', 'officer');
  });
  expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'CERTIFICATE_REVOKED' }, certificateRevoked: true });
  expect(status(line)).toEqual(['REVOKED']);
});

test('time runs out while the unit is being proven: PROOF_OVERDUE, no pass', async () => {
  let away = true;
  const line = lineWith((what) => {
    if (what === 'publish' && away) throw sampleFailure('BROKER_AWAY');
    if (what !== 'lock') return;
    line.here.clock.pass(73 * 3_600_000);
    expect(endOverdueProofs(line.here.registry)).toBe(1);
  });
  expect((await line.run()).state).toBe('NOT_VERIFIED');
  away = false;
  expect(await line.line.proveOutstanding('Tess')).toMatchObject([{ verdict: 'FAIL', code: 'PROOF_OVERDUE' }]);
  expect(line.view).toMatchObject({ state: 'FAIL', failure: { code: 'PROOF_OVERDUE' }, certificateRevoked: true });
  expect(status(line)).toEqual(['REVOKED']);
});

test('asked twice at the same moment, a unit is proven once', async () => {
  let away = true;
  const line = lineWith((what) => {
    if (what === 'publish' && away) throw sampleFailure('BROKER_AWAY');
  });
  await line.run();
  away = false;
  const [one, two] = await Promise.all([line.line.proveOutstanding('Tess'), line.line.proveOutstanding('Tess')]);
  expect([one[0]?.verdict, two[0]?.verdict]).toEqual(['PASS', 'PASS']);
  expect(line.asked.filter((what) => what === 'lock')).toHaveLength(1);
});

test('a unit that waits for proof and is plugged in again goes on with its run; reprovisioned, it starts anew and the old run ends', async () => {
  let away = true;
  const line = lineWith((what) => {
    if (what === 'publish' && away) throw sampleFailure('BROKER_AWAY');
  });
  const first = await line.run();
  line.plug(false);
  expect(await line.run()).toMatchObject({ state: 'NOT_VERIFIED', run: first.run, deadline: first.deadline });
  expect(status(line)).toEqual(['SIGNED']);
  away = false;
  line.line.reprovision(1, 'Tess');
  const again = await line.ended();
  expect(again).toMatchObject({ state: 'PASS' });
  expect(again.run).not.toBe(first.run);
  expect(status(line).sort()).toEqual(['ACTIVE', 'REVOKED']);
  expect(line.here.registry.runs.notVerified()).toEqual([]);
});

test('a full disk during a run is DISK_FULL; the run stays open in the journal and is ended at the next start', async () => {
  const line = lineWith((what) => {
    if (what !== 'install') return;
    const { db } = line.here.registry.store;
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
    // What is left of the last pages is used up.
    for (let full = false; !full;) {
      try {
        for (;;) line.here.registry.store.setSetting(crypto.randomUUID(), 'x'.repeat(50));
      } catch {
        full = true;
      }
    }
    for (let i = 0; i < 40; i++) line.here.registry.runs.journal(line.view.run ?? '', 'install', 'begin');
  });
  expect(await line.run()).toMatchObject({ state: 'FAIL', failure: { code: 'DISK_FULL' } });
  line.here.registry.store.db.pragma('max_page_count = 1000000');
  recoverRuns(line.here.registry, line.here.clock, 72);
  expect(status(line)).toEqual(['REVOKED']);
  expect(line.here.registry.store.auditProblems().problems).toEqual([]);
});

test('a transcript that cannot be written does not change the verdict', async () => {
  const line = lineWith();
  line.transcripts = false;
  expect(await line.run()).toMatchObject({ state: 'PASS' });
});

test('nothing is begun while something is in the way; the slot says what, and begins when it is gone', async () => {
  const line = lineWith();
  line.ready = new Failure('SESSION_NONE').toData();
  line.plug();
  expect(line.view).toMatchObject({ state: 'READY', failure: { code: 'SESSION_NONE' }, run: null });
  expect(line.asked).toEqual([]);
  line.ready = {
    id: 'ORDER-1',
    tenant: 'acme',
    product: 'S',
    deviceProfile: 'reference-agent',
    certificateProfile: 'device',
    quantity: 1,
    idPrefix: 'S-',
  };
  line.line.poke();
  expect(await line.ended()).toMatchObject({ state: 'PASS' });
});
