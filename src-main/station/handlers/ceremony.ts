import { Failure, type CallName } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { ceremonyRecordFiles, lintCeremonyFile, type Ceremony } from '../ceremony/index.ts';
import type { Station } from '../station.ts';

export function ceremonyHandlers(station: Station): HandlersOf<'ceremony'> {
  const desk = station.ceremonies;
  const actor = (): string => station.operator?.name ?? 'set-up';
  /** Before there are operators anybody may, as with a set-up; after that it is an officer's work. */
  const officers = (call: CallName): void => {
    const role = station.operator?.role ?? 'nobody';
    if (station.isSetUp && role !== 'officer') throw new Failure('NOT_ALLOWED', { role, call });
  };
  const open = (): Ceremony => desk.required();

  return {
    'ceremony.lint': ({ text }) => lintCeremonyFile(text).findings,
    'ceremony.start': ({ text, password }) => {
      officers('ceremony.start');
      return desk.startFile(text, password, actor()).view();
    },
    'ceremony.current': () => desk.current()?.view() ?? null,
    'ceremony.confirm': ({ name, password }) => {
      officers('ceremony.confirm');
      const ceremony = open();
      ceremony.confirm(name, password);
      return ceremony.view();
    },
    'ceremony.continue': () => {
      officers('ceremony.continue');
      return station.continueCeremony();
    },
    'ceremony.import': ({ files }) => {
      officers('ceremony.import');
      const ceremony = open();
      ceremony.import(
        files.map((file) => Buffer.from(file, 'base64')),
        desk.deviceProfiles(),
        actor(),
      );
      return ceremony.view();
    },
    'ceremony.abandon': () => {
      officers('ceremony.abandon');
      return desk.abandon(actor());
    },
    'ceremony.list': () => desk.all(),
    'ceremony.record': async ({ id }) => {
      const record = station.live().registry.ceremonies.get(id);
      if (record === null || record.transcript === null) throw new Failure('NOT_FOUND', { kind: 'ceremony that is done', id });
      return ceremonyRecordFiles(record.transcript, record.signatures);
    },
  };
}
