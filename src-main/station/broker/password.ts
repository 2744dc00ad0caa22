import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { holdSecretBriefly } from '../../log/index.ts';

/** As mosquitto_passwd makes it. More rounds would stop the broker, which has one thread, at each login; ours are 144 random bits, which no number of rounds makes better. */
const rounds = 101;
const saltBytes = 12;
const hashBytes = 64;

/** A new password: 24 characters, 144 bits. It is in no line of the log while it is handed out. */
export function newPassword(): string {
  const password = randomBytes(18).toString('base64url');
  holdSecretBriefly(password);
  return password;
}

/** What stands in Mosquitto's password_file behind the name: PBKDF2 with HMAC-SHA-512. */
export function passwordHash(password: string): string {
  const salt = randomBytes(saltBytes);
  const hash = pbkdf2Sync(password, salt, rounds, hashBytes, 'sha512');
  return `$7$${String(rounds)}$${salt.toString('base64')}$${hash.toString('base64')}`;
}
