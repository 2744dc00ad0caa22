import { playScenario } from './scenarios.ts';

/** Bundled as a script that runs before the page: `?scenario=line` chooses what is played. */
const page = globalThis as { location?: { search: string }; birthmark?: unknown; mockStation?: unknown };
const station = playScenario(new URLSearchParams(page.location?.search ?? '').get('scenario') ?? 'line');
page.mockStation = station;
page.birthmark = { call: station.call, on: station.on };
