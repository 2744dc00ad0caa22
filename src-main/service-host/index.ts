export { childProcessServices } from './child-process.ts';
export { makeDataFolder } from './data-folder.ts';
export { serve, type Service as RunningService, type ServiceContext } from './serve.ts';
export { Supervisor } from './supervisor.ts';
export type { Downward, ServiceProcess, SpawnService, Upward } from './wire.ts';
