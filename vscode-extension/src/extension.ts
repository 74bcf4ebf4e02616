/** Wires the parts together. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import {
  createIssueFromSelection,
  moveTasksToGitHub,
  runSprint,
  runTask,
  showKeptWork,
  showLog,
  stopRun,
} from "./commands";
import { Logs } from "./logs";
import { showMenu } from "./menu";
import { explain, failureOf } from "./present";
import type { LogMessage, RunMessage, RunsMessage, RunView, Status } from "./protocol";
import { Questions } from "./questions";
import { Runs } from "./runs";
import { Server } from "./server";
import { StatusItem } from "./status";

/** Not in the palette: the status bar item runs it. */
const MENU = "locus.showMenu";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const output = vscode.window.createOutputChannel("Locus", { log: true });
  const report = (error: unknown) => {
    output.error(explain(error));
    void vscode.window.showErrorMessage(explain(error));
  };
  const status = new StatusItem(MENU);
  const runs = new Runs();
  const running = new Server(output, listen);
  const questions = new Questions(running, report);
  const logs = new Logs(running);
  server = running;

  function listen(client: LanguageClient): void {
    client.onNotification("locus/status", (message: Status) => {
      status.showStatus(message);
    });
    client.onNotification("locus/runs", (message: RunsMessage) => {
      runs.replace(message);
    });
    client.onNotification("locus/run", (message: RunMessage) => {
      if (!runs.update(message)) askForRuns().catch(report);
    });
    client.onNotification("locus/log", (message: LogMessage) => {
      logs.append(message);
    });
  }

  async function askForRuns(): Promise<void> {
    runs.replace(await running.request("locus/runs", {}));
  }

  const commands: Readonly<Record<string, () => Promise<void>>> = {
    "locus.createIssueFromSelection": () => createIssueFromSelection(running),
    "locus.runTask": () => runTask(running),
    "locus.runSprint": () => runSprint(running),
    "locus.stopRun": () => stopRun(running),
    "locus.showLog": () => showLog(running, logs, output),
    "locus.showKeptWork": () => showKeptWork(running),
    "locus.moveTasksToGitHub": () => moveTasksToGitHub(running),
    "locus.restartServer": () => running.restart(),
    [MENU]: () => showMenu(running.state, runs, questions),
  };
  for (const [id, act] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(id, () => act().catch(report)));
  }

  const restart = () => {
    running.restart().catch(report);
  };
  context.subscriptions.push(
    output,
    status,
    runs,
    logs,
    running,
    running.onDidChangeState((state) => {
      status.showServer(state);
      if (state === "running") logs.resubscribe().catch(report);
    }),
    runs.onDidChange((run) => {
      questions.show(run);
    }),
    runs.onDidFail((run) => {
      tellFailure(run, running, logs, questions).catch(report);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("locus.server")) restart();
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      if (running.state === "none" || !vscode.workspace.workspaceFolders?.length) restart();
    }),
  );
  restart();
}

async function tellFailure(run: RunView, server: Server, logs: Logs, questions: Questions): Promise<void> {
  const task = run.tasks.find((each) => each.error !== undefined);
  const [question] = run.questions;
  const goOn = question !== undefined ? "Answer…" : run.state === "refused" ? undefined : "Resume";
  const offers = [...(task ? ["Show Log"] : []), ...(goOn === undefined ? [] : [goOn])];
  const answer = await vscode.window.showErrorMessage(failureOf(run), ...offers);
  if (answer === "Show Log" && task) await logs.show(run, task);
  else if (answer === goOn && question !== undefined) await questions.ask(run, question);
  else if (answer === "Resume") await server.execute("locus.run.resume", { runId: run.id, folder: run.folder });
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
