import { createElement, type ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  BrokerView,
  CertificateRow,
  DeviceRow,
  RevocationView,
  slotStates,
  SlotView,
  StationStatus,
} from '../../../src-main/contract/models.ts';
import { BrokerFacts } from '../../../src-renderer/app/BrokerDialog.tsx';
import { StatusItemView } from '../../../src-renderer/app/StatusBar.tsx';
import { type StatusItem, statusItems } from '../../../src-renderer/app/status-items.ts';
import { Slot } from '../../../src-renderer/features/line/Slot.tsx';
import { CertificateLine } from '../../../src-renderer/features/registry/CertificatesTable.tsx';
import { DeviceLine } from '../../../src-renderer/features/registry/DevicesTable.tsx';
import { CrlCard } from '../../../src-renderer/features/security/CrlCard.tsx';
import { IssuerCard } from '../../../src-renderer/features/security/IssuerCard.tsx';
import { Tries } from '../../../src-renderer/features/security/PinDialog.tsx';
import { revocationVerdict } from '../../../src-renderer/features/security/revocation-verdict.ts';
import { RevocationStages } from '../../../src-renderer/features/security/RevocationStages.tsx';
import { CanaryWord } from '../../../src-renderer/ui/CanaryWord.tsx';
import * as given from '../../support/renderer-mock/fixtures.ts';
import { missingValues, without } from './missing-values.ts';

const now = Date.now();

/**
 * What is shown when one value is missing. `unknown`: in the colour of what is not known, with this word. `answer`: the missing value is
 * itself an answer (“there is none”), said with this word and never as good. `beside`: another claim of the same card does not rest on it.
 */
type Shown = ({ readonly unknown: string } | { readonly answer: string }) & { readonly beside?: true };

interface Claim {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly model: unknown;
  readonly show: (model: never) => ReactElement;
  /** By missing value. One that is not here must change nothing: then nothing is claimed by it. */
  readonly shown: Readonly<Record<string, Shown>>;
  /** The verdict on a tile stands in the registry: only what is missing beside it is unknown. */
  readonly keepsVerdict?: boolean;
}

const claim = <T>(
  name: string,
  schema: z.ZodType<T>,
  model: T,
  show: (model: T) => ReactElement,
  shown: Claim['shown'],
  keepsVerdict = false,
): Claim => ({ name, schema, model, show: show as Claim['show'], shown, keepsVerdict });

const status = given.status({ records: [given.recordsView()] });
const live = { station: true, signer: true };
const item = (name: 'token' | 'session' | 'crl' | 'broker' | 'outbox' | 'backup') => (model: StationStatus) =>
  createElement(StatusItemView, { item: statusItems(model, live, now)[name], onGo: () => undefined });

const slots = Object.fromEntries(
  given
    .draftSlots()
    .toReversed()
    .map((slot) => [slot.state, slot]),
);
const tile = (state: SlotView['state'], shown: Claim['shown']): Claim =>
  claim(
    `the tile of a slot that is ${state}`,
    SlotView,
    { ...(slots[state] ?? given.slot(3, { state, device: 'acme/T2-000140' })), label: null },
    (slot) => createElement(Slot, { slot, blocked: false, isLast: false }),
    shown,
    true,
  );
/** A unit that has no number yet is shown by its hardware id; an empty place needs no name. */
const nameless = { unit: { answer: 'T2-0001' } };

const device = given.devices(1)[0];
const certificate = given.certificates(1)[0];
if (device === undefined || certificate === undefined) throw new Error('the fixtures have rows');

