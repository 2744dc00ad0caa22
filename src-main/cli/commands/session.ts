import { exitCodes, Failure, limits, type CrlView, type SigningSession, type StationStatus } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import type { StationProcess } from '../station-process.ts';

/** Between two revocation lists of a CA, while a session is open. */
const renewMinutes = 60;

/** Minutes left at which it is said how many are left, besides each full hour. */
const warnings = new Set([30, 15, 5, 1]);

export async function holdSession(context: CommandContext): Promise<number> {
  const minutes = context.values.number('minutes', { ...limits.crlSessionMinutes, fallback: 1440 });
  const station = context.start({ broker: true, line: 'off' });
  if ((await station.call('station.status', {})).session !== null) throw new Failure('SESSION_OPEN');
  if (minutes < renewMinutes)
    context.output.note(
      `Lists are renewed each hour: in ${String(minutes)} minutes perhaps none is, and the newest ends when it would have.`,
    );
  const watch = new Watch(context, station);
  await context.openSession(station, {
    kind: 'crl-only',
    minutes,
    idleMinutes: context.values.number('idle-minutes', { ...limits.crlSessionMinutes, fallback: minutes }),
    relearn: context.values.flag('relearn'),
    reason: context.values.text('reason') ?? 'unattended CRL clock',
  });
  await watch.ended;
  const { sessionEnd, crl } = await station.call('station.status', {});
  const why = sessionEnd?.why ?? 'it is not known why';
  const lists = watch.lists;
  const lockedOutAt = crl?.nextUpdate ?? null;
  context.output.result({ why, lists, lockedOutAt }, () =>
    [
      `The session ended: ${why}. Revocation lists signed: ${String(lists)}.`,
      ...(lockedOutAt === null ? [] : [`Without another session all devices are locked out at ${lockedOutAt}.`]),
    ].join('\n'),
  );
  return why === timeIsUp ? exitCodes.OK : exitCodes.FAILED;
}
const timeIsUp = 'its time was up';

/** Tells what goes on, and when it is over. */
class Watch {
  readonly ended: Promise<void>;
  readonly #context: CommandContext;
  #crl: CrlView | null = null;
  #open = false;
  #told = 0;
  lists = 0;

  constructor(context: CommandContext, station: StationProcess) {
    this.#context = context;
    station.on('status.changed', (status) => {
      this.#look(status);
    });
    this.ended = new Promise((resolve) => {
      station.on('session.changed', (session) => {
        if (session === null && this.#open) resolve();
        if (session !== null) this.#tell(session);
      });
    });
  }

  #tell(session: SigningSession): void {
    const left = Math.ceil((Date.parse(session.until) - Date.now()) / 60_000);
    if (left !== this.#told && (!this.#open || left % 60 === 0 || warnings.has(left)))
      this.#context.output.note(`session for revocation lists: ${String(left)} minutes left, until ${session.until}`);
    this.#open = true;
    this.#told = left;
  }

  #look({ crl }: Pick<StationStatus, 'crl'>): void {
    const before = this.#crl;
    this.#crl = crl;
    if (crl === null || before === null || crl.number <= before.number) return;
    this.lists += crl.number - before.number;
    this.#context.output.note(`CRL #${String(crl.number)} with ${String(crl.entries)} entries, until ${crl.nextUpdate}`);
  }
}
