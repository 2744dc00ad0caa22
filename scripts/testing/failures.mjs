import { stripVTControlCharacters } from 'node:util';

const longest = 1_500;

/** A test that failed and what it said, to stand at the end of all output. */
const failure = (test, text) =>
  `✗ ${test}\n${stripVTControlCharacters(text ?? '')
    .slice(0, longest)
    .replace(/^/gm, '    ')}`;

/**
 * What failed, from the JSON report of vitest.
 * @returns {string[]}
 */
export function vitestFailures({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [failure(name, message)] : [];
    return failed.map((test) => failure(`${name} › ${test.fullName}`, test.failureMessages.join('\n')));
  });
}

/**
 * What failed, from the JSON report of Playwright.
 * @returns {string[]}
 */
export function playwrightFailures({ suites, errors }) {
  const inSuite = ({ title, suites = [], specs = [] }) => [
    ...suites.flatMap((suite) => inSuite({ ...suite, title: `${title} › ${suite.title}` })),
    ...specs.flatMap((spec) =>
      spec.tests
        .filter((test) => test.status !== 'expected')
        .map((test) =>
          failure(`${title} › ${spec.title}`, test.results.flatMap((result) => result.errors.map((error) => error.message)).join('\n')),
        ),
    ),
  ];
  return [...errors.map((error) => failure('Playwright', error.message)), ...suites.flatMap(inSuite)];
}
