import { config } from 'zod';

// Zod tries `new Function` when a schema is made; the content security policy refuses it and reports each try.
// Imported before everything else, so that no schema exists yet.
config({ jitless: true });
