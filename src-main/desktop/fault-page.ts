import { explain } from '../contract/index.ts';

const escaped = (text: string): string => text.replace(/[&<>"']/gu, (character) => `&#${character.codePointAt(0) ?? 0};`);

export const faultStyle = `:root { color-scheme: light dark; --back: #f4f5f7; --ink: #14191d; --quiet: #4d5a63; --fail: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --back: #101417; --ink: #edf2f4; --quiet: #aab8bf; --fail: #ff6b5e; } }
body { margin: 0; background: var(--back); color: var(--ink); font: 18px/1.5 'DejaVu Sans', sans-serif; }
main { max-width: 720px; margin: 15vh auto 0; padding: 0 32px; }
h1 { font-size: 34px; line-height: 1.2; border-left: 8px solid var(--fail); padding-left: 20px; }
li { margin: 8px 0; }
.code { color: var(--quiet); font-size: 15px; }
a { color: inherit; }
`;

/** The failure as lines for a dialog. */
export function faultText(reason: string, log: string): { readonly title: string; readonly lines: readonly string[] } {
  const { title, what, steps } = explain('WINDOW_NOT_STARTED', { reason, log });
  return { title, lines: [what, ...steps] };
}

/** What stands in the window in place of a page that did not start. Without code: that may be what failed. */
export function faultPage(reason: string, log: string, again: string): string {
  const { title, what, steps } = explain('WINDOW_NOT_STARTED', { reason, log });
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escaped(title)}</title><link rel="stylesheet" href="fault.css"></head>
<body><main>
<h1>${escaped(title)}</h1>
<p>${escaped(what)}</p>
<ol>${steps.map((step) => `<li>${escaped(step)}</li>`).join('')}</ol>
<p><a href="${escaped(again)}">Load the window again</a></p>
<p class="code">WINDOW_NOT_STARTED</p>
</main></body>
</html>
`;
}
