import { Failure, type Caller, type CallName } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { ceremonyRecordFiles, lintCeremonyFile, type Ceremony } from '../ceremony/index.ts';
import type { HandlerContext } from './context.ts';

export function ceremonyHandlers(station: HandlerContext): HandlersOf<'ceremony'> {
  const desk = station.ceremonies;
  /** Before there are operators anybody may, as with a set-up; after that it is an officer's work. */
  const officers = (call: CallName, { role }: Caller): void => {
    if (station.isSetUp && role !== 'officer') throw new Failure('NOT_ALLOWED', { role, call });
  };
  const open = (): Ceremony => desk.required();

  return {
    'ceremony.lint': ({ text }) => lintCeremonyFile(text).findings,
    'ceremony.start': ({ text, password }, caller) => {
      officers('ceremony.start', caller);
      return desk.startFile(text, password, caller.name).view();
    },
    'ceremony.current': () => desk.current()?.view() ?? null,
    'ceremony.confirm': ({ name, password }, caller) => {
      officers('ceremony.confirm', caller);
      const ceremony = open();
      ceremony.confirm(name, password);
      return ceremony.view();
    },
    'ceremony.continue': (_input, caller) => {
      officers('ceremony.continue', caller);
      return station.setUp.continueCeremony(caller);
    },
    'ceremony.import': ({ files }, caller) => {
      officers('ceremony.import', caller);
      const ceremony = open();
      ceremony.import(
        files.map((file) => Buffer.from(file, 'base64')),
        desk.deviceProfiles(),
        caller.name,
      );
      return ceremony.view();
    },
    'ceremony.abandon': (_input, caller) => {
      officers('ceremony.abandon', caller);
      return desk.abandon(caller.name);
    },
    'ceremony.list': () => desk.all(),
    'ceremony.record': async ({ id }) => {
      const record = station.live().registry.ceremonies.get(id);
      if (record === null || record.transcript === null) throw new Failure('NOT_FOUND', { kind: 'ceremony that is done', id });
      return ceremonyRecordFiles(record.transcript, record.signatures);
    },
  };
}
