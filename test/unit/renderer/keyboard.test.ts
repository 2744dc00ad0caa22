import { describe, expect, it } from 'vitest';
import { commandFor, type KeyPress } from '../../../src-renderer/app/keyboard.ts';
import { landing, visibleTo } from '../../../src-renderer/app/workplaces.ts';

const press = (key: string, over: Partial<KeyPress> = {}): KeyPress => ({
  key,
  repeat: false,
  modified: false,
  typing: false,
  covered: false,
  ...over,
});
const all = visibleTo('officer');

describe('the keyboard', () => {
  it('goes to a workplace by its function key, even out of a field', () => {
    expect(commandFor(press('F2', { typing: true }), 'line', all)).toEqual({ kind: 'workplace', workplace: 'security' });
  });

  it('does not go to a workplace that the role does not see', () => {
    expect(commandFor(press('F2'), 'line', visibleTo('technician'))).toBeNull();
  });

  it.each(['1', '5', '9'])('acts on slot %s on the Line', (key) => {
    expect(commandFor(press(key), 'line', all)).toEqual({ kind: 'slot', slot: Number(key) });
  });

  it('has no slot 0, and slots only on the Line', () => {
    expect(commandFor(press('0'), 'line', all)).toBeNull();
    expect(commandFor(press('3'), 'registry', all)).toBeNull();
  });

  it('opens the officer’s dialogs in Security only', () => {
    expect(commandFor(press('R'), 'security', all)).toEqual({ kind: 'revoke' });
    expect(commandFor(press('o'), 'security', all)).toEqual({ kind: 'session' });
    expect(commandFor(press('r'), 'line', all)).toBeNull();
  });

  it.each<[string, Partial<KeyPress>]>([
    ['a key that is held down', { repeat: true }],
    ['a shortcut of the system', { modified: true }],
    ['typing in a field', { typing: true }],
    ['an open dialog', { covered: true }],
  ])('leaves the keys to %s', (_, over) => {
    expect(commandFor(press('3', over), 'line', all)).toBeNull();
  });
});

describe('workplaces', () => {
  it('lands where the role may be', () => {
    expect(landing('technician', 'security')).toBe('line');
    expect(landing('support', 'line')).toBe('registry');
    expect(landing('officer', 'security')).toBe('security');
  });
});
