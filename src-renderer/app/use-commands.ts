import { useEffect } from 'react';
import { type Command, commandFor, type KeyPress } from './keyboard.ts';
import { useStation } from './station.ts';
import { visibleTo } from './workplaces.ts';

const isField = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.matches('input, select, textarea');

const pressOf = (event: KeyboardEvent): KeyPress => ({
  key: event.key,
  repeat: event.repeat,
  modified: event.ctrlKey || event.altKey || event.metaKey,
  typing: isField(event.target),
  covered: document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null,
});

/** Listens to the keyboard for the whole window and hands over what a key means here. */
export function useCommands(carryOut: (command: Command) => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const { status, workplace } = useStation.getState();
      const role = status?.operator?.role;
      if (role === undefined) return;
      const command = commandFor(pressOf(event), workplace, visibleTo(role));
      if (command === null) return;
      event.preventDefault();
      carryOut(command);
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, [carryOut]);
}
