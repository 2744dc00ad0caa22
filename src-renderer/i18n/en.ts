import { app } from './en/app.ts';
import { line } from './en/line.ts';
import { registry } from './en/registry.ts';
import { security } from './en/security.ts';
import { setup } from './en/setup.ts';

/** English, the language every other one is checked against. */
export const en = { ...app, ...setup, ...line, ...security, ...registry } as const;
