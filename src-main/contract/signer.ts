import { z } from 'zod';
import { FailureData } from './errors.ts';
import { Bytes, Instant, KeyIdHex, Sha256Hex, TenantId, Uuid } from './ids.ts';
import { limits } from './limits.ts';
import { KeyAlgorithm, SessionEnd, SessionKind, SigningSession, TokenDetails, TokenView } from './models.ts';

/** The PIN of every try-out token. It protects nothing and is printed on the screen that makes one. */
export const tryOutPin = '123456';

/**
 * Variables that modules read for their settings. Others could make the process, or libraries that a module loads, run something else
 * (OPENSSL_CONF, GIO_MODULE_DIR, NODE_OPTIONS).
 */
const moduleVariable =
  /^(?:SOFTHSM2?|PKCS11|P11_KIT|TPM2|TSS2|TCTI|OPENSC|YKCS11|YUBIHSM|YHCONF|CRYPTOKI|CS|NFAST|CKNFAST|CHRYSTOKI|OCK|NSS|GNUPG|SCARD|AWS_CLOUDHSM)_\w+$|^ChrystokiConfigurationPath$/u;

/** How to load a PKCS#11 module. `initString` goes to C_Initialize (NSS needs one); `env` is set before the module is loaded. */
export const ModuleConfig = z
  .object({
    path: z.string().min(1),
    initString: z.string().optional(),
    env: z
      .record(z.string().regex(moduleVariable, 'must be a variable of a PKCS#11 module, such as SOFTHSM2_CONF'), z.string())
      .default({}),
  })
  .strict();
export type ModuleConfig = z.infer<typeof ModuleConfig>;

/** A token is found by what is printed on it; a slot number means nothing after a re-plug. */
export const TokenRef = z.object({ label: z.string(), serial: z.string() }).strict();
export type TokenRef = z.infer<typeof TokenRef>;

/** A key on a token: CKA_ID and the fingerprint of its SubjectPublicKeyInfo; never a label alone. */
export const KeyRef = z.object({ ckaId: z.string().regex(/^[0-9a-f]{2,64}$/u), spkiSha256: Sha256Hex }).strict();
export type KeyRef = z.infer<typeof KeyRef>;

/** What a session may sign under one certificate profile; the signer compares the bytes to be signed with it. */
export const SigningProfile = z
  .object({
    name: z.string(),
    maxValidityDays: z.number(),
    keyAlgorithms: z.array(KeyAlgorithm),
    extendedKeyUsage: z.array(z.string()),
    /** True only in a ceremony: the one kind of session that may make a CA certificate. */
    ca: z.boolean(),
    /** Full-match regular expression source for the subject's common name. */
    commonName: z.string(),
    /**
     * What the subjectAltName must hold, and nothing else: one URI that fully matches, or the names of a server with the common name
     * among them (`hosts` null: whichever). Absent: a certificate must not have one.
     */
    alternativeName: z
      .union([z.object({ uri: z.string() }).strict(), z.object({ hosts: z.array(z.string()).nullable() }).strict()])
      .optional(),
  })
  .strict();
export type SigningProfile = z.infer<typeof SigningProfile>;

/** A CA in a session: the certificate profiles that it may sign under, none for one that signs revocation lists only. */
export const Authority = z.object({ key: KeyRef, certificate: Bytes, profiles: z.array(z.string()) }).strict();
export type Authority = z.infer<typeof Authority>;

