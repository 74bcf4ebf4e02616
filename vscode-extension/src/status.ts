/** Locus's one item in the status bar: the server's life while it is not there, its status when it is. */
import * as vscode from "vscode";
import { type Presentation, presentStatus } from "./present";
import type { Status } from "./protocol";
import type { ServerState } from "./server";

const WITHOUT_SERVER: Readonly<Record<"starting" | "running" | "stopped", Presentation>> = {
  starting: { text: "$(loading~spin) Locus: starting", tooltip: "Locus's server is starting." },
  running: { text: "$(check) Locus", tooltip: "Locus's server is running." },
  stopped: {
    text: "$(debug-disconnect) Locus: stopped",
    tooltip: "Locus's server is not running. Click to restart it.",
  },
};

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("locus.status", vscode.StatusBarAlignment.Left, 100);
  /** What this server said last; it may do so before the client has noticed that it runs. */
  private status: Status | undefined;

  constructor(command: string) {
    this.item.name = "Locus";
    this.item.command = command;
  }

  showServer(state: ServerState): void {
    if (state !== "running") this.status = undefined;
    if (state === "none") this.item.hide();
    else this.present(this.status ? presentStatus(this.status) : WITHOUT_SERVER[state]);
  }

  showStatus(status: Status): void {
    this.status = status;
    this.present(presentStatus(status));
  }

  dispose(): void {
    this.item.dispose();
  }

  private present({ text, tooltip, background }: Presentation): void {
    this.item.text = text;
    // The server escapes what other people wrote for Markdown. Each of its lines is a paragraph; links to commands and icons stay off.
    this.item.tooltip = new vscode.MarkdownString(tooltip.replaceAll("\n", "\n\n"));
    this.item.backgroundColor = background === undefined ? undefined : new vscode.ThemeColor(background);
    this.item.accessibilityInformation = { label: text.replace(/\$\([^)]*\)\s*/, "") };
    this.item.show();
  }
}
