import { HttpServes } from '../../../contract/index.ts';
import type { Noun } from '../entry.ts';

export const http: Noun = {
  name: 'http',
  summary: 'what this station serves over HTTP; nothing, until an officer says so',
  commands: [
    {
      name: 'http list',
      summary: 'the listeners, what each serves, and whether it is up',
      rows: true,
      examples: [{ line: 'http list' }],
      output: '{total, rows: [{name, host, port, tls, names, serves, up, failure}]}',
      load: async () => (await import('../../commands/http.ts')).listListeners,
    },
    {
      name: 'http listen',
      summary: 'serve over HTTP whenever the station runs (officer); exit code 8 while the listener waits for its certificate',
      argument: { word: 'NAME', required: true, help: 'of the listener; one that has it already is replaced' },
      options: {
        listen: { value: 'HOST:PORT', required: true, help: 'where; another computer reaches only an address that is not 127.0.0.1' },
        serve: { value: 'WHAT', required: true, many: true, choices: HttpServes.options, help: 'what; may be given several times' },
        host: { value: 'NAME', many: true, help: 'what others call this computer, for the certificate; may be given several times' },
        plain: { help: 'without TLS, for what is public and signed' },
      },
      examples: [{ line: 'http listen lists --listen 127.0.0.1:8443 --serve crl --host crl.example' }],
      output: '{name, host, port, tls, names, serves, up, failure}',
      load: async () => (await import('../../commands/http.ts')).listen,
    },
    {
      name: 'http close',
      summary: 'serve no more (officer)',
      argument: { word: 'NAME', required: true, help: 'the name of the listener' },
      examples: [{ line: 'http close lists' }],
      output: '{name}',
      load: async () => (await import('../../commands/http.ts')).closeListener,
    },
  ],
};
