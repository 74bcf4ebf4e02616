/** What a person can ask for: it collects what the editor knows, asks the server, and shows the answer. */
import * as vscode from "vscode";
import type { Logs } from "./logs";
import { showKept } from "./kept";
import { pickSeveral } from "./pick";
import { isActive, nameOfRun } from "./present";
import type { RunView, TaskRun } from "./protocol";
import type { Server } from "./server";

export async function createIssueFromSelection(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.scheme !== "file") {
    void vscode.window.showInformationMessage("Open a file and select the code the issue is about.");
    return;
  }
  const { document, selection } = editor;
  const chosen = selection.isEmpty ? document.lineAt(selection.active.line).range : selection;
  const place = {
    uri: document.uri.toString(),
    range: {
      start: { line: chosen.start.line, character: chosen.start.character },
      end: { line: chosen.end.line, character: chosen.end.character },
    },
  };
  const draft = await server.execute("locus.issue.draft", place);
  const title = await vscode.window.showInputBox({
    title: "Create Issue from Selection",
    prompt: "What should be done with the selected code",
    value: draft.title,
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === "" ? "An issue needs a title." : undefined),
  });
  if (title === undefined) return;
  const task = await server.execute("locus.issue.create", { ...place, title: title.trim() });
  const answer = await vscode.window.showInformationMessage(`#${task.number} created: ${task.title}`, "Run");
  if (answer === "Run") await server.execute("locus.run.start", { tasks: [task.number], folder: task.folder });
}

export async function runTask(server: Server): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const tasks = await server.execute("locus.issue.list", { state: "open", ...folder });
  const alone = tasks.filter((task) => task.sprint === undefined);
  if (alone.length === 0) {
    void vscode.window.showInformationMessage(
      tasks.length === 0
        ? "There is no open issue. Select code and create one with Locus: Create Issue from Selection."
        : "Every open issue belongs to a sprint. Use Locus: Run Sprint.",
    );
    return;
  }
  const items = alone.map((task) => ({
    label: `#${task.number} ${task.title}`,
    description: [task.status, task.priority].filter((each) => each !== undefined).join(" · "),
    task,
  }));
  const chosen = await pickSeveral("Run Task", "The issue to run; check several to run them side by side", items);
  const [first] = chosen;
  if (first === undefined) return;
  await server.execute("locus.run.start", { tasks: chosen.map((item) => item.task.number), folder: first.task.folder });
}

export async function runSprint(server: Server): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const sprints = await server.execute("locus.sprint.list", { state: "open", ...folder });
  if (sprints.length === 0) {
    void vscode.window.showInformationMessage(
      "There is no open sprint. Create one in a terminal: locus sprint create.",
    );
    return;
  }
  const items = sprints.map((sprint) => ({
    label: sprint.name,
    description: sprint.tasks.length === 1 ? "1 task" : `${sprint.tasks.length} tasks`,
    sprint,
  }));
  const active = sprints.find((sprint) => sprint.active);
  const chosen = active ?? (await vscode.window.showQuickPick(items, { title: "Run Sprint" }))?.sprint;
  if (chosen !== undefined) await server.execute("locus.run.start", { sprint: chosen.name, folder: chosen.folder });
}

/** Asks a run to stop; asking one that is stopping already does not wait for its agent. */
export async function stopRun(server: Server): Promise<void> {
  const running = newestFirst((await server.request("locus/runs", {})).runs).filter((run) => isActive(run.state));
  if (running.length === 0) {
    void vscode.window.showInformationMessage("No run is going on.");
    return;
  }
  const items = running.map((run) => ({ label: nameOfRun(run), description: run.state, run }));
  const chosen = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: "Stop Run" });
  if (chosen === undefined) return;
  const { id, folder, state } = chosen.run;
  await server.execute("locus.run.stop", { runId: id, folder, ...(state === "stopping" ? { force: true } : {}) });
}

/** Worktrees and snapshots that are kept of unfinished work. */
export async function showKeptWork(server: Server): Promise<void> {
  const folder = await chooseFolder();
  if (folder !== undefined) await showKept(server, folder);
}

/** The server says what that means and asks; nothing is moved without a yes. */
export async function moveTasksToGitHub(server: Server): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const move = await server.execute("locus.tracker.push", folder);
  if (!move.done) return;
  const count = move.tasks.length === 1 ? "1 issue" : `${move.tasks.length} issues`;
  void vscode.window.showInformationMessage(`Tasks live in ${move.to} on ${move.host} now: ${count}.`);
}

interface LogItem extends vscode.QuickPickItem {
  readonly open: () => unknown;
}

export async function showLog(server: Server, logs: Logs, output: vscode.LogOutputChannel): Promise<void> {
  if (server.state !== "running") {
    output.show();
    return;
  }
  const { runs } = await server.request("locus/runs", {});
  const items = newestFirst(runs).flatMap((run) => [
    { label: nameOfRun(run), kind: vscode.QuickPickItemKind.Separator, open: () => undefined },
    ...run.tasks.map((task): LogItem => itemOf(task, () => logs.show(run, task))),
  ]);
  const own: LogItem = {
    label: "Language server",
    description: "its own log",
    open: () => {
      output.show();
    },
  };
  const chosen = await vscode.window.showQuickPick([...items, own], { title: "Show Log", matchOnDescription: true });
  await chosen?.open();
}

function itemOf(task: TaskRun, open: () => unknown): LogItem {
  return { label: `#${task.number} ${task.title}`, description: task.state, open };
}

function newestFirst(runs: readonly RunView[]): readonly RunView[] {
  return [...runs].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

/** The argument that names the folder: needed only where several are open; undefined when the person does not choose. */
async function chooseFolder(): Promise<{ readonly folder?: string } | undefined> {
  if ((vscode.workspace.workspaceFolders ?? []).length < 2) return {};
  const document = vscode.window.activeTextEditor?.document;
  const folder =
    (document && vscode.workspace.getWorkspaceFolder(document.uri)) ?? (await vscode.window.showWorkspaceFolderPick());
  return folder && { folder: folder.uri.toString() };
}
