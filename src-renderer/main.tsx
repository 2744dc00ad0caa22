import './lib/no-eval.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { logBugsTo, unwrap } from '../src-main/contract/errors.ts';
import { App } from './app/App.tsx';
import { followTheme } from './app/preferences.ts';

logBugsTo((line) => reportError(new Error(line)));
followTheme();
createRoot(unwrap(document.getElementById('root'), 'index.html has a root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
