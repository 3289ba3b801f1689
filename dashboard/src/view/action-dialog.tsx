import { useRef, useState } from 'preact/hooks';
import type { EndpointPatchWire } from '../../../src/admin/wire.ts';
import { type ApiError, askJson, endpointPath } from '../data/api.ts';
import { count } from '../data/numbers.ts';
import type { EndpointWire, OverviewWire, PoolWire } from '../data/store.ts';
import { othersThan } from '../data/verdict.ts';
import { Dialog } from './dialog.tsx';

export type Action = 'ready' | 'draining' | 'maintenance' | 'weight';
export type StartAction = (pool: string, id: string, action: Action) => void;

interface ActionInfo {
  readonly action: Action;
  readonly label: string;
  readonly key: string;
  readonly effect: string;
}

export const ACTIONS: readonly ActionInfo[] = [
  {
    action: 'draining',
    label: 'Drain',
    key: 'd',
    effect: 'It gets no new requests. What is in flight goes on until it ends.',
  },
  {
    action: 'maintenance',
    label: 'Maintenance',
    key: 'm',
    effect: 'It gets nothing at all, and its connections are ended after what is in flight.',
  },
  { action: 'ready', label: 'Ready', key: 'r', effect: 'It may be picked again, if its health allows.' },
  { action: 'weight', label: 'Weight', key: 'w', effect: 'Its part of the requests changes. 0 gets nothing.' },
];

export const ACTION_KEYS: ReadonlyMap<string, Action> = new Map(ACTIONS.map(({ key, action }) => [key, action]));

interface ActionDialogProps {
  readonly pool: string;
  readonly id: string;
  readonly action: Action;
  readonly overview: OverviewWire;
  /** Called when it is in force, to look at once. */
  readonly onDone: () => void;
  readonly onClose: () => void;
}

type Step = 'asking' | 'sending' | 'done';

/** Says what will happen, does it when confirmed, and then shows what is still in flight. */
export function ActionDialog({ pool, id, action, overview, onDone, onClose }: ActionDialogProps) {
  const [step, setStep] = useState<Step>('asking');
  const [problem, setProblem] = useState('');
  const weight = useRef<HTMLInputElement>(null);
  const { label, effect } = ACTIONS.find((each) => each.action === action)!;
  const poolNow = overview.pools.find((each) => each.name === pool);
  const endpoint = poolNow?.endpoints.find((each) => each.id === id);

  const send = async (event: Event) => {
    event.preventDefault();
    setStep('sending');
    setProblem('');
    const patch: EndpointPatchWire = action === 'weight' ? { weight: Number(weight.current!.value) } : { mode: action };
    try {
      await askJson(endpointPath(pool, id), { method: 'PATCH', body: JSON.stringify(patch) });
      setStep('done');
      onDone();
    } catch (error) {
      setStep('asking');
      setProblem(inWords(error as ApiError));
    }
  };

  if (endpoint === undefined || poolNow === undefined) {
    return (
      <Dialog title={`${label} ${id}`} onClose={onClose}>
        <p>This endpoint is no longer a member of {pool}.</p>
        <Closing onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog title={`${label} ${id} in ${pool}`} onClose={onClose}>
      {step === 'done' ? (
        <Result endpoint={endpoint} action={action} onClose={onClose} />
      ) : (
        <form onSubmit={send}>
          <p>{effect}</p>
          <Warning pool={poolNow} endpoint={endpoint} action={action} />
          {action === 'weight' && <WeightField endpoint={endpoint} input={weight} />}
          <p class="problem" role="alert">
            {problem}
          </p>
          <div class="buttons end">
            <button type="button" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" class="primary" disabled={step === 'sending'}>
              {label}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Result({ endpoint, action, onClose }: { endpoint: EndpointWire; action: Action; onClose: () => void }) {
  const { mode, inFlight, weight, eligible, reasons } = endpoint;
  const leaves = action === 'draining' || action === 'maintenance';
  const state = action === 'weight' ? `Its weight is ${weight.effective}.` : `Its mode is ${mode}.`;
  const picked = eligible ? 'It is eligible.' : `It is not eligible: ${reasons.join('; ')}.`;
  return (
    <>
      <p>{state}</p>
      {leaves ? (
        <p class="remaining" role="status">
          <span class="big">{count(inFlight)}</span>
          {inFlight === 0 ? ' in flight. It has nothing left to do.' : ' in flight'}
        </p>
      ) : (
        <p role="status">{picked}</p>
      )}
      <Closing onClose={onClose} />
    </>
  );
}

/** Takes the focus: the form that had it is gone. */
const Closing = ({ onClose }: { readonly onClose: () => void }) => (
  <div class="buttons end">
    <button type="button" class="primary" ref={focusOnce} onClick={onClose}>
      Close
    </button>
  </div>
);

const focusOnce = (button: HTMLButtonElement | null) => button?.focus();

function WeightField({ endpoint, input }: { endpoint: EndpointWire; input: { current: HTMLInputElement | null } }) {
  return (
    <p class="field">
      <label for="weight">Weight, 0 to 65535</label>
      <input
        id="weight"
        ref={input}
        type="number"
        min={0}
        max={65535}
        step={1}
        required
        defaultValue={`${endpoint.weight.effective}`}
      />
      <span class="detail">configured: {endpoint.weight.configured}</span>
    </p>
  );
}

/** What people would want to know before. */
function Warning({ pool, endpoint, action }: { pool: PoolWire; endpoint: EndpointWire; action: Action }) {
  if (action === 'ready' || action === 'weight') return null;
  const { eligible: others, lastResort } = othersThan(endpoint.id, pool.endpoints);
  if (others === 0 && lastResort === 0) {
    return <p class="warning">▲ Nobody else of this pool may be picked: requests to it will be answered 503.</p>;
  }
  if (others === 0) {
    const who = lastResort === 1 ? '1 endpoint that is' : `${lastResort} endpoints that are`;
    return <p class="warning">▲ Only {who} ejected, or behind an open breaker, would be left, and get everything.</p>;
  }
  const flight =
    endpoint.inFlight === 0 ? 'Nothing is' : `${count(endpoint.inFlight)} ${endpoint.inFlight === 1 ? 'is' : 'are'}`;
  return (
    <p class="detail">
      {flight} in flight. {others} other {others === 1 ? 'endpoint serves' : 'endpoints serve'} this pool.
    </p>
  );
}

function inWords({ status, message, problem }: ApiError): string {
  if (status === 0) return `The balancer ${message}. Nothing is known of whether it was done.`;
  return problem?.fix === undefined ? message : `${message}: ${problem.fix}`;
}
