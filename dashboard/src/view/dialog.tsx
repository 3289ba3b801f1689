import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
}

/** A modal dialog: the browser keeps the focus in it, Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children, wide }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  const isGone = useRef(false);
  useLayoutEffect(() => {
    const dialog = element.current!;
    dialog.showModal();
    return () => {
      isGone.current = true;
      // Gives the focus back, which a dialog that is merely removed does not.
      dialog.close();
    };
  }, []);
  // Said at once: the event `close` comes a moment after Escape, when the next dialog may be asked for already.
  const cancel = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog
      ref={element}
      onCancel={cancel}
      aria-labelledby={id}
      class={wide === true ? 'wide' : ''}
      onClose={() => isGone.current || onClose()}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
