export * from './calls.ts';
export * from './ceremony.ts';
export * from './catalogue/index.ts';
export * from './errors.ts';
export * from './ids.ts';
export * from './limits.ts';
export * from './models.ts';
export * from './signer.ts';
