/** What a status means for the eye; always beside a shape and a word. `unknown`: nobody can say now, so it is neither good nor bad. */
export type Tone = 'pass' | 'fail' | 'busy' | 'hold' | 'idle' | 'unknown';
