import { Failure } from '../../../src-main/contract/errors.ts';
import {
  type Operator,
  type RevocationView,
  runGaps,
  runSteps,
  type SlotView,
  type StationStatus,
} from '../../../src-main/contract/models.ts';
import * as given from './fixtures.ts';
import { MockStation } from './station.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const officer: Operator = { name: 'Officer 3', role: 'officer', passwordSet: true };

interface Plot {
  readonly status: StationStatus;
  readonly slots: readonly SlotView[];
  readonly rows: number;
  readonly revocations: readonly RevocationView[];
}

const plots: Readonly<Record<string, () => Partial<Plot>>> = {
  'first-run': () => ({
    status: given.status({
      phase: 'first-run',
      operator: null,
      session: null,
      issuers: [],
      crl: null,
      broker: null,
      token: { state: 'none', view: null },
    }),
    slots: [1, 2, 3, 4].map((n) => given.slot(n)),
  }),
  'signed-out': () => ({ status: given.status({ operator: null }) }),
  line: () => ({}),
  long: () => ({
    status: given.status({ operator: { name: 'Maximiliane Hinterberger-Oberholzer', role: 'officer', passwordSet: true } }),
    slots: given
      .draftSlots()
      .map((slot) => (slot.device === null ? slot : { ...slot, device: 'acme-manufacturing-south/T2-EU-868MHZ-00000000000000000131' })),
  }),
  blocked: () => ({
    status: given.status({
      session: null,
      token: { state: 'locked', view: given.token },
      preconditions: [
        { level: 'error', failure: given.failure('SESSION_NONE') },
        { level: 'warning', failure: given.failure('BROKER_AWAY', { host: '127.0.0.1', port: 8883, stage: 'tcp' }) },
      ],
    }),
    slots: [given.slot(1, { state: 'READY', unit: given.unit(1) }), given.slot(2), given.slot(3), given.slot(4)],
  }),
  four: () => ({
    status: given.status({ tryOut: true, operator: officer }),
    slots: [given.draftSlots()[0], given.draftSlots()[1], given.draftSlots()[2], given.draftSlots()[4]].map((slot, index) => ({
      ...(slot ?? given.slot(1)),
      slot: index + 1,
    })),
  }),
  gaps: () => ({
    slots: given.draftSlots().map((slot) => (slot.state === 'PASS' ? { ...slot, proofLevel: 'written', gaps: [...runGaps] } : slot)),
  }),
  security: () => ({ status: given.status({ operator: officer, tryOut: true }) }),
  closed: () => ({
    status: given.status({
      operator: officer,
      session: null,
      alarms: [{ id: 'crl', level: 'alarm', since: given.at(-90_000), failure: given.failure('CANARY_ADMITTED') }],
      broker: {
        ...given.broker(),
        canary: { at: given.at(-5000), revokedRefused: false, goodAccepted: true },
        waiting: 2,
        waitingSince: given.at(-40_000),
      },
    }),
    revocations: [],
  }),
  empty: () => ({ rows: 0, revocations: [], slots: [], status: given.status({ operator: officer, crl: null, issuers: [] }) }),
};

/** What can be played. */
export const scenarioNames: readonly string[] = Object.keys(plots);

const pastRevocations = (): RevocationView[] => [
  given.revocation(),
  ...Array.from({ length: 9 }, (_, index) =>
    given.revocation({
      serial: given.hex(500 + index, 40).toUpperCase(),
      device: `acme/T2-00008${index}`,
      reason: index % 2 === 0 ? 'superseded' : 'unspecified',
      state: 'EFFECTIVE',
      recordedAt: given.at(-(index + 1) * 7_200_000),
      publishedAt: given.at(-(index + 1) * 7_200_000 + 800),
      effectiveAt: given.at(-(index + 1) * 7_200_000 + 1900),
      liveSessionGoneMs: 1700,
    }),
  ),
];

