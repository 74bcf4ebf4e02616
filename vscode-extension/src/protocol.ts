/** What the server and this client say to each other: the part of Locus's editor protocol that is used here. */
import type { Range } from "vscode-languageclient/node";

/** Announced as `capabilities.experimental.locus.version`. */
export const PROTOCOL_VERSION = 1;

export type RunState =
  "starting" | "running" | "waiting" | "stopping" | "done" | "failed" | "stopped" | "refused" | "lost";

export interface Task {
  readonly number: number;
  readonly title: string;
  readonly priority?: string;
  readonly status: string;
  readonly sprint?: string;
  readonly folder: string;
}

export interface Sprint {
  readonly name: string;
  readonly active: boolean;
  readonly tasks: readonly number[];
  readonly folder: string;
}

export interface Option {
  readonly id: string;
  readonly label: string;
  readonly kind: string;
}

export interface Question {
  readonly id: string;
  readonly task?: number;
  readonly kind: string;
  readonly title: string;
  readonly detail: string;
  readonly options: readonly Option[];
}

export interface TaskRun {
  readonly number: number;
  readonly title: string;
  readonly state: string;
  readonly error?: string;
  readonly hint?: string;
}

export interface RunView {
  readonly id: string;
  readonly folder: string;
  readonly kind: "standalone" | "sprint";
  readonly sprint?: string;
  readonly state: RunState;
  readonly reason?: string;
  readonly hint?: string;
  readonly tasks: readonly TaskRun[];
  readonly questions: readonly Question[];
  readonly startedAt: string;
}

export interface Status {
  readonly state: "off" | "idle" | "working" | "attention" | "failed" | "offline";
  readonly text: string;
  readonly tooltip: string;
}

export interface RunsMessage {
  readonly seq: number;
  readonly runs: readonly RunView[];
}

export interface RunMessage {
  readonly seq: number;
  readonly run: RunView;
}

/** Lines of a task's log; `from` is the index of the first one. */
export interface LogMessage {
  readonly runId: string;
  readonly task: number;
  readonly from: number;
  readonly lines: readonly string[];
}

export interface Snapshot {
  readonly ref: string;
  readonly at: string;
  readonly bytes: number;
  readonly keptUntil?: string;
}

export interface KeptWorktree {
  readonly path: string;
  readonly branch: string;
  readonly task?: number;
  readonly run?: string;
  readonly state: string;
  readonly reason: string;
  readonly bytes: number;
  readonly createdAt: string;
  readonly keepRefs: readonly Snapshot[];
}

export interface Cleaned {
  readonly removed: readonly string[];
  readonly kept: readonly { readonly path: string; readonly reason: string }[];
}

export interface Move {
  readonly to: string;
  readonly host: string;
  readonly done: boolean;
  readonly tasks: readonly { readonly number: number; readonly movedTo?: number }[];
}

interface InFolder {
  readonly folder?: string;
}

interface Selected extends InFolder {
  readonly uri: string;
  readonly range: Range;
}

/** Arguments and result of each `workspace/executeCommand` that is sent. */
export interface Commands {
  "locus.issue.draft": { args: Selected; result: { readonly title: string } };
  "locus.issue.create": { args: Selected & { readonly title: string }; result: Task };
  "locus.issue.list": { args: InFolder & { readonly state: "open" }; result: readonly Task[] };
  "locus.sprint.list": { args: InFolder & { readonly state: "open" }; result: readonly Sprint[] };
  "locus.run.start": {
    args: InFolder & { readonly tasks?: readonly number[]; readonly sprint?: string };
    result: { readonly runId: string };
  };
  "locus.run.resume": { args: InFolder & { readonly runId: string }; result: { readonly runId: string } };
  "locus.run.stop": { args: InFolder & { readonly runId: string; readonly force?: boolean }; result: RunView };
  "locus.run.answer": {
    args: InFolder & {
      readonly runId: string;
      readonly questionId: string;
      readonly option: string;
      readonly message?: string;
    };
    result: RunView;
  };
  "locus.tracker.push": { args: InFolder; result: Move };
  "locus.worktree.list": { args: InFolder; result: readonly KeptWorktree[] };
  "locus.worktree.restore": { args: InFolder & { readonly ref: string }; result: { readonly path: string } };
  "locus.worktree.clean": { args: InFolder & { readonly paths?: readonly string[] }; result: Cleaned };
}

/** Arguments and result of each request that is not a command. */
export interface Requests {
  "locus/runs": { args: object; result: RunsMessage };
  "locus/subscribe": { args: { readonly runId: string; readonly task: number }; result: unknown };
  "locus/unsubscribe": { args: { readonly runId: string; readonly task: number }; result: unknown };
}