const claims: readonly Claim[] = [
  claim('the token in the status bar', StationStatus, status, item('token'), {
    'token.state=absent': { answer: 'not there' },
    'token.state=none': { answer: 'no token' },
    'token.view': { unknown: 'not read yet' },
  }),
  claim('the signing session in the status bar', StationStatus, status, item('session'), {
    'token.state=absent': { unknown: 'token not open' },
    'token.state=none': { unknown: 'token not open' },
    session: { answer: 'closed' },
  }),
  claim('the revocation list in the status bar', StationStatus, status, item('crl'), {
    crl: { answer: 'none yet' },
    'crl.publishedAt': { answer: 'not published yet' },
  }),
  claim('the broker in the status bar', StationStatus, status, item('broker'), {
    broker: { answer: 'none' },
    'broker.state=away': { answer: 'away' },
    'broker.state=starting': { answer: 'starting' },
    'broker.canary': { unknown: 'not proven yet' },
  }),
  claim('the outbox in the status bar', StationStatus, status, item('outbox'), {
    'records.0.state=away': { answer: 'central records away' },
    'records.0.state=starting': { unknown: 'central records not asked yet' },
  }),
  claim('the backup in the status bar', StationStatus, status, item('backup'), {
    backup: { answer: 'none yet' },
    'backup.newest': { answer: 'none yet' },
  }),
  claim('the issuer', StationStatus, status, (model) => createElement(IssuerCard, { status: model }), {
    'token.view': { unknown: 'kind of token not known now' },
    'token.view.triesLeft': { answer: 'PIN: tries not known', beside: true },
    'token.state=absent': { unknown: 'kind of token not known now' },
    'token.state=none': { unknown: 'kind of token not known now' },
    session: { answer: 'No signing session is open', beside: true },
  }),
  claim('the card of the revocation list', StationStatus, status, (model) => createElement(CrlCard, { status: model }), {
    crl: { answer: 'No revocation list yet' },
    'crl.publishedAt': { answer: 'not published yet' },
    broker: { unknown: 'not known: no broker host' },
    'broker.state=away': { unknown: 'not known on broker-a' },
    'broker.state=starting': { unknown: 'not known on broker-a' },
    'broker.canary': { unknown: 'not tried yet', beside: true },
  }),
  claim(
    'the sentence of the Security screen',
    StationStatus,
    status,
    (model) => {
      const { tone, sentence } = revocationVerdict(model, 0, now, true);
      return createElement('h1', { className: `tone-${tone}` }, sentence);
    },
    {
      crl: { answer: 'There is no revocation list yet' },
      'crl.publishedAt': { answer: 'on its way' },
      broker: { answer: 'There is no broker host yet' },
      'broker.state=away': { answer: 'does not answer' },
      'broker.state=starting': { answer: 'The broker is starting' },
      'broker.canary': { unknown: 'Not proven yet' },
    },
  ),
  claim(
    'the facts of the broker host',
    BrokerView,
    { ...given.broker(), waiting: 2, waitingSince: given.at(-40_000) },
    (broker) => createElement(BrokerFacts, { broker, outbox: status.outbox, records: status.records }),
    {
      'state=away': { answer: 'away' },
      'state=starting': { answer: 'starting' },
      canary: { unknown: 'not tried yet' },
      waitingSince: { answer: '2 publications, the oldest for not known' },
    },
  ),
  claim('the canary', BrokerView, given.broker(), ({ canary }) => createElement(CanaryWord, { canary }), {
    canary: { unknown: 'not tried yet' },
  }),
  claim(
    'the stages of a revocation',
    RevocationView,
    given.revocation({ state: 'EFFECTIVE', effectiveAt: given.at(0), liveSessionGoneMs: 700 }),
    (revocation) => createElement(RevocationStages, { revocation }),
    {
      publishedAt: { answer: 'ahead' },
      effectiveAt: { answer: 'ahead' },
      crlNumber: { answer: 'not known' },
      liveSessionGoneMs: { answer: 'refuse' },
    },
    true,
  ),
  claim(
    'a device in the registry',
    DeviceRow,
    { ...device, order: 'WO-1' },
    (row) => createElement(DeviceLine, { row, mayRevoke: false }),
    {
      hardwareId: { unknown: 'not seen yet' },
      order: { answer: 'none' },
      proofLevel: { unknown: 'not proven' },
      status: { answer: 'no certificate' },
    },
    true,
  ),
  claim(
    'a certificate in the registry',
    CertificateRow,
    { ...certificate, status: 'REVOKED', revokedAt: given.at(-1000), reason: 'keyCompromise' },
    (row) => createElement(CertificateLine, { row, mayRevoke: false }),
    {
      fingerprint: { answer: 'not signed yet' },
      revokedAt: { answer: 'REVOKED' },
      reason: { answer: 'not known' },
      order: { answer: 'none' },
    },
    true,
  ),
  tile('EMPTY', {}),
  tile('READY', { ...nameless, unit: { answer: 'Ready' } }),
  tile('RUNNING', {
    device: { answer: 'Writing certificate' },
    step: { unknown: 'step not known' },
    progress: { answer: 'step 6' },
    startedAt: { answer: '0.0' },
  }),
  tile('PASS', { device: { answer: 'PASS' }, proofLevel: { unknown: 'proof not known' } }),
  tile('FAIL', { device: { answer: 'FAIL' }, failure: { unknown: 'The cause is not known' } }),
  tile('NOT_VERIFIED', {
    device: { answer: 'NOT VERIFIED' },
    failure: { unknown: 'The cause is not known' },
    deadline: { unknown: 'until when: not known' },
  }),
  tile('HAS_IDENTITY', { device: { answer: 'does not know' } }),
  tile('REMOVE', { device: { answer: 'Take the unit out' } }),
];

