/** Words and icons for what the server reports. Pure, so that it can be tested without an editor. */
import type { LogMessage, RunState, RunView, Status } from "./protocol";

/** What the status bar item shows; `background` names a theme colour. */
export interface Presentation {
  readonly text: string;
  readonly tooltip: string;
  readonly background?: string;
}

const ICONS: Readonly<Record<Status["state"], string>> = {
  working: "sync~spin",
  idle: "check",
  attention: "warning",
  failed: "error",
  off: "circle-slash",
  offline: "cloud-offline",
};

/** The server's status as the status bar shows it. `$(name)` in its text stays text and draws no icon. */
export function presentStatus(status: Status): Presentation {
  const words = status.text.replaceAll("$(", "$ (").trim();
  const text = `$(${ICONS[status.state]}) ${words.startsWith("Locus") ? words : `Locus: ${words}`}`;
  const tooltip = status.tooltip || status.text;
  switch (status.state) {
    case "failed":
      return { text, tooltip, background: "statusBarItem.errorBackground" };
    case "attention":
      return { text, tooltip, background: "statusBarItem.warningBackground" };
    default:
      return { text, tooltip };
  }
}

/** Whether a run can still be stopped or finish. */
export function isActive(state: RunState): boolean {
  return state === "starting" || state === "running" || state === "waiting" || state === "stopping";
}

/** What a person is told about a run that went wrong: what happened and, where that is known, what to do about it. */
export function failureOf(run: RunView): string {
  const task = run.tasks.find((each) => each.error !== undefined);
  const about = task === undefined ? nameOfRun(run) : `#${task.number} ${task.title}`;
  const said = [`${about} ${run.state}`, task?.error ?? run.reason].filter((each) => each !== undefined).join(": ");
  const hint = task?.hint ?? run.hint;
  return hint === undefined ? said : `${said} — ${hint}`;
}

/** A run's name for people: its sprint, its only task, or its tasks' numbers. */
export function nameOfRun(run: RunView): string {
  if (run.sprint !== undefined) return run.sprint;
  const [only, ...others] = run.tasks;
  if (only === undefined) return run.id;
  return others.length === 0 ? `#${only.number} ${only.title}` : run.tasks.map((task) => `#${task.number}`).join(", ");
}

/** An error as one line: what happened and, where the server gave a hint, what to do about it. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const data: unknown = "data" in error ? error.data : undefined;
  if (typeof data === "object" && data !== null && "hint" in data && typeof data.hint === "string" && data.hint) {
    return `${error.message} — ${data.hint}`;
  }
  return error.message;
}

/** The message's lines from `next` on, which is the first that is not written yet; lines that never came are said to be missing. */
export function linesToWrite(next: number, { from, lines }: LogMessage): readonly string[] {
  if (from > next) return [`[${from - next} lines are not shown]`, ...lines];
  return lines.slice(next - from);
}
