/** One place for every expected failure: what happened, what to do now, who can do it, what may be tried again, CLI exit. */
type Retry = 'same' | 'after-pin' | 'other-input' | 'later' | 'never';
type Who = 'technician' | 'officer' | 'support' | 'administrator' | 'device maker' | 'anybody';

/** Exit codes of the CLI, by name; `docs/cli.md` lists them. */
export const exitCodes = {
  OK: 0,
  FAILED: 1,
  USAGE: 2,
  REFUSED: 3,
  TOKEN: 4,
  BROKER: 5,
  DEVICE: 6,
  DATA: 7,
  INTERNAL: 70,
} as const;
export type ExitName = keyof typeof exitCodes;

interface Entry {
  readonly title: string;
  readonly what: string;
  readonly steps: readonly string[];
  readonly who: Who;
  readonly retry: Retry;
  readonly exit: ExitName;
}

const entry = (exit: ExitName, who: Who, retry: Retry, title: string, what: string, ...steps: string[]): Entry => ({
  title,
  what,
  steps,
  who,
  retry,
  exit,
});

export const catalogue = {
  // The program and its data
  INTERNAL: entry('INTERNAL', 'support', 'never', 'A fault in Birthmark', 'Something happened that Birthmark did not expect. The cause is unknown.', 'Copy the details and send them to support.'),
  SERVICE_CRASHED: entry('INTERNAL', 'anybody', 'same', 'A background service stopped', 'The {service} service stopped while this was running and was started again.', 'Try again.', 'If it happens again, send the log to support.'),
  INVALID_INPUT: entry('USAGE', 'anybody', 'other-input', 'This input cannot be used', '{field}: {problem}', 'Correct the value and try again.'),
  ID_INVALID: entry('USAGE', 'anybody', 'other-input', 'This id cannot be used', '"{id}" cannot be a {kind} id: {problem}.', 'Use letters, digits, "_", "." and "-", at most 64 characters.'),
  NOT_ALLOWED: entry('REFUSED', 'officer', 'never', 'Not allowed for this role', 'A {role} may not do this ({call}).', 'Sign in with a role that may.'),
  SIGN_IN_FAILED: entry('REFUSED', 'officer', 'other-input', 'Sign-in refused', 'The operator or the password is wrong.', 'Check the name and the password.'),
  NOT_FOUND: entry('USAGE', 'anybody', 'other-input', 'Not found', 'There is no {kind} "{id}" on this station.', 'Check the name, or look it up in the registry.'),
  NOT_SET_UP: entry('REFUSED', 'officer', 'later', 'The station is not set up yet', 'There is no station in this data folder.', 'Choose “Try it out” in the app, or run `birthmark init`.', 'Check --data.'),
  ALREADY_SET_UP: entry('REFUSED', 'officer', 'never', 'There is a station here already', 'The data folder {path} already holds a station.', 'Use another data folder for a new station.'),
  DATA_IN_USE: entry('DATA', 'anybody', 'later', 'This data folder is in use', 'Another Birthmark (process {pid}) uses {path}.', 'Close the other one, or use another data folder.'),
  DATA_DENIED: entry('DATA', 'administrator', 'later', 'The data folder cannot be written', 'Birthmark may not write {path}.', 'Give this user the rights to the folder, or choose another one.'),
  DATA_DAMAGED: entry('DATA', 'support', 'never', 'The station database is damaged', 'The database {path} failed its integrity check. Nothing was changed.', 'Keep the folder as it is.', 'Restore the newest backup from {backups}, as the runbook “database restore” says.'),
  DATA_TOO_NEW: entry('DATA', 'administrator', 'never', 'The data is from a newer Birthmark', 'The database has schema {found}; this version knows up to {known}.', 'Install the newer version again.'),
  DISK_FULL: entry('DATA', 'administrator', 'later', 'The disk is full', 'There was no room to write {path}. What was recorded before is safe.', 'Free some space and try again.'),
  TIMEOUT: entry('FAILED', 'anybody', 'same', 'No answer in time', '{what} did not answer within {ms} ms.', 'Try again.'),
  CANCELLED: entry('FAILED', 'anybody', 'same', 'Cancelled', 'This was cancelled; it left things {left}.', 'Start again when ready.'),

  // Token, keys, PIN
  MODULE_NOT_FOUND: entry('TOKEN', 'officer', 'other-input', 'PKCS#11 module not found', 'There is no file {path}.', 'Install the vendor’s PKCS#11 module, or correct the path.'),
  MODULE_INVALID: entry('TOKEN', 'officer', 'other-input', 'Not a PKCS#11 module', '{path} could not be loaded as a PKCS#11 module.', 'Check that the path names the vendor’s PKCS#11 library for this machine.'),
  TOKEN_ABSENT: entry('TOKEN', 'officer', 'after-pin', 'The token is not there', 'The token “{label}” ({serial}) does not answer.', 'Plug the HSM in.', 'When it is back, enter the PIN again.'),
  TOKEN_FAILED: entry('TOKEN', 'support', 'same', 'The token refused an operation', '{method} answered {ckr}.', 'Try again.', 'If it happens again, unplug the HSM and plug it in again.'),
  TOKEN_HUNG: entry('TOKEN', 'officer', 'after-pin', 'The token hangs', '{method} did not return within {ms} ms; the signer was started again.', 'Unplug the HSM and plug it in again.', 'Enter the PIN again.'),
  TOKEN_HAS_KEYS: entry('TOKEN', 'officer', 'other-input', 'The token already holds this key', 'The token “{label}” already has a key with id {id}.', 'Use an empty token, or another key id.'),
  KEY_NOT_FOUND: entry('TOKEN', 'officer', 'other-input', 'The issuer’s key is not in this token', 'The token “{label}” has no key for issuer “{issuer}”.', 'Plug in the token that holds this issuer’s key.'),
  KEY_ATTRIBUTES_REFUSED: entry('TOKEN', 'officer', 'never', 'The token did not protect the key', 'The new key says {attribute} = {actual}; it must be {expected}. It was destroyed.', 'Use a token that keeps private keys inside.'),
  PIN_WRONG: entry('TOKEN', 'officer', 'after-pin', 'Wrong PIN', 'The token refused the PIN. Tries left: {triesLeft}.', 'Enter the PIN again, with care: nothing is retried by itself.'),
  PIN_LOCKED: entry('TOKEN', 'officer', 'never', 'The PIN is locked', 'The token “{label}” has locked its PIN after too many tries.', 'Unlock it with the security officer’s PIN (SO-PIN), with the vendor’s tool.'),
  PIN_INVALID: entry('TOKEN', 'officer', 'after-pin', 'This PIN cannot be used', 'The token accepts PINs of {min} to {max} characters.', 'Enter a PIN of that length.'),
  PIN_REQUEST_UNKNOWN: entry('REFUSED', 'officer', 'same', 'Nobody asked for this PIN', 'The request was already answered, has timed out, or never existed.', 'Open the signing session again.'),
  SIGNATURE_INVALID: entry('TOKEN', 'support', 'same', 'The token gave a bad signature', 'The signature made by {method} does not verify with the issuer’s public key. Nothing was released.', 'Try again.', 'If it happens again, replace the HSM.'),

  // Signing session
  SESSION_NONE: entry('REFUSED', 'officer', 'after-pin', 'No signing session is open', 'Nothing can be signed until an officer opens a signing session.', 'Open a signing session in Security.'),
  SESSION_ENDED: entry('REFUSED', 'officer', 'after-pin', 'The signing session has ended', 'The signing session ended: {why}.', 'Open a new signing session in Security.'),
  SESSION_QUOTA_USED: entry('REFUSED', 'officer', 'after-pin', 'The signing session is used up', 'All {quota} certificates of this session were signed.', 'Open a new signing session in Security.'),
  SESSION_RATE: entry('REFUSED', 'officer', 'later', 'Too many signatures a minute', 'The session allows {perMinute} certificates a minute.', 'Wait a moment.'),
  SESSION_REFUSED: entry('REFUSED', 'officer', 'never', 'Outside the signing session', 'The signer refused: {rule}.', 'Open a session that allows it, if it should be allowed.'),
  SESSION_OPEN: entry('REFUSED', 'officer', 'never', 'A signing session is already open', 'Close the open session first.', 'Close it in Security.'),

  // CSR and certificates
  CSR_TOO_LARGE: entry('DEVICE', 'device maker', 'never', 'The certificate request is too large', 'The request has {bytes} bytes; {limit} are allowed.', 'Check the device firmware.'),
  CSR_NOT_DER: entry('DEVICE', 'device maker', 'never', 'The certificate request is damaged', 'The request is not valid DER: {problem}.', 'Check the device firmware and the cable.'),
  CSR_SIGNATURE_BAD: entry('DEVICE', 'device maker', 'never', 'The certificate request is signed with another key', 'The signature of the request does not belong to the key in it.', 'Reject the unit. Check the device firmware.'),
  CSR_KEY_REFUSED: entry('DEVICE', 'device maker', 'never', 'This kind of key is not allowed', 'The request has a key of type {found}; the profile allows {allowed}.', 'Correct the device profile or the firmware.'),
  KEY_REUSED: entry('DEVICE', 'officer', 'never', 'Two devices with the same key', 'The key of this unit already belongs to {device}.', 'Reject the unit: its random number generator is not to be trusted.'),
  PROFILE_INVALID: entry('REFUSED', 'officer', 'other-input', 'The profile cannot be used', '{file}, line {line}: {problem}', 'Correct the profile.'),
  ISSUER_TOO_SHORT: entry('REFUSED', 'officer', 'never', 'The issuer ends too soon', 'The issuer is valid until {issuerEnd}; the certificate would outlive it.', 'Create a new issuer, or use a shorter validity.'),
  CRL_REJECTED: entry('REFUSED', 'support', 'never', 'The revocation list was held back', 'The new CRL was not published: {problem}.', 'Send the details to support. The old list stays in force.'),

  // Serial line and units
  PORT_BUSY: entry('DEVICE', 'technician', 'later', 'The port is in use', 'Another program uses {path}.', 'Close the other program (a serial monitor?).'),
  PORT_DENIED: entry('DEVICE', 'administrator', 'later', 'No right to use the port', 'This user may not open {path}.', 'Add the user to the group that owns the port, then sign in again.'),
  PORT_GONE: entry('DEVICE', 'technician', 'same', 'The unit was unplugged', '{path} went away while the station was talking to it.', 'Check the cable and plug the unit in again.'),
  NO_RESPONSE: entry('DEVICE', 'technician', 'same', 'The unit does not answer', 'Nothing came back for {ms} ms.', 'Check power and cable, then plug the unit in again.'),
  WRONG_PROTOCOL: entry('DEVICE', 'support', 'never', 'The unit speaks another protocol', 'Something answered on {path}, but not what the device profile expects.', 'Check that the work order is for this product.'),
  WRONG_BAUD_SUSPECTED: entry('DEVICE', 'support', 'other-input', 'Unreadable answers', 'The unit answers in bytes that make no sense at {baud} baud.', 'Check the speed in the device profile.'),
  DEVICE_BUSY: entry('DEVICE', 'technician', 'same', 'The unit is busy', 'The unit says that it is busy.', 'Wait a moment and try again.'),
  DEVICE_REFUSED: entry('DEVICE', 'device maker', 'never', 'The unit refused a command', 'The unit answered {command} with error {group}/{rc}.', 'Try again.', 'If it happens again, check the device firmware.'),
  SLOT_OCCUPIED: entry('DEVICE', 'technician', 'never', 'The unit’s storage slot is in use', 'Storage slot {slot} of the unit already holds an identity.', 'Reject the unit, or erase it first.'),
  STORAGE_FULL: entry('DEVICE', 'device maker', 'never', 'The unit’s storage is full', 'There was no room for the {item}.', 'Reject the unit. Check the partition size.'),
  CONTENT_REJECTED: entry('DEVICE', 'device maker', 'never', 'The unit rejected what was written', 'The unit did not accept the {item}.', 'Check the device firmware.'),
  LINK_CORRUPT: entry('DEVICE', 'technician', 'same', 'Bad connection', 'Too many answers arrived damaged ({damaged} of them).', 'Check the cable and the contacts, then try again.'),
  VERIFY_MISMATCH: entry('DEVICE', 'technician', 'same', 'The unit stored something else', 'What the unit stored as its {item} is not what was sent.', 'Try again once.', 'If it fails again, reject the unit: its memory is faulty.'),
  POSSESSION_FAILED: entry('DEVICE', 'technician', 'never', 'The unit cannot prove its key', 'The unit’s signature does not match the key in its certificate.', 'Reject the unit.'),
  DEVICE_SWAPPED: entry('DEVICE', 'technician', 'same', 'Another unit is in the slot', 'This slot held {expected}, now it holds {actual}.', 'Leave one unit in the slot until it says PASS or FAIL.'),
  LOCKED: entry('DEVICE', 'technician', 'never', 'The unit is locked', 'The unit is locked and takes no new identity.', 'Reject the unit, or unlock it as the maker says.'),
  HAS_IDENTITY: entry('DEVICE', 'technician', 'never', 'The unit already has an identity', 'This unit is already {device}.', 'Leave it as it is, or give it a new identity.'),
  UNVERIFIABLE: entry('DEVICE', 'support', 'never', 'The unit cannot be checked', 'This unit has no way to show what it stored ({item}).', 'Use a profile that can read back.'),

  // Broker
  BROKER_MISSING: entry('BROKER', 'administrator', 'later', 'Mosquitto is not installed', 'The program {path} could not be started.', 'Install Mosquitto (Debian: apt-get install mosquitto).'),
  BROKER_PORT_BUSY: entry('BROKER', 'administrator', 'other-input', 'The broker’s port is in use', 'Port {port} on {host} is used by another program.', 'Stop the other program, or choose another port in the settings.'),
  BROKER_AWAY: entry('BROKER', 'support', 'later', 'The broker does not answer', '{host}:{port} does not answer ({stage}).', 'Units are kept as NOT VERIFIED and can be proven when it is back.', 'Check the broker host and the network.'),
  BROKER_UNTRUSTED: entry('BROKER', 'support', 'never', 'This is not our broker', 'The server certificate was not issued by the CA we trust.', 'Check that the address is right. Do not ignore this.'),
  BROKER_NAME_MISMATCH: entry('BROKER', 'support', 'other-input', 'The broker’s certificate is for another name', 'Asked for {host}; the certificate is for {names}.', 'Use one of these names, or issue a certificate with the right one.'),
  BROKER_CERTIFICATE_DATES: entry('BROKER', 'administrator', 'later', 'The broker’s own certificate is not valid now', 'The server certificate of {host} has expired or has not begun yet, or the clock of this station is wrong.', 'Check the clock of this station.', 'Give the broker a new server certificate.'),
  CANARY_ADMITTED: entry('BROKER', 'officer', 'later', 'Revocation is not working on the broker', 'The broker let a revoked certificate in. The previous files were restored.', 'Treat revoked devices as not yet locked out.', 'Send the details to support.'),
  CANARY_REFUSED: entry('BROKER', 'officer', 'later', 'The broker refuses good devices', 'The broker refused a good certificate ({diagnosis}). The previous files were restored.', 'Send the details to support.'),
  ECHO_MISSING: entry('BROKER', 'technician', 'same', 'The device did not appear on the broker', 'The device says {device}; its message did not arrive at {topic} within {ms} ms.', 'Try again.', 'If it fails again, reject the unit.'),
  SELFTEST_FAILED: entry('BROKER', 'technician', 'same', 'The device could not connect', 'The device tried to connect and failed at {stage}.', 'Try again.', 'If it fails again, ask support.'),
  FOREIGN_TOPIC_ALLOWED: entry('BROKER', 'officer', 'never', 'The device may write to its neighbour’s topic', 'A message to {topic} was accepted or delivered.', 'Stop the line: the broker’s access list is not in force.'),
  CERTIFICATE_REVOKED: entry('BROKER', 'support', 'never', 'The certificate is revoked', 'The broker refused the certificate as revoked.', 'Provision the device anew if it should come back.'),
  CERTIFICATE_EXPIRED: entry('BROKER', 'support', 'never', 'The certificate has expired', 'The certificate ended {notAfter}.', 'Renew the device’s certificate.'),
  BROKER_CRL_EXPIRED: entry('BROKER', 'officer', 'later', 'The broker’s revocation list has expired', 'The broker calls a certificate expired that is not: its revocation list is too old, or its clock is wrong. All devices of this issuer are locked out.', 'Publish the CRL now.'),
  CLOCKS_DIFFER: entry('BROKER', 'support', 'later', 'The clocks differ', 'The certificate begins {notBefore}; the broker does not accept it yet.', 'Correct the clock of the station or the broker host.'),
  CERTIFICATE_REJECTED: entry('BROKER', 'support', 'never', 'The broker calls the certificate damaged', 'The broker refused the certificate as bad (alert {alert}).', 'Check the stored certificate, byte by byte.'),
  INVALID_CERTIFICATE_CHAIN: entry('BROKER', 'support', 'never', 'The certificate chain is broken', 'The certificate was not issued by the CA in the chain.', 'Install the right chain.'),
  CA_UNKNOWN_TO_BROKER: entry('BROKER', 'officer', 'later', 'The broker does not know this CA', 'The chain is good; the broker does not trust the CA, or has no CRL for it.', 'Publish CA and CRL to the broker host.'),
  NO_CERTIFICATE_SENT: entry('BROKER', 'support', 'never', 'The device sent no certificate', 'The broker asked for a certificate and got none.', 'Check that certificate and key are installed and named in the client’s settings.'),
  CERTIFICATE_NOT_REQUIRED: entry('BROKER', 'administrator', 'later', 'The broker lets clients in without a certificate', 'A client without a certificate was accepted on the TLS port.', 'Set require_certificate and allow_anonymous false on the broker.'),
  TLS_TOO_OLD: entry('BROKER', 'support', 'never', 'The TLS version is too old', 'The broker wants a newer TLS version.', 'Update the device’s TLS library.'),
  KEY_MISMATCH: entry('BROKER', 'support', 'other-input', 'Certificate and key do not belong together', 'The private key is not the one in the certificate.', 'Use the pair that belongs together.'),
  PORT_MODE_MISMATCH: entry('BROKER', 'support', 'other-input', 'Wrong kind of port', 'The port talks {found}, we talked {asked}.', 'Use the broker’s TLS port.'),
  LOGIN_REFUSED: entry('BROKER', 'support', 'never', 'The broker refused the login', 'The broker answered {reason}.', 'Check the user and its rights on the broker.'),
  NOT_SYNCED_TO_BROKER: entry('BROKER', 'support', 'later', 'The broker does not know this device', 'The certificate is good, but the broker’s access list has no entry for the device.', 'Publish the access list again.'),
  TOPIC_REFUSED: entry('BROKER', 'support', 'never', 'The topic is not allowed', 'The broker refused {topic} (reason code {reason}).', 'Use a topic of this device.'),
  SESSION_TAKEN_OVER: entry('BROKER', 'support', 'same', 'Another client uses this client id', 'The broker ended the session because another client connected with the same client id.', 'Give each client a client id of its own.'),
  SESSION_ENDED_BY_ADMINISTRATOR: entry('BROKER', 'support', 'never', 'The session was ended by the administrator', 'The broker ended the session on purpose.', 'Ask whoever runs the broker why.'),
  UNKNOWN_CAUSE: entry('FAILED', 'support', 'same', 'Failed, and the cause is not known', 'It failed at {stage}. The line below is what was seen.', 'Send the details to support.'),

  // The line
  NO_ORDER: entry('REFUSED', 'technician', 'later', 'No work order', 'Choose a work order first.', 'Pick or scan a work order.'),
  ORDER_COMPLETE: entry('REFUSED', 'technician', 'never', 'The work order is complete', 'All {quantity} units of {order} are done.', 'Pick the next work order.'),
  DEVICE_TAKEN: entry('REFUSED', 'officer', 'other-input', 'The device id is taken', '{device} already belongs to another unit ({hardwareId}).', 'Use another id, or ask an officer.'),
  STATION_STOPPED: entry('FAILED', 'technician', 'same', 'The station stopped during the run', 'The station stopped at step “{step}”; the run was not finished.', 'Put the unit in again.'),
  PROOF_OVERDUE: entry('FAILED', 'technician', 'same', 'Not proven in time', 'The unit was not proven on the broker before {deadline}; its certificate was revoked.', 'Put the unit in again.'),
  INVARIANT_BROKEN: entry('FAILED', 'officer', 'never', 'A promise of the station does not hold', '{problem}', 'Do not ship these units. Send the details to support.'),
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof catalogue;
