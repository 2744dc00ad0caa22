import './lib/no-eval.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { unwrap } from '../src-main/contract/errors.ts';
import { App } from './app/App.tsx';
import { followTheme } from './app/preferences.ts';

followTheme();
createRoot(unwrap(document.getElementById('root'), 'index.html has a root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
