import type { HandlersOf } from '../dispatch/index.ts';
import type { Revocation } from '../revocation/index.ts';
import type { HandlerContext } from './context.ts';

export function revocationHandlers(station: HandlerContext): HandlersOf<'revocations' | 'requests' | 'publication'> {
  const owner = (): Revocation => station.live().revocation;

  return {
    'revocations.preview': (selector) => owner().preview(selector),
    'revocations.revoke': ({ selector, reason, note }, { name }) => owner().revoke(selector, { reason, note, actor: name }),
    'revocations.previewMany': (selector) => owner().previewMany(selector),
    'revocations.revokeMany': async ({ selector, ...terms }, { name }) => ({
      revoked: await owner().revokeMany(selector, { ...terms, actor: name }),
    }),
    'revocations.list': (page) => owner().list(page),
    'requests.create': (asked, { name }) => owner().createRequest(asked, name),
    'requests.list': (page) => owner().requests(page),
    'requests.import': ({ text }, { name }) => owner().importRequest(text, name),
    'requests.export': ({ id }, { name }) => owner().exportRequest(id, name),
    'requests.answer': (answer, { name }) => owner().answerRequest(answer, name),
    'publication.settle': async ({ seconds }) => {
      const { accessInForce, failure } = await station.live().publisher.settled(seconds * 1_000);
      return { access: accessInForce ? 'IN_FORCE' : 'PENDING', failure: failure?.toData() ?? null };
    },
  };
}
