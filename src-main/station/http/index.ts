/** The door of the one HTTP server: what is served is a plugin of its listener. */
export { httpHosts, HttpListeners, listenerLimits } from './listeners.ts';
export { HttpServer, type HttpPlugin } from './server.ts';
