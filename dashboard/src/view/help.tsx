import { Dialog } from './dialog.tsx';

const KEYS: readonly (readonly [string, string])[] = [
  ['1, 2, 3', 'live view, configuration, explain'],
  ['/', 'find endpoints by id or address'],
  ['j, k', 'next and previous endpoint'],
  ['Enter', 'on an endpoint: why it is in this state, its charts and its past'],
  ['d, m, r, w', 'on an endpoint: drain, maintenance, ready, weight; each asks first'],
  ['t', 'light, dark, or as the system has it'],
  ['?', 'this'],
];

const SHAPES: readonly (readonly [string, string, string])[] = [
  ['●', 'good', 'up: checks pass'],
  ['○', 'good', 'unchecked: no check has judged it, and it is picked'],
  ['▼', 'bad', 'down: checks fail'],
  ['◆', 'bad', 'ejected: it failed more than others'],
  ['◇', 'bad', 'its circuit breaker is open, or tries it (half-open)'],
  ['◐', 'warn', 'draining: nothing new'],
  ['■', 'idle', 'maintenance: nothing at all'],
];

interface HelpProps {
  readonly usesKeys: boolean;
  readonly onUseKeys: (used: boolean) => void;
  readonly onClose: () => void;
}

export function Help({ usesKeys, onUseKeys, onClose }: HelpProps) {
  return (
    <Dialog title="Keys and signs" onClose={onClose}>
      <dl class="rows keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={usesKeys} onChange={(event) => onUseKeys(event.currentTarget.checked)} />
        use these keys
      </label>
      <dl class="rows keys">
        {SHAPES.map(([shape, tone, what]) => (
          <div key={what}>
            <dt>
              <span class={`shape ${tone}`}>{shape}</span>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="note">
        Beneath its state is how an endpoint was over the last five minutes: a line while it could be picked, higher
        while it could not.
      </p>
      <p class="note">
        Rates, latencies and failures are those of the last 10 s; shares are those of the last minute, fairness of the
        last minute and of five, both as the balancer counts them. Latency is the time to the first byte of the answer,
        right within 12.5 %. Failed, of endpoints: answers 5xx and connections that did not come about; of all, at the
        top: what clients got as 5xx, whoever answered.
      </p>
      <div class="buttons end">
        <button type="button" class="primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
