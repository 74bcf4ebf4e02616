/** The action, made safe to ask for at any time: one run of it at once, and at most one more waiting. */
export function oneAtATime(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;

  function begin(): Promise<void> {
    running = action().finally(() => {
      running = undefined;
    });
    return running;
  }

  return () => {
    if (running === undefined) return begin();
    queued ??= running
      .catch(() => undefined) // whoever asked for that run is told; the next one starts regardless
      .then(() => {
        queued = undefined;
        return begin();
      });
    return queued;
  };
}
