/** The runs as the server last told them. */
import * as vscode from "vscode";
import { isActive } from "./present";
import type { RunMessage, RunsMessage, RunState, RunView } from "./protocol";

export class Runs implements vscode.Disposable {
  private readonly byId = new Map<string, RunView>();
  private lastSeq = 0;
  private readonly changed = new vscode.EventEmitter<RunView>();
  /** Fires for each run that is new or may have changed. */
  readonly onDidChange = this.changed.event;
  private readonly failed = new vscode.EventEmitter<RunView>();
  /** Fires for each run that goes wrong while this window is open. */
  readonly onDidFail = this.failed.event;

  /** Runs, newest first. */
  get all(): readonly RunView[] {
    return [...this.byId.values()].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  }

  replace(message: RunsMessage): void {
    this.lastSeq = message.seq;
    const before = new Map(this.byId);
    this.byId.clear();
    for (const run of message.runs) this.set(run, before.get(run.id)?.state ?? run.state);
  }

  /** Takes a change over; false when one before it went missing, and all should be asked for. */
  update(message: RunMessage): boolean {
    const gap = message.seq > this.lastSeq + 1;
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    this.set(message.run, this.byId.get(message.run.id)?.state ?? "starting");
    return !gap;
  }

  dispose(): void {
    this.changed.dispose();
    this.failed.dispose();
  }

  private set(run: RunView, before: RunState): void {
    this.byId.set(run.id, run);
    this.changed.fire(run);
    if (isActive(before) && ["failed", "refused", "lost"].includes(run.state)) this.failed.fire(run);
  }
}
