import { Failure, proofLevels, runGaps, type ProofLevel, type RunGap } from '../../contract/index.ts';
import type { StoredKind, UnitSession } from '../devices/index.ts';

/** What a run asks of a unit, and what its PASS will then be worth. */
export interface ProofPlan {
  readonly level: ProofLevel;
  /** What a PASS does without. */
  readonly gaps: readonly RunGap[];
  readonly readBack: boolean;
  readonly possession: boolean;
  /** The station connects as the device, before it hands the key over. */
  readonly stationConnects: boolean;
  /** The device connects by itself. */
  readonly deviceConnects: boolean;
  /** Its certificate must be in force at the broker before the verdict. */
  readonly broker: boolean;
  readonly lock: boolean;
}

/** The fields of a device profile that decide. */
export interface ProofPolicy {
  readonly key: 'device' | 'station';
  readonly proof?: ProofLevel | undefined;
}

/**
 * What a unit that can do this is asked for under a profile. The level that the profile needs decides; without one, the highest that can be had.
 * @throws Failure PROOF_IMPOSSIBLE when the profile needs more than the unit can give, KEY_NOT_ON_DEVICE, UNVERIFIABLE when it can show nothing at all.
 */
export function planProof(can: UnitSession['capabilities'], { key, proof }: ProofPolicy): ProofPlan {
  if (key === 'device' && !can.keyOnDevice) throw new Failure('KEY_NOT_ON_DEVICE');
  const byStation = key === 'station';
  const written = isShown(can.unread);
  const possible = highest({ deviceConnects: can.selfTest, stationConnects: byStation, possession: can.possession, written });
  if (possible === null) throw new Failure('UNVERIFIABLE', { item: 'anything that was written' });
  const needed = proof ?? possible;
  if (rank(needed) > rank(possible)) throw new Failure('PROOF_IMPOSSIBLE', { needed, possible });
  const { possession, lock } = can;
  const fallsShort = (level: ProofLevel | null): boolean => level === null || rank(level) < rank(needed);
  const stationConnects = byStation && fallsShort(highest({ deviceConnects: false, stationConnects: false, possession, written }));
  const deviceConnects = can.selfTest && fallsShort(highest({ deviceConnects: false, stationConnects, possession, written }));
  const level = highest({ deviceConnects, stationConnects, possession, written }) ?? needed;
  const gaps: RunGap[] = [];
  if (can.unread === 'all') gaps.push('read-back');
  else gaps.push(...can.unread.map(gapOf));
  // A device that connected has shown that it has the key.
  if (!possession && !deviceConnects) gaps.push('possession');
  if (!deviceConnects) gaps.push('own-connection');
  if (!lock) gaps.push('lock');
  const broker = stationConnects || deviceConnects || rank(needed) >= rank('possession');
  const readBack = can.unread !== 'all';
  return { level, gaps: inOrder(gaps), readBack, possession, stationConnects, deviceConnects, broker, lock };
}

/**
 * The same plan after a read-back in which the unit told no digest of some things.
 * @throws Failure UNVERIFIABLE where nothing else shows that the unit has its certificate.
 */
export function withUntold(plan: ProofPlan, untold: readonly StoredKind[]): ProofPlan {
  if (plan.level === 'written' && !isShown(untold)) throw new Failure('UNVERIFIABLE', { item: 'anything that was written' });
  return { ...plan, gaps: inOrder([...plan.gaps, ...untold.map(gapOf)]) };
}

/** That a unit has what was written is not shown by what comes with the certificate. */
const isShown = (unread: UnitSession['capabilities']['unread']): boolean => unread !== 'all' && !unread.includes('certificate');
const gapOf = (kind: StoredKind): RunGap => `${kind}-read-back`;
const inOrder = (gaps: readonly RunGap[]): RunGap[] => runGaps.filter((gap) => gaps.includes(gap));

function highest(
  given: Pick<ProofPlan, 'deviceConnects' | 'stationConnects' | 'possession'> & { readonly written: boolean },
): ProofLevel | null {
  if (given.deviceConnects) return 'device-connected';
  if (given.stationConnects) return 'station-connected';
  if (given.possession) return 'possession';
  return given.written ? 'written' : null;
}

/** Higher proves more. */
const rank = (level: ProofLevel): number => proofLevels.length - proofLevels.indexOf(level);
