/** What a status means for the eye; always beside a shape and a word. */
export type Tone = 'pass' | 'fail' | 'busy' | 'hold' | 'idle';