export const SessionTerms = z
  .object({
    kind: SessionKind,
    issuer: z.string(),
    token: TokenRef,
    /** The CAs that may sign; a ceremony makes keys besides. All in this token. */
    authorities: z.array(Authority).max(limits.sessionAuthorities),
    profiles: z.array(SigningProfile),
    /** The devices of these tenants only; null: of any. */
    tenants: z.array(z.string()).min(1).nullable(),
    /**
     * The URIs of each key's own revocation lists, by CKA_ID: what it signs names one of them, and it signs no other list. Also of the keys that a
     * ceremony is to make.
     */
    distributionPoints: z.array(
      z.object({ ckaId: KeyRef.shape.ckaId, uris: z.array(z.string()).min(1).max(limits.crlPartitions.max) }).strict(),
    ),
    /**
     * Null: the signer knows its keys. Else an officer has been told that it lost its records, and lets it go on above these numbers, those of the
     * last list of each key and URI that the station knows.
     */
    relearn: z.array(z.object({ ckaId: KeyRef.shape.ckaId, uri: z.string(), number: z.int().min(0) }).strict()).nullable(),
    quota: z.int().min(0),
    until: Instant,
    idleMinutes: z.int(),
    perMinute: z.int(),
    operator: z.string(),
    reason: z.string(),
  })
  .strict();
export type SessionTerms = z.infer<typeof SessionTerms>;

/**
 * The CA keys are in another token or behind another module now. An officer's PIN is the word for it: the module is loaded then, each key proven in
 * the token, and only this module loaded from then on.
 */
export const RebindTerms = z
  .object({
    module: ModuleConfig,
    token: TokenRef,
    /** Whether its PIN is typed on the device. */
    pinPad: z.boolean(),
    keys: z
      .array(Authority.pick({ key: true, certificate: true }))
      .min(1)
      .max(limits.sessionAuthorities),
    operator: z.string(),
    reason: z.string(),
  })
  .strict();
export type RebindTerms = z.infer<typeof RebindTerms>;

export const KeyProof = z.object({
  key: KeyRef,
  algorithm: KeyAlgorithm,
  keyId: KeyIdHex,
  spki: Bytes,
  attributes: z.array(z.object({ attribute: z.string(), value: z.string() })),
});
export type KeyProof = z.infer<typeof KeyProof>;

/**
 * How a ceremony's transcript begins. A key signs it as it stands, like anything else: so it must never be taken for something that begins
 * with a SEQUENCE (0x30), as certificates, CRLs and requests do.
 */
export const transcriptStart = '{\n  "purpose": "birthmark ceremony transcript",\n';

/** What the signer reads of a transcript. */
export const TranscriptHead = z.object({
  keys: z.array(z.object({ role: z.string(), ...KeyRef.shape, algorithm: KeyAlgorithm, attributes: KeyProof.shape.attributes })).min(1),
});

/** For which station of the central records, and for which tenants, a CA key speaks. */
export const RecordsRegistration = z
  .object({
    station: z.string().regex(/^[a-z0-9]{1,32}$/u, 'must be 1 to 32 small letters and digits'),
    name: z
      .string()
      .max(200)
      .regex(/^[^\p{C}]*$/u, 'must be visible characters'),
    tenants: z.array(TenantId).max(1000),
  })
  .strict();
export type RecordsRegistration = z.infer<typeof RecordsRegistration>;

/** What the key signs, as the file begins: with a letter, so that it is never taken for DER (0x30) or a transcript (`{`). */
export const registrationText = ({ station, name, tenants }: RecordsRegistration): string =>
  `Birthmark registration for central records 1\nstation ${station}\nname ${name}\ntenants ${tenants.join(' ')}\n`;

export const TokenState = z.object({ state: z.enum(['open', 'locked', 'absent', 'none']), view: TokenView.nullable() });
export type TokenState = z.infer<typeof TokenState>;

const spec = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output });
const nothing = z.object({}).strict();
const done = z.object({});

const pinRequest = z.object({ requestId: Uuid, expiresAt: Instant, pinPad: z.boolean() });

