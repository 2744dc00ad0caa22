declare module '@micropython/micropython-webassembly-pyscript' {
  export function loadMicroPython(options: { stdout: (bytes: Uint8Array | number) => void; linebuffer: boolean }): Promise<unknown>;
}