/** A station that plays one plot: `?scenario=line&role=officer`. Runs advance by themselves; the right PIN is 123456. */
export function playScenario(name: string): MockStation {
  const plot = plots[name]?.() ?? {};
  const station = new MockStation();
  let status = plot.status ?? given.status();
  let slots = [...(plot.slots ?? given.draftSlots())];
  let revocations = [...(plot.revocations ?? pastRevocations())];
  let tries = 3;
  const certificates = given.certificates(plot.rows ?? 1234);
  const devices = given.devices(plot.rows ?? 1234);

  const setStatus = (over: Partial<StationStatus>): void => station.emit('status.changed', (status = { ...status, ...over }));
  const setSlot = (slot: SlotView): SlotView => {
    slots = slots.map((one) => (one.slot === slot.slot ? slot : one));
    station.emit('slot.changed', slot);
    return slot;
  };
  const slotOf = (number: number): SlotView => slots.find(({ slot }) => slot === number) ?? given.slot(number);

  const run = async (number: number, fault?: string): Promise<void> => {
    const unit = given.unit(number * 31 + (Date.now() % 997));
    const startedAt = given.at(0);
    const device = `acme/T2-${String(137 + number).padStart(6, '0')}`;
    setSlot(given.slot(number, { state: 'READY', unit }));
    await pause(500);
    for (const step of runSteps) {
      const bytes = step === 'install' || step === 'read-back';
      for (const part of bytes ? [0, 0.5, 1] : [0]) {
        setSlot({
          ...slotOf(number),
          state: 'RUNNING',
          device,
          step,
          startedAt,
          progress: bytes ? { done: 2900 * part, total: 2900 } : null,
        });
        await pause(130);
      }
      if (fault !== undefined && fault !== 'noisy-log' && step === 'read-back') {
        setSlot({
          ...slotOf(number),
          state: 'FAIL',
          step: null,
          progress: null,
          ms: Date.now() - Date.parse(startedAt),
          failure: given.failure('VERIFY_MISMATCH', { item: 'certificate' }),
          certificateRevoked: true,
        });
        return;
      }
    }
    setSlot({
      ...slotOf(number),
      state: 'PASS',
      step: null,
      progress: null,
      ms: Date.now() - Date.parse(startedAt),
      proofLevel: 'device-connected',
    });
  };

  const revoke = async (view: RevocationView): Promise<void> => {
    const put = (next: RevocationView): void => {
      revocations = [next, ...revocations.filter(({ serial }) => serial !== next.serial)];
      station.emit('revocation.changed', next);
    };
    put(view);
    await pause(1200);
    const published: RevocationView = { ...view, state: 'PUBLISHED', publishedAt: given.at(0), crlNumber: 413 };
    put(published);
    await pause(1500);
    put({ ...published, state: 'EFFECTIVE', effectiveAt: given.at(0), liveSessionGoneMs: 2400 });
  };

  const paged = <T>(
    rows: readonly T[],
    { search = '', limit = 100, cursor }: { search?: string | undefined; limit?: number | undefined; cursor?: string | null | undefined },
  ): { total: number; rows: T[]; next: string | null } => {
    const hits = rows.filter((row) => JSON.stringify(row).toLowerCase().includes(search.toLowerCase()));
    const from = Number(cursor ?? 0);
    const upTo = from + limit;
    return { total: hits.length, rows: hits.slice(from, upTo), next: upTo < hits.length ? String(upTo) : null };
  };

  return station
    .answer('station.status', () => status)
    .answer('station.tryOut', async () => {
      const steps = [
        'Making the folder',
        'Initialising the software token',
        'Making the root key',
        'Making the issuing key',
        'Starting the broker',
        'Trying the canaries',
        'Plugging in the units',
      ];
      for (const [done, step] of steps.entries()) {
        station.emit('setup.progress', { step, done, total: steps.length });
        await pause(300);
      }
      status = given.status({
        tryOut: true,
        operator: officer,
        token: { state: 'open', view: { ...given.token, software: true, label: 'Try-out token', model: 'SoftHSM v2' } },
      });
      for (const number of [1, 2, 3, 4]) void pause(number * 300).then(() => run(number));
      return status;
    })
    .answer('operators.list', () => [...given.operators])
    .answer('operators.signIn', ({ name: who, password }) => {
      const operator = given.operators.find((one) => one.name === who);
      if (operator === undefined || (operator.passwordSet && password !== 'secret')) throw new Failure('SIGN_IN_FAILED');
      setStatus({ operator });
      return { operator, credential: null, expiresAt: '2027-01-01T00:00:00.000Z' };
    })
    .answer('operators.signOut', () => (setStatus({ operator: null }), {}))
    .answer('sessions.request', () => ({
      requestId: given.uuid(99),
      purpose: 'open a signing session',
      token: status.token.view === null ? null : { ...status.token.view, triesLeft: tries },
      expiresAt: given.at(120_000),
      pinPad: false,
    }))
    .answer('pin.terms', () => ({
      kind: 'issue',
      token: { label: given.token.label, serial: given.token.serial },
      issuers: ['Acme issuer 1'],
      profiles: ['device'],
      tenants: null,
      quota: 200,
      until: given.at(28_800_000),
      operator: 'Olga',
      reason: 'Line 1, early shift',
      relearn: null,
    }))
    .answer('pin.enter', async ({ pin }) => {
      await pause(300);
      if (new TextDecoder().decode(pin) !== '123456')
        throw new Failure('PIN_WRONG', { triesLeft: (tries -= 1), counted: 'as the token says' });
      tries = 3;
      setStatus({ session: { ...given.session(), used: 0 }, token: { state: 'open', view: given.token }, preconditions: [] });
      return { session: status.session };
    })
    .answer('sessions.close', () => (setStatus({ session: null }), {}))
    .answer('line.slots', () => slots)
    .answer('line.retry', ({ slot }) => (void run(slot), slotOf(slot)))
    .answer('line.reject', ({ slot }) => setSlot(given.slot(slot)))
    .answer('line.cancel', ({ slot }) =>
      setSlot({ ...slotOf(slot), state: 'FAIL', step: null, failure: given.failure('CANCELLED', { left: 'without an identity' }) }),
    )
    .answer('line.reprovision', ({ slot }) => (void run(slot), slotOf(slot)))
    .answer('orders.list', () => [
      given.order(),
      given.order({ order: { ...given.order().order, id: 'WO-2232', product: 'Gateway G1', quantity: 1500 }, passed: 0 }),
    ])
    .answer('orders.current', () =>
      name === 'empty'
        ? null
        : name === 'long'
          ? given.order({
              order: { ...given.order().order, product: 'Thermostat T2 with radio module for European and Swiss markets, ESP32-C3' },
            })
          : given.order(),
    )
    .answer('orders.choose', () => given.order())
    .answer('bench.units', () => slots.map(({ slot, unit }) => ({ slot, hardwareId: unit?.hardwareId ?? null, fault: null })))
    .answer('bench.plug', ({ slot, fault }) => (void run(slot, fault), {}))
    .answer('bench.unplug', ({ slot }) => (setSlot(given.slot(slot)), {}))
    .answer('devices.list', (input) => paged(devices, input))
    .answer('certificates.list', ({ status: only, ...input }) =>
      paged(only === undefined ? certificates : certificates.filter((row) => row.status === only), input),
    )
    .answer('revocations.preview', ({ device, serial, fingerprint }) =>
      certificates.filter(
        (row) => row.device === device || row.serial === serial || (fingerprint !== undefined && row.fingerprint === fingerprint),
      ),
    )
    .answer('revocations.revoke', ({ selector, reason, note }) => {
      const hit = certificates.find((row) => row.device === selector.device || row.serial === selector.serial);
      const view = given.revocation({
        serial: hit?.serial ?? given.hex(1, 40).toUpperCase(),
        device: hit?.device ?? '',
        reason,
        note: note ?? '',
        state: 'RECORDED',
        recordedAt: given.at(0),
        publishedAt: null,
        crlNumber: null,
      });
      void revoke(view);
      return [view];
    })
    .answer('revocations.list', (input) => paged(revocations, input))
    .answer('crl.publish', async () => {
      await pause(600);
      const crl = { ...given.crl(), number: 413, thisUpdate: given.at(0) };
      setStatus({ crl });
      return crl;
    })
    .answer('broker.status', () => status.broker)
    .answer('verify.outstanding', () => [])
    .answer('verify.broker', () => [
      { name: 'Name and port', result: 'PASS', ms: 3, value: '127.0.0.1 · 3 ms', failure: null },
      { name: 'We trust the broker', result: 'PASS', ms: 31, value: '211 days left', failure: null },
      {
        name: 'The broker accepts the device',
        result: 'FAIL',
        ms: 38,
        value: 'alert 45 after 38 ms',
        failure: given.failure('BROKER_CRL_EXPIRED'),
      },
      { name: 'Own topics work', result: 'SKIPPED', ms: 0, value: 'not reached', failure: null },
    ]);
}
