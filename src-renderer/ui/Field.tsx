import { type ComponentProps, type ReactNode, useId } from 'react';

interface Frame {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with the value; shown in place of the hint. */
  readonly problem?: string | undefined;
}

function FieldFrame({ id, label, hint, problem, children }: Frame & { readonly id: string; readonly children: ReactNode }) {
  const note = problem ?? hint;
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      {children}
      {note === undefined ? null : (
        <span
          id={`${id}-note`}
          className={problem === undefined ? 'hint' : 'hint tone-fail'}
          role={problem === undefined ? undefined : 'alert'}
        >
          {note}
        </span>
      )}
    </div>
  );
}

export function TextField({
  label,
  hint,
  problem,
  mono = false,
  ...rest
}: Frame & { readonly mono?: boolean } & Omit<ComponentProps<'input'>, 'id' | 'className'>) {
  const id = useId();
  return (
    <FieldFrame id={id} label={label} hint={hint} problem={problem}>
      <input
        id={id}
        className={mono ? 'input mono' : 'input'}
        aria-invalid={problem === undefined ? undefined : true}
        aria-describedby={(problem ?? hint) === undefined ? undefined : `${id}-note`}
        autoComplete="off"
        spellCheck={false}
        {...rest}
      />
    </FieldFrame>
  );
}

export function SelectField({ label, hint, problem, children, ...rest }: Frame & Omit<ComponentProps<'select'>, 'id' | 'className'>) {
  const id = useId();
  return (
    <FieldFrame id={id} label={label} hint={hint} problem={problem}>
      <select id={id} className="input" {...rest}>
        {children}
      </select>
    </FieldFrame>
  );
}
