import { useEffect, useRef, useState } from 'react';
import { type FailureData, toFailureData } from '../../src-main/contract/errors.ts';
import type { Operator, Role } from '../../src-main/contract/models.ts';
import { t } from '../i18n/index.ts';
import { call } from '../lib/client.ts';
import { useAction } from '../lib/use-action.ts';
import { roleLabel } from '../lib/labels.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { FailureCard } from '../ui/FailureCard.tsx';
import { TextField } from '../ui/Field.tsx';
import { Icon } from '../ui/Icon.tsx';

/** The operators as buttons; a password only where one is set. */
function Operators({ only, onSignedIn }: { readonly only: Role | null; readonly onSignedIn: () => void }) {
  const [operators, setOperators] = useState<readonly Operator[] | null>(null);
  const [refused, setRefused] = useState<FailureData | null>(null);
  const [chosen, setChosen] = useState<Operator | null>(null);
  const password = useRef<HTMLInputElement>(null);
  const { busy, failure, run } = useAction();
  const shown = failure ?? refused;
  const offered = operators?.filter(({ role }) => only === null || role === only);

  useEffect(() => {
    call('operators.list', {}).then(setOperators, (error: unknown) => setRefused(toFailureData(error)));
  }, []);

  const signIn = async (operator: Operator, word: string): Promise<void> => {
    const done = await run(async () => {
      await call('operators.signIn', { name: operator.name, password: word });
    });
    if (done) onSignedIn();
  };
  const choose = (operator: Operator): void => {
    if (operator.passwordSet) setChosen(operator);
    else void signIn(operator, '');
  };

  return (
    <div className="body">
      {offered?.length === 0 ? <p className="muted small">{t('signIn.empty')}</p> : null}
      <div className="people">
        {offered?.map((operator, index) => (
          <button
            key={operator.name}
            type="button"
            className="person"
            autoFocus={index === 0}
            disabled={busy}
            aria-pressed={chosen?.name === operator.name}
            onClick={() => choose(operator)}
          >
            <Icon name="person" />
            <b>{operator.name}</b>
            <span className="small muted">{roleLabel(operator.role)}</span>
          </button>
        ))}
      </div>
      {chosen === null ? null : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const field = password.current;
            if (field === null) return;
            const word = field.value;
            field.value = '';
            void signIn(chosen, word);
          }}
        >
          <TextField
            key={chosen.name}
            ref={password}
            type="password"
            label={t('signIn.password', { name: chosen.name })}
            autoFocus
            required
            maxLength={128}
          />
          <div className="buttons">
            <Button type="submit" look="primary" disabled={busy}>
              {t('signIn.go')}
            </Button>
          </div>
        </form>
      )}
      {shown === null ? null : <FailureCard failure={shown} />}
    </div>
  );
}

/** The whole screen while nobody is signed in. */
export function SignInScreen() {
  return (
    <main className="sign-in">
      <section className="card" aria-label={t('signIn.title')}>
        <h1>{t('signIn.title')}</h1>
        <p className="muted small">{t('signIn.intro')}</p>
        <Operators only={null} onSignedIn={() => undefined} />
      </section>
    </main>
  );
}

/** `then`: an officer is wanted, and this goes on when one has signed in. */
export function SignInDialog({ then, onClose }: { readonly then: (() => void) | null; readonly onClose: () => void }) {
  const goOn = (): void => {
    onClose();
    then?.();
  };
  return (
    <Dialog title={t('signIn.title')} intro={then !== null ? t('signIn.needsOfficer') : t('signIn.intro')} onClose={onClose}>
      <Operators only={then === null ? null : 'officer'} onSignedIn={goOn} />
      <div className="buttons">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
      </div>
    </Dialog>
  );
}
