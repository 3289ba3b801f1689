import type { Finding, Path } from './problem.ts';

/** Collects what the checks of meaning find. */
export class Findings {
  readonly problems: Finding[] = [];
  readonly warnings: Finding[] = [];

  problem(path: Path, message: string, fix?: string, on: Finding['on'] = 'value'): void {
    this.problems.push(finding(path, message, fix, on));
  }

  warning(path: Path, message: string, fix?: string): void {
    this.warnings.push(finding(path, message, fix, 'key'));
  }
}

function finding(path: Path, message: string, fix: string | undefined, on: Finding['on']): Finding {
  return { path, message, ...(fix !== undefined && { fix }), on, certain: false };
}
