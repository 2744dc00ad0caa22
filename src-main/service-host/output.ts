import type { Service } from '../contract/index.ts';
import { CaughtOutput, withoutSecrets } from '../log/index.ts';
import type { SupervisorLog } from './supervisor.ts';

/** A line that was begun and not ended is told after this time. */
const idleMs = 1_000;

/** What the services print by themselves (a vendor's library, Node) becomes lines of the log, without the secrets of calls. */
export function catchOutput(log: SupervisorLog): (service: Service, chunk: string) => void {
  const caught = (service: Service): ((chunk: string) => void) => {
    const output = new CaughtOutput((message) =>
      log.write(
        withoutSecrets({ level: 'warn', component: service, message, time: new Date().toISOString(), ids: {}, facts: { printed: true } }),
      ),
    );
    let timer: NodeJS.Timeout | undefined;
    return (chunk) => {
      clearTimeout(timer);
      output.add(chunk);
      timer = setTimeout(() => output.end(), idleMs).unref();
    };
  };
  const add = { station: caught('station'), signer: caught('signer') };
  return (service, chunk) => add[service](chunk);
}
