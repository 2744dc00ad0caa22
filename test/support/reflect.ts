/**
 * @peculiar/x509 asks for a Reflect polyfill that it uses for nothing but constructor parameters, of which it has none to tell.
 * Import this before it.
 */
Object.assign(Reflect, {
  getMetadata: () => undefined,
  getOwnMetadata: () => undefined,
  defineMetadata: () => undefined,
  hasOwnMetadata: () => false,
});
