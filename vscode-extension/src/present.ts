/** Words and icons for what the server reports. Pure, so that it can be tested without an editor. */
import type { KeptWorktree, LogMessage, Option, Question, RunState, RunView, Snapshot, Status } from "./protocol";

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
  const words = plain(status.text).trim();
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
  const hint = run.questions.length > 0 ? undefined : (task?.hint ?? run.hint); // it names the terminal's command
  return hint === undefined ? said : `${said} — ${hint}`;
}

/** What a notification has room for in its row of buttons, in pixels; beyond it VS Code cuts every word short. */
const ROW = 420;

/** A question as a notification asks it. */
export interface Asked {
  readonly title: string;
  /** All there is to know before an answer. */
  readonly detail: string;
  readonly buttons: readonly string[];
}

/** What an answer for good covers stands in its label after a colon. A button has no room for it: it is said in the detail. */
export function presentQuestion(question: Question): Asked {
  const title = question.task === undefined ? question.title : `#${question.task}: ${question.title}`;
  const said = `${question.title}\n${question.detail}`;
  const covered = question.options.filter((option) => !said.includes(option.label.slice(buttonOf(option).length + 2)));
  return {
    title,
    detail: [question.detail, ...covered.map((option) => option.label)].filter((each) => each !== "").join("\n\n"),
    buttons: question.options.map(buttonOf),
  };
}

/** Whether a notification shows these buttons in one row, with every word. */
export function fit(...buttons: readonly string[]): boolean {
  return buttons.reduce((width, label) => width + 25 + 7 * label.length, 0) <= ROW;
}

function buttonOf(option: Option): string {
  const colon = option.kind === "allow_always" ? option.label.indexOf(": ") : -1;
  return colon < 0 ? option.label : option.label.slice(0, colon);
}

/** A run's name for people: its sprint, its only task, or its tasks' numbers. */
export function nameOfRun(run: RunView): string {
  if (run.sprint !== undefined) return run.sprint;
  const [only, ...others] = run.tasks;
  if (only === undefined) return run.id;
  return others.length === 0 ? `#${only.number} ${only.title}` : run.tasks.map((task) => `#${task.number}`).join(", ");
}

/** One line of a list, with more beside and below it. */
export interface Line {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

/** A kept worktree, or the snapshots of one that is gone. What others wrote draws no icon. */
export function presentKept(entry: KeptWorktree, now: Date): Line {
  const name = entry.task === undefined ? nameOfPath(entry.path) || entry.branch : `#${entry.task}`;
  const days = Math.floor((now.getTime() - Date.parse(entry.createdAt)) / 86_400_000);
  const age = days < 1 ? "today" : days === 1 ? "1 day old" : `${days} days old`;
  const snapshots = entry.keepRefs.length === 1 ? "1 snapshot" : `${entry.keepRefs.length} snapshots`;
  const facts = [entry.state, age, sizeOf(entry.bytes), ...(entry.keepRefs.length > 0 ? [snapshots] : [])];
  return {
    label: plain(`${name} ${entry.branch}`.trim()),
    description: facts.join(" · "),
    detail: plain(entry.reason),
  };
}

/** The action that brings a snapshot back. */
export function presentSnapshot(snapshot: Snapshot): Line {
  const number = nameOfPath(snapshot.ref);
  const until = snapshot.keptUntil === undefined ? "" : ` · kept until ${snapshot.keptUntil.slice(0, 10)}`;
  return {
    label: `$(history) Restore snapshot ${plain(number)}`,
    description: `${snapshot.at.slice(0, 16).replace("T", " ")} UTC · ${sizeOf(snapshot.bytes)}${until}`,
    detail: "into a worktree of its own",
  };
}

/** Bytes as a person says them. */
export function sizeOf(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 || amount >= 9.95 ? amount.toFixed(0) : amount.toFixed(1)} ${units[unit] ?? ""}`;
}

function nameOfPath(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? "";
}

/** `$(name)` would draw an icon. */
function plain(text: string): string {
  return text.replaceAll("$(", "$ (");
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
