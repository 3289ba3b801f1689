/** A mistake that no handler caught ends nothing but what it happened in. Returns how to end this. */
export function surviveExceptions(log: (level: 'error', message: string) => void): () => void {
  const survive = (error: unknown) => {
    log('error', `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  };
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
  return () => {
    process.off('uncaughtException', survive);
    process.off('unhandledRejection', survive);
  };
}