/** Between station and signer, through their supervisor. `pin.enter`, `pin.onDevice` and `pin.cancel` are in the main table: they come from a person, not from the station. */
export const signerCalls = {
  'module.use': spec(z.object({ module: ModuleConfig, watch: TokenRef.nullable() }).strict(), done),
  /** Loads a module that is not in use, or looks at the one that is; SESSION_OPEN while a session is. */
  'token.inspect': spec(z.object({ module: ModuleConfig }).strict(), z.array(TokenDetails)),
  'token.list': spec(nothing, z.array(TokenView)),
  'token.state': spec(nothing, TokenState),
  /** Makes a software token when its PIN arrives: request first, then `pin.enter` with the new PIN. */
  'token.requestInit': spec(z.object({ label: z.string().min(1).max(32) }).strict(), pinRequest),
  'token.requestRebind': spec(RebindTerms, pinRequest),
  /** Answers a request with the published PIN of try-out tokens; only for a software token. */
  'pin.tryOut': spec(z.object({ requestId: Uuid }).strict(), done),
  'session.request': spec(SessionTerms, pinRequest),
  'session.current': spec(nothing, SigningSession.nullable()),
  'session.close': spec(z.object({ why: z.string() }).strict(), done),
  /** Ceremony only. The attributes are read back from the token; a key that could leave it is destroyed and refused. */
  'key.generate': spec(z.object({ ckaId: z.string(), label: z.string(), algorithm: KeyAlgorithm }).strict(), KeyProof),
  /**
   * Ceremony only. A key that an interrupted ceremony had made: found by CKA_ID and label and proven anew; null when there is none.
   * TOKEN_HAS_KEYS when what is there under this id is something else.
   */
  'key.find': spec(z.object({ ckaId: z.string(), label: z.string(), algorithm: KeyAlgorithm }).strict(), KeyProof.nullable()),
  /** Ceremony only. CertificationRequestInfo (PKCS#10) of a CA in, signatureValue out: for a key that has no certificate yet. */
  'sign.request': spec(z.object({ key: KeyRef, info: Bytes }).strict(), z.object({ signature: Bytes })),
  /** Ceremony only. The transcript's bytes in, signatureValue out; what it says of the key's attributes is compared with the token. */
  'sign.transcript': spec(z.object({ key: KeyRef, transcript: Bytes }).strict(), z.object({ signature: Bytes })),
  /** tbsCertificate in, signatureValue (DER, as it stands in the BIT STRING) out; already verified with the issuer's public key. */
  'sign.certificate': spec(z.object({ key: KeyRef, profile: z.string(), tbs: Bytes }).strict(), z.object({ signature: Bytes })),
  /** The signer writes the text itself, and signs it for a CA key that issues certificates in this session. */
  'sign.registration': spec(RecordsRegistration.extend({ key: KeyRef }).strict(), z.object({ signature: Bytes })),
  /** A tbsCertList in pieces: a CRL can be larger than a message. `sign` after the last piece. */
  'sign.crl.begin': spec(z.object({ key: KeyRef }).strict(), z.object({ streamId: Uuid })),
  'sign.crl.append': spec(z.object({ streamId: Uuid, chunk: Bytes }).strict(), done),
  'sign.crl.finish': spec(z.object({ streamId: Uuid }).strict(), z.object({ signature: Bytes })),
} as const;
export type SignerCallName = keyof typeof signerCalls;
export type SignerInput<N extends SignerCallName> = z.input<(typeof signerCalls)[N]['input']>;
export type SignerParsed<N extends SignerCallName> = z.output<(typeof signerCalls)[N]['input']>;
export type SignerOutput<N extends SignerCallName> = z.output<(typeof signerCalls)[N]['output']>;
/** The station's view of the signer service. */
export type SignerClient = <N extends SignerCallName>(name: N, input: SignerInput<N>) => Promise<SignerOutput<N>>;

export const signerEvents = {
  'session.changed': SigningSession.nullable(),
  'session.ended': z.object({ session: SigningSession, end: SessionEnd }),
  'token.changed': TokenState,
  /** A person has answered this request with the right PIN. */
  'pin.answered': z.object({ requestId: Uuid }),
  /** Nobody can answer this request any more, and why. */
  'pin.gone': z.object({ requestId: Uuid, failure: FailureData }),
} as const;
export type SignerEventName = keyof typeof signerEvents;
