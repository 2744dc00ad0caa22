import { Failure, limits, unwrap, type CallOutput, type RevocationView } from '../contract/index.ts';
import type { Handlers } from './access/index.ts';
import { certificateToPem } from './ca/index.ts';
import { runDoctor } from './doctor/index.ts';
import type { LiveStation } from './live-station.ts';
import { probe } from './verify/index.ts';
import { loadIdentity } from './setup/index.ts';
import type { Station } from './station.ts';

const unitMs = 30_000;

/** The contract's station calls, each a few lines onto the part that does the work. */
export function createHandlers(station: Station): Handlers {
  const live = (): LiveStation => station.live();
  const actor = (): string => station.operator?.name ?? 'nobody';
  const bench = (): NonNullable<LiveStation['bench']> => {
    const { bench: units } = live();
    if (units === null) throw new Failure('NOT_FOUND', { kind: 'simulated unit', id: 'this is not a try-out station' });
    return units;
  };

  return {
    'station.status': () => station.status(),
    'station.tryOut': (input) => station.tryOut(input),
    'station.init': (input) =>
      station.init({
        ...input,
        slots: [...input.slots],
        module:
          input.module === null
            ? null
            : {
                path: input.module.path,
                env: {},
                ...(input.module.initString === undefined ? {} : { initString: input.module.initString }),
              },
      }),

    'operators.list': () => live().registry.operators.list(),
    'operators.add': ({ name, role, password }) => {
      const { operators, store } = live().registry;
      if (operators.find(name) !== null)
        throw new Failure('INVALID_INPUT', { field: 'name', problem: `there is an operator “${name}” already` });
      store.transaction(() => operators.add(name, role, password, actor()));
      return unwrap(operators.find(name), 'the operator was just added');
    },
    'operators.signIn': ({ name, password }) => {
      const operator = live().registry.operators.check(name, password);
      if (operator === null) throw new Failure('SIGN_IN_FAILED');
      station.signIn(operator);
      return operator;
    },
    'operators.signOut': () => {
      station.signIn(null);
      return {};
    },

    'sessions.request': async ({ kind, quota, minutes, reason }) => {
      await station.signer.mustWork();
      const request = await live().requestSession({ kind, quota, minutes, reason, operator: actor() });
      const { view } = station.signer.token;
      return { ...request, token: view, purpose: `PIN of the token “${view?.label ?? 'unknown'}”` };
    },
    'sessions.current': () => station.signer.session,
    'sessions.close': async () => {
      await station.signer.call('session.close', { why: `closed by ${actor()}` });
      return {};
    },

    'line.slots': () => live().line.views(),
    'line.retry': ({ slot }) => live().line.retry(slot),
    'line.reject': ({ slot }) => live().line.reject(slot),
    'line.cancel': ({ slot }) => live().line.cancel(slot),
    'line.reprovision': ({ slot }) => {
      const { line, registry } = live();
      const device = line.views().find((view) => view.slot === slot)?.device ?? null;
      // What an officer took away, only an officer gives back.
      const revoked = device !== null && registry.devices.get(device)?.status === 'REVOKED';
      const role = station.operator?.role ?? 'nobody';
      if (revoked && role !== 'officer') throw new Failure('NOT_ALLOWED', { role, call: 'line.reprovision of a revoked device' });
      return line.reprovision(slot);
    },

    'orders.list': () => {
      const { runs } = live().registry;
      return runs.orders().map((order) => runs.progress(order));
    },
    'orders.current': () => {
      const order = live().order();
      return order === null ? null : live().progress(order);
    },
    'orders.create': (order) => {
      const { runs } = live().registry;
      if (runs.order(order.id) !== null)
        throw new Failure('INVALID_INPUT', { field: 'id', problem: `there is a work order ${order.id} already` });
      longestNameMustFit(order.tenant, order.idPrefix);
      live().issuance.profile(order.certificateProfile);
      live().line.profile(order.deviceProfile);
      runs.createOrder(order, actor());
      return runs.progress(order);
    },
    'orders.choose': ({ id }) => {
      const order = live().registry.runs.order(id);
      if (order === null) throw new Failure('NOT_FOUND', { kind: 'work order', id });
      live().chooseOrder(order);
      return live().registry.runs.progress(order);
    },

    'bench.units': () => bench().units(),
    'bench.plug': async ({ slot, fault, hardwareId }) => {
      await bench().plug(slot, { ...(fault === undefined ? {} : { fault }), ...(hardwareId === undefined ? {} : { hardwareId }) });
      return {};
    },
    'bench.unplug': async ({ slot }) => {
      await bench().unplug(slot);
      return {};
    },
    'bench.broker': async ({ up }) => {
      bench();
      if (up) await live().host.start();
      else await live().host.stop();
      station.statusSoon();
      return {};
    },

    'devices.list': (page) => live().registry.devices.list(page),
    'certificates.list': (filter) => live().registry.certificates.list(filter),
    'certificates.get': ({ serial }) => {
      const row = live().registry.certificates.get(serial);
      if (row === null) throw new Failure('NOT_FOUND', { kind: 'certificate', id: serial });
      const { der, spkiSha256: _, ...rest } = row;
      return { ...rest, pem: der === null ? null : certificateToPem(der) };
    },

    'revocations.preview': (selector) => live().registry.certificates.select(selector),
    'revocations.revoke': ({ selector, reason, note }) => {
      const { registry, publisher, line } = live();
      const hit = registry.certificates.select(selector);
      if (hit.length === 0) throw new Failure('NOT_FOUND', { kind: 'certificate', id: Object.values(selector).join('') });
      const revoked = registry.store.transaction(() =>
        hit.filter((row) => registry.certificates.revoke(row.serial, reason, note, actor())),
      );
      const views = (revoked.length > 0 ? revoked : hit)
        .map((row) => registry.revocations.get(row.serial))
        .filter((view): view is RevocationView => view !== null);
      for (const view of views) {
        station.emit('revocation.changed', view);
        if (!registry.certificates.select({ device: view.device }).some(({ status }) => status === 'ACTIVE')) line.revoked(view.device);
      }
      if (revoked.length > 0) publisher.publishSoon();
      station.statusSoon();
      return views;
    },
    'revocations.list': (page) => live().registry.revocations.list(page),

    'crl.publish': async () => {
      await live().publisher.publish({ newCrl: true });
      return unwrap(live().crls.newest(), 'a CRL was just published');
    },
    'crl.history': ({ limit }) => {
      const newest = live().crls.newest();
      return newest === null ? [] : live().registry.revocations.crls(newest.issuer, limit);
    },
    'publication.settle': async () => {
      await live().publisher.idle();
      return {};
    },
    'broker.status': () => live().host.view(),

    'verify.outstanding': () => live().proveOutstanding(),
    'verify.unit': async ({ slot }) => {
      const result = await live().line.selfTest(slot, AbortSignal.timeout(unitMs));
      return result;
    },
    'verify.broker': () => probe(live().host.endpoint, loadIdentity(station.config.dataDir, 'observer')),
    'doctor.run': () => runDoctor(live(), station.config.dataDir),
    'export.pem': () => exportPem(live()),
  };
}

/** `{prefix}` + six digits must fit into a common name with the tenant; found out now, not at the thousandth unit. */
function longestNameMustFit(tenant: string, idPrefix: string): void {
  const longest = `${tenant}/${idPrefix}1000000`;
  if (longest.length > limits.commonNameChars) {
    throw new Failure('ID_INVALID', {
      id: longest,
      kind: 'device',
      problem: `it is longer than ${String(limits.commonNameChars)} characters`,
    });
  }
}

function exportPem(live: LiveStation): CallOutput<'export.pem'> {
  const { registry, crls } = live;
  const files: { name: string; pem: string }[] = [];
  for (const [kind, name] of [
    ['root', 'root.pem'],
    ['issuing', 'issuer.pem'],
  ] as const) {
    files.push({
      name,
      pem: certificateToPem(unwrap(registry.issuers.ofKind(kind), `a finished station has a CA of kind ${kind}`).certificate),
    });
  }
  files.push({ name: 'crl.pem', pem: crls.current().pem });
  for (const { device, serial, der } of registry.certificates.withDer('device')) {
    files.push({ name: `certificates/${device.replace('/', '-')}-${serial}.pem`, pem: certificateToPem(der) });
  }
  return files;
}
