import { dialog, powerSaveBlocker, type BrowserWindow } from 'electron';

/** Keeps the machine from sleeping while something is being written. */
export class Wakefulness {
  #blocker: number | null = null;

  set(needed: boolean): void {
    if (needed && this.#blocker === null) this.#blocker = powerSaveBlocker.start('prevent-app-suspension');
    if (!needed && this.#blocker !== null) {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = null;
    }
  }
}

const choices = ['Keep it open', 'Close when they are done', 'Close now'] as const;

/** Holds the window open while there are reasons to, and says them. */
export class Closing {
  readonly #window: BrowserWindow;
  readonly #reasons: () => string[];
  #allowed = false;
  #whenDone = false;
  #asking = false;

  constructor(window: BrowserWindow, reasons: () => string[]) {
    this.#window = window;
    this.#reasons = reasons;
    window.on('close', (event) => {
      if (this.#allowed || this.#reasons().length === 0) return;
      event.preventDefault();
      void this.#ask();
    });
  }

  /** To be called when the last reason is gone. */
  done(): void {
    if (this.#whenDone) this.#window.close();
  }

  /** The machine shuts down or the person insists: the station finishes or takes back what was open at its next start. */
  allow(): void {
    this.#allowed = true;
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { response } = await dialog.showMessageBox(this.#window, {
      type: 'warning',
      title: 'Birthmark',
      message: 'Units are being written',
      detail: `${this.#reasons().join('\n')}\n\nClosed now, these units are not provisioned: what was signed for them is revoked at the next start.`,
      buttons: [...choices],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    });
    this.#asking = false;
    if (response === 0) return;
    if (response === 2) this.allow();
    this.#whenDone = true;
    if (response === 2 || this.#reasons().length === 0) this.#window.close();
  }
}
