/** The menu behind the status bar item. */
import * as vscode from "vscode";
import { isActive, presentQuestion } from "./present";
import type { Questions } from "./questions";
import type { Runs } from "./runs";
import type { ServerState } from "./server";

interface Entry extends vscode.QuickPickItem {
  readonly act?: () => unknown;
}

export async function showMenu(server: ServerState, runs: Runs, questions: Questions): Promise<void> {
  const asked = runs.all.flatMap((run) =>
    run.questions.map((question): Entry => {
      return { label: `$(question) ${presentQuestion(question).title}`, act: () => questions.ask(run, question) };
    }),
  );
  const stop = runs.all.some((run) => isActive(run.state)) ? [entry("debug-stop", "Stop Run", "locus.stopRun")] : [];
  const work = [entry("run-all", "Run Sprint", "locus.runSprint"), entry("play", "Run Task", "locus.runTask"), ...stop];
  const kept = [entry("archive", "Show Kept Work", "locus.showKeptWork")];
  const other: Entry[] = [
    { label: "", kind: vscode.QuickPickItemKind.Separator },
    entry("output", "Show Log", "locus.showLog"),
    entry("refresh", "Restart Server", "locus.restartServer"),
  ];
  const entries = server === "running" ? [...asked, ...work, ...kept, ...other] : other.toReversed();
  await (await vscode.window.showQuickPick(entries, { title: "Locus" }))?.act?.();
}

function entry(icon: string, title: string, command: string): Entry {
  return { label: `$(${icon}) ${title}`, act: () => vscode.commands.executeCommand(command) };
}
