import { SerialPort } from 'serialport';

/** A Web Serial port (WICG Web Serial API) over Node’s serialport, as far as esptool-js uses one; a pseudo terminal has no signals. */
export class NodeWebSerial {
  readable: ReadableStream<Uint8Array> | null = null;
  writable: WritableStream<Uint8Array> | null = null;
  readonly #path: string;
  #port: SerialPort | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async open({ baudRate }: { baudRate: number }): Promise<void> {
    const port = new SerialPort({ path: this.#path, baudRate, autoOpen: false });
    await new Promise<void>((done, failed) => port.open((error) => (error ? failed(error) : done())));
    this.#port = port;
    this.readable = new ReadableStream({
      start: (stream) => void port.on('data', (bytes: Buffer) => stream.enqueue(new Uint8Array(bytes))),
    });
    this.writable = new WritableStream({
      write: (bytes) =>
        new Promise((done, failed) => port.write(Buffer.from(bytes), undefined, (error) => (error ? failed(error) : done()))),
    });
  }

  getInfo(): { usbVendorId?: number; usbProductId?: number } {
    return {};
  }

  setSignals(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    const port = this.#port;
    this.#port = null;
    if (port?.isOpen === true) await new Promise<void>((done) => port.close(() => done()));
  }
}
