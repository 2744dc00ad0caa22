import { useEffect } from 'react';
import { Bursts } from './bursts.ts';
import { type Command, commandFor, type KeyPress } from './keyboard.ts';
import { useStation } from './station.ts';
import { visibleTo } from './workplaces.ts';

const isField = (target: EventTarget | null): target is HTMLInputElement =>
  target instanceof HTMLElement && target.matches('input, select, textarea');

const isCovered = (): boolean => document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null;

const pressOf = (event: KeyboardEvent): KeyPress => ({
  key: event.key,
  repeat: event.repeat,
  modified: event.ctrlKey || event.altKey || event.metaKey,
  typing: isField(event.target),
  covered: isCovered(),
});

function later(work: () => void, ms: number): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}

/**
 * Listens to the keyboard for the whole window, before anything that has the focus: hands over what a key means here, and what was scanned.
 * A field that has the focus gets the text of a scan, for somebody put the focus there; but never its Enter.
 */
export function useCommands(carryOut: (command: Command) => void, onScan: (text: string) => void): void {
  useEffect(() => {
    const act = (press: KeyPress): boolean => {
      const { status, workplace } = useStation.getState();
      const role = status?.operator?.role;
      if (role === undefined) return false;
      const command = commandFor(press, workplace, visibleTo(role));
      if (command !== null) carryOut(command);
      return command !== null;
    };
    let typing = false;
    const bursts = new Bursts({
      onKey: (key) => void act({ key, repeat: false, modified: false, typing, covered: isCovered() }),
      onScan: (text) => {
        if (!typing) onScan(text);
      },
      later,
    });
    const listen = (event: KeyboardEvent): void => {
      const press = pressOf(event);
      if (press.repeat) return;
      const heard = bursts.press(event.key, event.timeStamp, event.key.length === 1 && !press.modified);
      // Of the whole burst: its first key decides where it goes.
      if (heard === 'wait') typing = press.typing;
      const isOver = heard === 'take' && (!press.typing || event.key === 'Enter');
      if (isOver || (heard === 'act' && act(press))) event.preventDefault();
      if (isOver) event.stopPropagation();
    };
    addEventListener('keydown', listen, { capture: true });
    return () => removeEventListener('keydown', listen, { capture: true });
  }, [carryOut, onScan]);
}