const good = /class="(?:[^"]* )?(?:tone-pass|dot pass|slot pass)[ "]/u;
const unknown = /class="(?:[^"]* )?(?:tone-unknown|dot unknown)[ "]/u;
const shownFor = (one: Claim, model: unknown): string => renderToStaticMarkup(one.show(model as never));

const rows = claims.flatMap((one) =>
  missingValues(one.schema).flatMap((missing) => {
    const model = without(one.model, missing);
    return model === null ? [] : [{ claim: one.name, missing: missing.name, one, model, expected: one.shown[missing.name] }];
  }),
);

describe('a value that is missing is never shown as good', () => {
  it.each(rows)('$claim, without $missing', ({ one, model, expected }) => {
    const shown = shownFor(one, model);
    const word = expected === undefined ? shownFor(one, one.model) : 'unknown' in expected ? expected.unknown : expected.answer;
    expect(shown).toContain(word);
    expect(unknown.test(shown)).toBe(unknown.test(expected !== undefined && 'unknown' in expected ? 'class="tone-unknown"' : shown));
    expect(expected !== undefined && one.keepsVerdict !== true && expected.beside !== true && good.test(shown)).toBe(false);
  });

  it('has a row for each word of the table, and a tile for each state', () => {
    const stale = claims.flatMap((one) =>
      Object.keys(one.shown).filter((name) => !rows.some((row) => row.one === one && row.missing === name)),
    );
    expect(stale).toEqual([]);
    expect(slotStates.filter((state) => !claims.some(({ name }) => name.endsWith(` ${state}`)))).toEqual([]);
  });

  it('shows as good what is there and in order', () => {
    const inOrder = claims.slice(0, 8).map((one) => [one.name, good.test(shownFor(one, one.model))]);
    expect(inOrder).toEqual(inOrder.map(([name]) => [name, true]));
  });
});

describe('while a service cannot be asked', () => {
  const tones = (sources: { station: boolean; signer: boolean }) =>
    Object.fromEntries(Object.entries(statusItems(status, sources, now)).map(([name, { tone }]: [string, StatusItem]) => [name, tone]));

  it('what it told is last known, and in no tone of good or bad', () => {
    const all = { token: 'unknown', session: 'unknown', crl: 'unknown', broker: 'unknown', outbox: 'unknown', backup: 'unknown' };
    expect(tones({ station: false, signer: true })).toEqual(all);
    expect(tones({ station: true, signer: false })).toEqual({ ...all, crl: 'pass', broker: 'pass', outbox: 'pass', backup: 'pass' });
    expect(revocationVerdict(status, 0, now, false).tone).toBe('unknown');
    expect(revocationVerdict(status, null, now, true).tone).toBe('unknown');
  });

  it.each(slotStates)('a slot that was %s says that this is last known, and offers nothing', (state) => {
    const slot = { ...given.slot(3, { state, device: 'acme/T2-000140' }), ...slots[state] };
    const shown = renderToStaticMarkup(createElement(Slot, { slot, blocked: false, isLast: true }));
    expect(shown).toContain('last known');
    expect(shown).toMatch(/class="slot unknown /u);
    expect(shown).not.toContain('<button');
  });
});

it('tries of a PIN that nobody knows are said to be unknown', () => {
  const shown = renderToStaticMarkup(createElement(Tries, { tries: null }));
  expect(shown).toMatch(unknown);
  expect(shown).toContain('not known');
});
