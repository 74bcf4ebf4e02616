/** Worktrees and snapshots that are kept of unfinished work: looked at, brought back, cleaned away. */
import * as vscode from "vscode";
import { presentKept, presentSnapshot } from "./present";
import type { KeptWorktree } from "./protocol";
import type { Server } from "./server";

interface Action extends vscode.QuickPickItem {
  readonly act: () => Promise<void>;
}

/** Lists what is kept; the one that is chosen can be opened, restored or removed. */
export async function showKept(server: Server, folder: { readonly folder?: string }): Promise<void> {
  const entries = await server.execute("locus.worktree.list", { ...folder });
  if (entries.length === 0) {
    void vscode.window.showInformationMessage("Nothing is kept: no worktrees, no snapshots.");
    return;
  }
  const items = entries.map((entry) => ({ ...presentKept(entry, new Date()), entry }));
  const all = {
    label: "$(trash) Clean up",
    description: "worktrees that nobody works in; snapshots stay",
    entry: null,
  };
  const title = "Kept Worktrees and Snapshots";
  const chosen = await vscode.window.showQuickPick([...items, all], { title, matchOnDescription: true });
  if (chosen === undefined) return;
  if (chosen.entry === null) await clean(server, folder);
  else await (await vscode.window.showQuickPick(actions(server, chosen.entry, folder), { title: chosen.label }))?.act();
}

function actions(server: Server, entry: KeptWorktree, folder: { readonly folder?: string }): readonly Action[] {
  const stands = entry.state !== "kept";
  const open: Action = { label: "$(folder-opened) Open in a new window", act: () => openFolder(entry.path) };
  const remove: Action = {
    label: "$(trash) Remove the worktree",
    description: "all that is in it is kept as a snapshot",
    act: () => clean(server, folder, entry.path),
  };
  const restore = entry.keepRefs.toReversed().map((snapshot): Action => {
    return {
      ...presentSnapshot(snapshot),
      act: async () => {
        const made = await server.execute("locus.worktree.restore", { ref: snapshot.ref, ...folder });
        await openFolder(made.path);
      },
    };
  });
  return stands ? [open, remove, ...restore] : restore;
}

async function clean(server: Server, folder: { readonly folder?: string }, path?: string): Promise<void> {
  const done = await server.execute(
    "locus.worktree.clean",
    path === undefined ? { ...folder } : { paths: [path], ...folder },
  );
  const kept = done.kept.map((each) => `${each.path} stays: ${each.reason}`);
  const removed = done.removed.length === 1 ? "1 removed" : `${done.removed.length} removed`;
  void vscode.window.showInformationMessage([removed, ...kept].join(". "));
}

async function openFolder(path: string): Promise<void> {
  await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.file(path), { forceNewWindow: true });
}
