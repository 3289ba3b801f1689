import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConfigAppliedWire, ProblemWire } from '../../../src/admin/wire.ts';
import { type ApiError, ask, askJson } from '../data/api.ts';
import { Dialog } from '../view/dialog.tsx';
import { diffOf } from './diff.ts';
import { Editor, goToLine } from './editor.tsx';

const YAML = 'application/yaml';
type Item = NonNullable<ProblemWire['problems']>[number];

/** What the server said of the text that was sent. */
type Verdict =
  | { readonly kind: 'none' }
  | { readonly kind: 'applied'; readonly result: ConfigAppliedWire }
  | { readonly kind: 'refused'; readonly detail: string; readonly items: readonly Item[] };

/** The configuration in force, and the way to another: edited, compared, checked by the server, and applied as a whole or not at all. */
export function ConfigView({ refusal }: { readonly refusal: string | undefined }) {
  const [inForce, setInForce] = useState<string | undefined>();
  const [text, setText] = useState('');
  const [verdict, setVerdict] = useState<Verdict>({ kind: 'none' });
  const [isAsking, setIsAsking] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);

  const load = useCallback(async () => {
    try {
      const yaml = await (await ask('api/v1/config', { accept: YAML })).text();
      setInForce(yaml);
      setText(yaml);
    } catch (error) {
      setVerdict(refused(error as ApiError));
    }
  }, []);
  useEffect(() => void load(), [load]);

  const apply = async () => {
    setIsAsking(false);
    try {
      const result = await askJson<ConfigAppliedWire>('api/v1/config', { method: 'PUT', body: text, type: YAML });
      // First: who is told that it is in force may go on writing, which no answer must overwrite.
      await load();
      setVerdict({ kind: 'applied', result });
    } catch (error) {
      setVerdict(refused(error as ApiError));
    }
  };

  const problems = useMemo(() => problemLines(verdict), [verdict]);
  const isChanged = inForce !== undefined && text !== inForce;
  if (inForce === undefined) {
    return <p class="empty">{verdict.kind === 'refused' ? `It cannot be read: ${verdict.detail}` : 'Reading it…'}</p>;
  }
  return (
    <section class="card config" aria-labelledby="config-title">
      <header class="card-head">
        <h2 id="config-title">Configuration in force</h2>
        <div class="buttons">
          <button type="button" class="small" disabled={!isChanged} onClick={() => setText(inForce)}>
            Discard changes
          </button>
          <button
            type="button"
            class="small primary"
            disabled={!isChanged || refusal !== undefined}
            title={refusal}
            onClick={() => setIsAsking(true)}
          >
            Apply…
          </button>
        </div>
      </header>
      <p class="note">
        Defaults are filled in and secrets hidden; *** keeps them. What is applied here is not written to the file, and
        the next reload of the file replaces it.
      </p>
      <Outcome verdict={verdict} onLine={(line, column) => goToLine(area.current!, line, column)} />
      <div class={isChanged ? 'config-columns changed' : 'config-columns'}>
        <Editor text={text} onText={setText} problems={problems} area={area} />
        {isChanged && <Diff before={inForce} after={text} title="Changes, not in force yet" />}
      </div>
      {isAsking && (
        <Dialog title="Apply this configuration?" wide onClose={() => setIsAsking(false)}>
          <p>
            Connections and what was learned of endpoints that stay are kept. If anything is wrong, nothing changes.
          </p>
          <Diff before={inForce} after={text} title="Changes" />
          <div class="buttons end">
            <button type="button" onClick={() => setIsAsking(false)}>
              Cancel
            </button>
            <button type="button" class="primary" onClick={apply}>
              Apply
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

function Outcome({ verdict, onLine }: { verdict: Verdict; onLine: (line: number, column?: number) => void }) {
  return (
    <div role="status" class="outcome">
      {verdict.kind === 'applied' && <Applied result={verdict.result} />}
      {verdict.kind === 'refused' && (
        <div class="notice bad">
          <p>✕ Nothing was changed: {verdict.detail}</p>
          <ul>
            {verdict.items.map((item) => (
              <li key={`${item.path} ${item.message}`}>
                {item.line !== undefined && (
                  <button type="button" class="link-like" onClick={() => onLine(item.line!, item.column)}>
                    line {item.line}
                  </button>
                )}{' '}
                <code>{item.path}</code> {item.message}
                {item.fix !== undefined && <span class="detail"> — {item.fix}</span>}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function Applied({ result: { changes, needsRestart, warnings } }: { readonly result: ConfigAppliedWire }) {
  return (
    <div class="notice good">
      <p>● Applied by every worker: {changes.length === 0 ? 'nothing is different' : changes.join('; ')}.</p>
      {needsRestart.length > 0 && <p>Only a restart changes {needsRestart.join(' and ')}.</p>}
      {warnings.map((each) => (
        <p key={each.path + each.message}>
          ▲ {each.path}: {each.message}
        </p>
      ))}
    </div>
  );
}

function Diff({ before, after, title }: { readonly before: string; readonly after: string; readonly title: string }) {
  const lines = useMemo(() => diffOf(before, after), [before, after]);
  const [added, removed] = ['added', 'removed'].map((kind) => lines.filter((line) => line?.kind === kind).length);
  return (
    <section class="diff" aria-label={title}>
      <h3>
        {title}: {added} added, {removed} removed
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        {lines.map((line, i) => (
          <DiffRow key={`${i} ${line?.text}`} line={line} />
        ))}
      </pre>
    </section>
  );
}

const SIGNS = { same: ' ', added: '+', removed: '−' } as const;

function DiffRow({ line }: { readonly line: ReturnType<typeof diffOf>[number] }) {
  if (line === null) return <div class="gap">⋯</div>;
  return (
    <div class={line.kind}>
      {SIGNS[line.kind]} {line.text}
    </div>
  );
}

function refused({ message, problem }: ApiError): Verdict {
  const detail = problem?.fix === undefined ? message : `${message}; ${problem.fix}`;
  return {
    kind: 'refused',
    detail: problem?.problems === undefined ? detail : message,
    items: problem?.problems ?? [],
  };
}

function problemLines(verdict: Verdict): ReadonlyMap<number, string> {
  if (verdict.kind !== 'refused') return new Map();
  return new Map(verdict.items.filter(({ line }) => line !== undefined).map(({ line, message }) => [line!, message]));
}
