import type { Sound } from './verdict.ts';

/** Hertz, one after the other: up is good, down is bad, level asks. Heard apart without seeing the screen. */
const tones: Readonly<Record<Sound, readonly number[]>> = { good: [660, 990], bad: [330, 220], ask: [520, 520] };
const seconds = 0.13;
const loudness = 0.12;

let context: AudioContext | null = null;

/** Two short tones; nothing where the machine has no sound. */
export function beep(sound: Sound): void {
  context ??= new AudioContext();
  const audio = context;
  tones[sound].forEach((frequency, index) => {
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    const start = audio.currentTime + index * (seconds + 0.04);
    oscillator.frequency.value = frequency;
    volume.gain.setValueAtTime(loudness, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + seconds);
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + seconds);
  });
}
