import { existsSync } from 'node:fs';

export interface KnownModule {
  readonly vendor: string;
  readonly path: string;
}

const triplets: Readonly<Record<string, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu', arm: 'arm-linux-gnueabihf' };

/** Where vendors and distributions put their modules; `{lib}` stands for each library folder of the platform. */
const places: Readonly<Record<string, readonly (readonly [vendor: string, ...paths: string[]])[]>> = {
  linux: [
    ['YubiHSM 2', '{lib}/pkcs11/yubihsm_pkcs11.so', '{lib}/yubihsm_pkcs11.so'],
    ['OpenSC: Nitrokey HSM 2, SmartCard-HSM and other cards', '{lib}/opensc-pkcs11.so', '{lib}/pkcs11/opensc-pkcs11.so'],
    ['Yubico PIV', '{lib}/libykcs11.so'],
    ['TPM 2.0', '{lib}/pkcs11/libtpm2_pkcs11.so', '{lib}/libtpm2_pkcs11.so', '{lib}/libtpm2_pkcs11.so.1'],
    ['Thales Luna', '/usr/safenet/lunaclient/lib/libCryptoki2_64.so'],
    ['Entrust nShield', '/opt/nfast/toolkits/pkcs11/libcknfast.so'],
    ['Utimaco', '/opt/utimaco/lib/libcs_pkcs11_R3.so', '/usr/lib/libcs_pkcs11_R3.so'],
    ['AWS CloudHSM', '/opt/cloudhsm/lib/libcloudhsm_pkcs11.so'],
    ['openCryptoki', '{lib}/opencryptoki/libopencryptoki.so', '{lib}/pkcs11/PKCS11_API.so'],
    ['SoftHSM 2, a software token', '{lib}/softhsm/libsofthsm2.so', '{lib}/pkcs11/libsofthsm2.so', '{lib}/libsofthsm2.so'],
    ['NSS, a software token; wants an init string', '{lib}/nss/libsoftokn3.so', '{lib}/libsoftokn3.so'],
    ['p11-kit, all modules that are registered with it', '{lib}/p11-kit-proxy.so'],
  ],
  darwin: [
    ['YubiHSM 2', '{lib}/pkcs11/yubihsm_pkcs11.dylib'],
    ['OpenSC: Nitrokey HSM 2, SmartCard-HSM and other cards', '/Library/OpenSC/lib/opensc-pkcs11.so', '{lib}/opensc-pkcs11.so'],
    ['Yubico PIV', '{lib}/libykcs11.dylib'],
    ['SoftHSM 2, a software token', '{lib}/softhsm/libsofthsm2.so'],
  ],
  win32: [
    ['YubiHSM 2', 'C:\\Program Files\\Yubico\\YubiHSM Shell\\bin\\pkcs11\\yubihsm_pkcs11.dll'],
    ['OpenSC: Nitrokey HSM 2, SmartCard-HSM and other cards', 'C:\\Program Files\\OpenSC Project\\OpenSC\\pkcs11\\opensc-pkcs11.dll'],
    ['Yubico PIV', 'C:\\Program Files\\Yubico\\Yubico PIV Tool\\bin\\libykcs11.dll'],
    ['SoftHSM 2, a software token', 'C:\\SoftHSM2\\lib\\softhsm2-x64.dll'],
  ],
};

function libraryFolders(platform: string, arch: string): string[] {
  if (platform === 'darwin') return ['/opt/homebrew/lib', '/usr/local/lib'];
  const triplet = triplets[arch];
  return [...(triplet === undefined ? [] : [`/usr/lib/${triplet}`]), '/usr/lib64', '/usr/lib', '/usr/local/lib'];
}

/** The modules of well-known vendors that are here, one path for each; nothing is loaded. */
export function knownModules(platform: string, arch: string, isThere = existsSync): KnownModule[] {
  const folders = libraryFolders(platform, arch);
  return (places[platform] ?? []).flatMap(([vendor, ...paths]) => {
    const path = paths.flatMap((one) => (one.includes('{lib}') ? folders.map((lib) => one.replace('{lib}', lib)) : [one])).find(isThere);
    return path === undefined ? [] : [{ vendor, path }];
  });
}
