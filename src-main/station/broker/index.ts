/** The door to broker hosts: what must be in force there, and proof that it is. */
export {
  type BrokerEndpoint,
  type BrokerHost,
  type CanaryResult,
  type KickResult,
  type Publication,
  type PublishedCrl,
  type StationIdentities,
  type TlsIdentity,
} from './host.ts';
export { RabbitmqHost, type RabbitmqHostOptions } from './rabbitmq-host.ts';
export { RemoteBrokerHost, type RemoteBrokerHostOptions } from './remote-host.ts';
export { hostKeyOf, newSshKey, type SshKeys } from './ssh.ts';
export { newPassword, passwordHash } from './password.ts';
export { readAccessList, serviceLogin } from './access-list.ts';
export { listsIn, readCrls } from './crl.ts';
export { LocalBrokerHost, type LocalBrokerHostOptions } from './local-host.ts';
