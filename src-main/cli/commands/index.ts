import type { Command } from '../command.ts';
import { access } from './access.ts';
import { login } from './login.ts';
import { broker } from './broker.ts';
import { checkBroker } from './check-broker.ts';
import { certificates, devices, status } from './look.ts';
import { bundle } from './bundle.ts';
import { ceremony } from './ceremony.ts';
import { issuers } from './issuers.ts';
import { crl } from './crl.ts';
import { revoke } from './revocation.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { clock } from './clock.ts';
import { expiring } from './expiring.ts';
import { exportPem } from './export.ts';
import { init } from './init.ts';
import { operators } from './operators.ts';
import { profile } from './profile.ts';
import { provision } from './provision.ts';
import { approve, refuse, register } from './register.ts';
import { requests } from './requests.ts';
import { rotate, rotations } from './rotate.ts';
import { serveCrl } from './serve-crl.ts';
import { serverCertificate } from './server-certificate.ts';
import { session } from './session.ts';
import { slots } from './slots.ts';
import { tokens } from './tokens.ts';
import { records } from './records.ts';
import { reconcile } from './reconcile.ts';
import { transcript } from './transcript.ts';
import { verify } from './verify.ts';
import { why } from './why.ts';

/** Every command of `birthmark`, in the order of its help. */
export const commands: readonly Command[] = [
  demo,
  tokens,
  init,
  ceremony,
  issuers,
  operators,
  slots,
  status,
  session,
  provision,
  verify,
  broker,
  records,
  access,
  login,
  reconcile,
  checkBroker,
  why,
  devices,
  register,
  approve,
  refuse,
  certificates,
  profile,
  transcript,
  expiring,
  clock,
  serverCertificate,
  rotate,
  rotations,
  bundle,
  revoke,
  requests,
  crl,
  serveCrl,
  exportPem,
  doctor,
];
