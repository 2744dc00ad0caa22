import { OrderDialog } from '../features/line/OrderDialog.tsx';
import { PinDialog } from '../features/security/PinDialog.tsx';
import { RevokeDialog } from '../features/security/RevokeDialog.tsx';
import { SessionDialog } from '../features/security/SessionDialog.tsx';
import { BrokerDialog } from './BrokerDialog.tsx';
import { closeDialog, useDialogs } from './dialogs.ts';
import { SignInDialog } from './SignIn.tsx';

/** The one dialog that is open. */
export function Dialogs() {
  const open = useDialogs((state) => state.open);
  switch (open?.kind) {
    case undefined:
      return null;
    case 'session':
      return <SessionDialog onClose={closeDialog} />;
    case 'pin':
      return <PinDialog request={open.request} onClose={closeDialog} />;
    case 'revoke':
      return <RevokeDialog selector={open.selector} onClose={closeDialog} />;
    case 'sign-in':
      return <SignInDialog then={open.then} onClose={closeDialog} />;
    case 'order':
      return <OrderDialog onClose={closeDialog} />;
    case 'broker':
      return <BrokerDialog onClose={closeDialog} />;
  }
}
