import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' };
const noUnfinishedTest = {
  selector: 'MemberExpression[object.name=/^(it|test|describe|suite)$/][property.name=/^(skip|only|todo|fixme|skipIf|runIf)$/]',
  message: 'A test runs, or it is not there.',
};
const noConditionalAssertion = {
  selector: ':matches(IfStatement, ConditionalExpression, LogicalExpression, SwitchCase, CatchClause) CallExpression[callee.name="expect"]',
  message: 'An assertion under a condition may never be made: assert the outcome in every case.',
};

/** One owner for each verb: whoever ends a certificate asks station/revocation, so that the event and the publication follow. */
const onlyRevocationRevokes = {
  selector:
    'CallExpression:matches([callee.property.name="revoke"][callee.object.property.name="certificates"], [callee.property.name="adopt"][callee.object.property.name="revocations"])',
  message: 'Use revokeCertificate or adoptRevocation of station/revocation.',
};

/** A setting has a type: registry/settings.ts reads it into that, once. */
const noUntypedSettings = {
  selector: 'CallExpression[callee.property.name=/^(setting|setSetting)$/]',
  message: 'Use registry.settings.',
};

/** Missing in Chrome 114 or Node 18, the oldest runtime that the window and the main process run on. */
const notInOldestRuntime = {
  'no-restricted-properties': [
    'error',
    ...[
      ['Promise', 'withResolvers'],
      ['Promise', 'try'],
      ['AbortSignal', 'any'],
      ['Object', 'groupBy'],
      ['Map', 'groupBy'],
      ['Array', 'fromAsync'],
      ['URL', 'canParse'],
      ['URL', 'parse'],
    ].map(([object, property]) => ({ object, property, message: 'Not in the oldest runtime (Chrome 114, Node 18).' })),
  ],
};
/** Type-aware lint does not see Set methods and iterator helpers as missing; the compiler does, by `lib`. */
const noGlobalCrypto = { 'no-restricted-globals': ['error', { name: 'crypto', message: 'Import node:crypto: Node 18 has no global.' }] };

export default tseslint.config(
  { ignores: ['node_modules', 'out', 'build', 'dist', 'test-results'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', noDefaultExport],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/return-await': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Contract methods are async whether or not one implementation waits for something.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src-main/**/*.ts'],
    ignores: ['src-main/station/revocation/revoke.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, onlyRevocationRevokes] },
  },
  {
    files: ['src-main/station/**/*.ts'],
    ignores: ['src-main/station/registry/*.ts', 'src-main/station/revocation/revoke.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, onlyRevocationRevokes, noUntypedSettings] },
  },
  {
    files: ['src-renderer/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat.recommended],
    rules: {
      ...notInOldestRuntime,
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      // A component returns JSX; there is nothing to say about it.
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  { files: ['src-main/desktop/**/*.ts'], rules: { ...notInOldestRuntime, ...noGlobalCrypto } },
  { files: ['src-main/preload/**/*.ts'], rules: notInOldestRuntime },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', noDefaultExport, noUnfinishedTest, noConditionalAssertion],
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  // Tools ask for a default export here.
  { files: ['vitest.config.ts', 'test/e2e/playwright.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['test/bench/**/*.ts', 'test/fuzz/main.ts', 'src-main/cli/main.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['scripts/**/*.{mjs,cjs}', '*.{js,cjs}'],
    extends: [tseslint.configs.recommended],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly' },
    },
    rules: { eqeqeq: 'error', '@typescript-eslint/no-require-imports': 'off' },
  },
);
