import { useRef } from 'preact/hooks';

interface TokenPromptProps {
  readonly wrong: boolean;
  readonly onToken: (token: string) => void;
}

export function TokenPrompt({ wrong, onToken }: TokenPromptProps) {
  const input = useRef<HTMLInputElement>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onToken(input.current!.value.trim());
  };
  return (
    <main class="alone">
      <form class="card token" onSubmit={submit}>
        <h1>This balancer asks for its token</h1>
        <p>
          It is <code>admin.token</code> of the configuration, or <code>admin.readToken</code> to look and not touch. It
          is kept in this tab until you close it.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          ref={input}
          type="password"
          autocomplete="current-password"
          required
          aria-invalid={wrong}
          aria-describedby="token-problem"
        />
        <p id="token-problem" class="problem" role="alert">
          {wrong ? 'The balancer does not know this token.' : ''}
        </p>
        <button type="submit" class="primary">
          Continue
        </button>
      </form>
    </main>
  );
}
