export { changePasswordPort, passwordPort } from './access.ts';
export { accessView } from './access-cost.ts';
export { crlAlarms } from './crl-alarms.ts';
export { CrlBuilder } from './crl-builder.ts';
export { CrlServer, type Listen } from './crl-server.ts';
export { CrlSet } from './crl-set.ts';
export { changeCrlSettings, crlSettings } from './crl-settings.ts';
export { reconcile, type ReconcileParts } from './reconcile.ts';
export { Publisher } from './publisher.ts';
