export { catchOutput } from './output.ts';
export { childProcessServices } from './child-process.ts';
export { defaultDataFolder, makeDataFolder } from './data-folder.ts';
export { lastCallFile, lastCallText, readLastCall, startingCalls, whySignerDied, type LastCall } from './last-call.ts';
export { serve, type Service as RunningService, type ServiceContext } from './serve.ts';
export { withSecondHost } from './second-host.ts';
export { Supervisor } from './supervisor.ts';
export type { Downward, ServiceProcess, SpawnService, Upward } from './wire.ts';
export { endpointOf, openStation, type Owner, type RunningStation, type StationParts } from './endpoint/index.ts';
