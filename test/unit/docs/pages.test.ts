import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const pagesIn = (folder: string, recursive = true): string[] =>
  readdirSync(folder, { recursive, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name));
const pages = [...pagesIn('.', false), ...['docs', 'native', 'resources', '.github'].flatMap((folder) => pagesIn(folder))];

const withoutCode = (text: string): string => text.replace(/^ *```[\s\S]*?^ *```/gmu, '').replace(/`[^`\n]*`/gu, 'code');
const linksIn = (text: string): string[] => [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/gu)].map(([, link = '']) => link);

/** The anchor that forges make of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchorsIn = (text: string): string[] =>
  [...text.replace(/^ *```[\s\S]*?^ *```/gmu, '').matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) => anchorOf(heading));

/** What is wrong with a link from a page; null when it leads somewhere. Other sites are not asked. */
function problemOf(page: string, link: string): string | null {
  if (/^[a-z]+:/u.test(link)) return null;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(target)) return `${link}: there is no ${target}`;
  if (anchor === undefined || anchorsIn(readFileSync(target, 'utf8')).includes(anchor)) return null;
  return `${link}: no heading of ${target} has this anchor`;
}

describe('every link leads to a file and, where it names one, to a heading', () => {
  test.each(pages)('%s', (page) => {
    const problems = linksIn(readFileSync(page, 'utf8')).map((link) => problemOf(page, link));
    expect(problems.filter((problem) => problem !== null)).toEqual([]);
  });

  test('a link to a missing page or heading is found', () => {
    expect(problemOf('docs/README.md', 'missing.md')).toBe('missing.md: there is no docs/missing.md');
    expect(problemOf('docs/README.md', 'glossary.md#the-product')).toBeNull();
    expect(problemOf('docs/README.md', 'glossary.md#missing')).toBe('glossary.md#missing: no heading of docs/glossary.md has this anchor');
  });
});

test('the index of the documentation names each page once', () => {
  const linked = linksIn(readFileSync('docs/README.md', 'utf8')).map((link) => normalize(join('docs', link)));
  const templates = (page: string): boolean => page.startsWith('.github/');
  expect(linked.toSorted()).toEqual(pages.filter((page) => page !== 'docs/README.md' && !templates(page)).toSorted());
});

test('the glossary says each word once, in the order of the alphabet', () => {
  const sections = readFileSync('docs/glossary.md', 'utf8').split(/^## /mu).slice(1);
  for (const section of sections.filter((one) => !one.startsWith('States'))) {
    const words = [...section.matchAll(/^\| (?!word |---)([^|]+) \|/gmu)].map(([, word = '']) => word);
    expect(words.length).toBeGreaterThan(20);
    expect(words).toEqual([...new Set(words)].toSorted((a, b) => a.localeCompare(b, 'en')));
  }
});
