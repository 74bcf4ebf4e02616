/** The logs of tasks, each in an output channel that goes on while the task does. */
import * as vscode from "vscode";
import { linesToWrite } from "./present";
import type { LogMessage, RunView, TaskRun } from "./protocol";
import type { Server } from "./server";

interface Log {
  readonly runId: string;
  readonly task: number;
  readonly channel: vscode.OutputChannel;
  /** The index of the next line to write. */
  next: number;
}

/** More logs than this are not followed at once; the one opened first is closed. */
const MOST = 8;

export class Logs implements vscode.Disposable {
  private readonly open = new Map<string, Log>();

  constructor(private readonly server: Server) {}

  async show(run: RunView, task: TaskRun): Promise<void> {
    const key = keyOf(run.id, task.number);
    const known = this.open.get(key);
    if (known !== undefined) {
      known.channel.show(true);
      return;
    }
    await this.closeOldest();
    const channel = vscode.window.createOutputChannel(`Locus #${task.number}`, "log");
    this.open.set(key, { runId: run.id, task: task.number, channel, next: 0 });
    channel.show(true);
    await this.server.request("locus/subscribe", { runId: run.id, task: task.number });
  }

  append(message: LogMessage): void {
    const log = this.open.get(keyOf(message.runId, message.task));
    if (log === undefined) return;
    for (const line of linesToWrite(log.next, message)) log.channel.appendLine(line);
    log.next = Math.max(log.next, message.from + message.lines.length);
  }

  /** Asks a server that has just started for the logs that are open. It tells them from the start; known lines are left out. */
  async resubscribe(): Promise<void> {
    for (const { runId, task } of this.open.values()) await this.server.request("locus/subscribe", { runId, task });
  }

  dispose(): void {
    for (const { channel } of this.open.values()) channel.dispose();
    this.open.clear();
  }

  private async closeOldest(): Promise<void> {
    const [oldest] = this.open;
    if (oldest === undefined || this.open.size < MOST) return;
    const [key, { runId, task, channel }] = oldest;
    this.open.delete(key);
    channel.dispose();
    await this.server.request("locus/unsubscribe", { runId, task });
  }
}

function keyOf(runId: string, task: number): string {
  return `${runId}/${task}`;
}
