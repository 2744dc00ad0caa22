import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, type DeviceProfileView, type TranscriptView } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { lintDeviceProfile, parseTranscript, type StationDeviceProfile } from '../devices/index.ts';
import type { HandlerContext } from './context.ts';

export function deviceProfilesHandlers(station: HandlerContext): HandlersOf<'deviceProfiles' | 'transcripts'> {
  return {
    'deviceProfiles.list': () => station.live().deviceProfiles.all().map(view),
    'deviceProfiles.lint': ({ text }) => lintDeviceProfile(text).findings,
    'deviceProfiles.add': ({ text }, caller) => {
      const { deviceProfiles, registry } = station.live();
      const kept = deviceProfiles.add(text);
      registry.store.transaction(() =>
        registry.store.audit(caller.name, 'device-profile.add', kept.profile.name, { profile: kept.profile }),
      );
      return view(kept);
    },
    'transcripts.get': ({ run }) => transcript(station, run),
  };
}

function view({ profile, own }: StationDeviceProfile): DeviceProfileView {
  const { name, driver, key, keyAlgorithm } = profile;
  return { name, own, driver, key, keyAlgorithm, summary: 'summary' in profile ? profile.summary : null };
}

/** NOT_FOUND for a run that there is not, or that has said nothing yet. */
function transcript(station: HandlerContext, id: string | null): TranscriptView {
  const { runs } = station.live().registry;
  const run = id === null ? runs.newest() : runs.get(id);
  if (run === null) throw new Failure('NOT_FOUND', { kind: 'run', id: id ?? 'of any id' });
  try {
    const text = readFileSync(join(station.config.dataDir, 'transcripts', `${run.id}.jsonl`), 'utf8');
    return { run: run.id, device: run.device, verdict: run.verdict, lines: parseTranscript(text) };
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw new Failure('NOT_FOUND', { kind: 'transcript of run', id: run.id }, thrown);
  }
}
