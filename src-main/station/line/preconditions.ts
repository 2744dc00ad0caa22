import {
  Failure,
  type BrokerView,
  type CrlView,
  type Precondition,
  type SessionEnd,
  type SigningSession,
  type TokenView,
  type WorkOrder,
} from '../../contract/index.ts';

/** What the line's readiness depends on, as it is now. */
export interface Readiness {
  readonly now: number;
  /** Why the clock of this computer cannot be believed. */
  readonly clockDoubt: Failure | null;
  /** Why nothing may be issued or published yet. */
  readonly held: Failure | null;
  readonly token: { state: 'open' | 'locked' | 'absent' | 'none'; view: TokenView | null };
  readonly session: SigningSession | null;
  readonly sessionEnd: SessionEnd | null;
  readonly order: WorkOrder | null;
  readonly orderPassed: number;
  readonly issuerNotAfter: string;
  readonly validityDays: number;
  readonly crl: CrlView | null;
  readonly broker: BrokerView | null;
}

/** Time enough for an officer to come: an open session renews the list by itself. */
const crlWarningMs = 6 * 3_600_000;

const error = (failure: Failure): Precondition => ({ level: 'error', failure: failure.toData() });
const warning = (failure: Failure): Precondition => ({ level: 'warning', failure: failure.toData() });

/** Errors keep units from starting; warnings say what will be missing. Used by the screen, the CLI and the line alike. */
export function preconditions(state: Readiness): Precondition[] {
  const found: Precondition[] = [state.clockDoubt, state.held].flatMap((failure) => (failure === null ? [] : [error(failure)]));
  if (state.token.state === 'absent')
    found.push(
      error(
        state.token.view === null
          ? new Failure('TOKEN_NOT_SEEN')
          : new Failure('TOKEN_ABSENT', { label: state.token.view.label, serial: state.token.view.serial }),
      ),
    );
  else if (state.session === null)
    found.push(
      error(state.sessionEnd === null ? new Failure('SESSION_NONE') : new Failure('SESSION_ENDED', { why: state.sessionEnd.why })),
    );
  else if (state.session.kind !== 'issue') found.push(error(new Failure('SESSION_NONE')));
  else if (state.session.used >= state.session.quota) found.push(error(new Failure('SESSION_QUOTA_USED', { quota: state.session.quota })));
  if (state.order !== null && state.session?.kind === 'issue' && !state.session.profiles.includes(state.order.certificateProfile))
    found.push(
      error(new Failure('SESSION_REFUSED', { rule: `it is not for the certificate profile “${state.order.certificateProfile}”` })),
    );
  if (state.order === null) found.push(error(new Failure('NO_ORDER')));
  else if (state.orderPassed >= state.order.quantity)
    found.push(error(new Failure('ORDER_COMPLETE', { quantity: state.order.quantity, order: state.order.id })));
  if (state.now + state.validityDays * 86_400_000 > Date.parse(state.issuerNotAfter))
    found.push(error(new Failure('ISSUER_TOO_SHORT', { issuerEnd: state.issuerNotAfter })));
  if (state.crl === null || Date.parse(state.crl.nextUpdate) <= state.now) found.push(warning(new Failure('BROKER_CRL_EXPIRED')));
  else if (state.session === null && Date.parse(state.crl.nextUpdate) - state.now < crlWarningMs) {
    found.push(
      warning(new Failure('CRL_RUNS_OUT', { issuer: state.crl.issuer, number: state.crl.number, nextUpdate: state.crl.nextUpdate })),
    );
  }
  if (state.broker !== null && state.broker.state !== 'up') {
    found.push(
      warning(
        state.broker.failure === null
          ? new Failure('BROKER_AWAY', { host: state.broker.host, port: state.broker.port, stage: state.broker.state })
          : Failure.fromData(state.broker.failure),
      ),
    );
  }
  return found;
}
