import type { Caller } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import {
  answerRequest,
  createRequest,
  exportRequest,
  importRequest,
  requestParts,
  requestView,
  type RequestParts,
} from '../revocation/index.ts';
import { loadIdentity } from '../setup/index.ts';
import type { Station } from '../station.ts';

export function requestsHandlers(station: Station): HandlersOf<'requests'> {
  const parts = ({ name }: Caller): RequestParts =>
    requestParts(station.live().registry, loadIdentity(station.config.dataDir, 'observer'), name);

  return {
    'requests.create': (asked, caller) => createRequest(parts(caller), asked),
    'requests.list': (page) => {
      const { total, rows } = station.live().registry.requests.list(page);
      return { total, rows: rows.map(requestView) };
    },
    'requests.import': ({ text }, caller) => importRequest(parts(caller), text),
    'requests.export': ({ id }, caller) => exportRequest(parts(caller), id),
    'requests.answer': (answer, caller) => {
      const written = answerRequest(parts(caller), answer);
      const { registry, publisher, line } = station.live();
      const revocation = answer.accept && written.request.serial !== null ? registry.revocations.get(written.request.serial) : null;
      if (revocation !== null) {
        station.emit('revocation.changed', revocation);
        if (!registry.certificates.select({ device: revocation.device }).some(({ status }) => status === 'ACTIVE'))
          line.revoked(revocation.device);
        publisher.publishSoon();
      }
      station.statusSoon();
      return written;
    },
  };
}
