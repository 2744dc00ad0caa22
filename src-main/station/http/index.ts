/** The door of the one HTTP server: what is served is a plugin of its listener. */
export { api } from './api/index.ts';
export { httpHosts, HttpListeners, listenerLimits } from './listeners.ts';
export { metrics } from './metrics/index.ts';
export { RateLimit } from './rate-limit.ts';
export { HttpServer, type HttpPlugin } from './server.ts';
