import { useEffect, useRef } from 'preact/hooks';

const KEPT = 'equipoise-keys';

/** Whether single keys are used; without an argument, what was chosen last. */
export function keepKeys(used?: boolean): boolean {
  if (used !== undefined) localStorage.setItem(KEPT, `${used}`);
  return localStorage.getItem(KEPT) !== 'false';
}

/** Calls what belongs to a key, except where somebody writes, and under dialogs. */
export function useKeys(used: boolean, handlers: Readonly<Record<string, () => void>>): void {
  const current = useRef(handlers);
  current.current = handlers;
  useEffect(() => {
    if (!used) return;
    const onKey = (event: KeyboardEvent) => {
      const isWriting = (event.target as Element).matches('input, textarea, select');
      if (isWriting || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog') !== null)
        return;
      const handler = current.current[event.key];
      if (handler === undefined) return;
      event.preventDefault();
      handler();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [used]);
}

/** Moves the focus by `step` endpoints, from the first when none has it. */
export function moveToEndpoint(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('.endpoint .opener')];
  const at = rows.findIndex((each) => each.matches(':focus'));
  rows[at === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
}
