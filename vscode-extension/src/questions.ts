/** What a run asks the person: each question once as a notification, and again from the menu while it is open. */
import * as vscode from "vscode";
import type { Question, RunView } from "./protocol";
import type { Server } from "./server";

/** A notification shows one paragraph and cuts long text; more than this is shown in a dialog, in full. */
const PARAGRAPH = 500;
const DETAILS = "Show Details";

export class Questions {
  private readonly shown = new Set<string>();

  constructor(
    private readonly server: Server,
    private readonly report: (error: unknown) => void,
  ) {}

  /** Shows those of the run's questions that have not been shown yet. */
  show(run: RunView): void {
    for (const question of run.questions) {
      const key = `${run.id}/${question.id}`;
      if (this.shown.has(key)) continue;
      this.shown.add(key);
      this.ask(run, question).catch(this.report);
    }
  }

  async ask(run: RunView, question: Question): Promise<void> {
    const about = question.task === undefined ? question.title : `#${question.task}: ${question.title}`;
    const brief = question.detail.length <= PARAGRAPH && !question.detail.includes("\n");
    const message = brief && question.detail ? `${about} — ${question.detail}` : about;
    const labels = question.options.map((option) => option.label);
    let answer = await vscode.window.showWarningMessage(message, ...labels, ...(brief ? [] : [DETAILS]));
    if (answer === DETAILS && !brief) {
      answer = await vscode.window.showWarningMessage(about, { modal: true, detail: question.detail }, ...labels);
    }
    const option = question.options.find((each) => each.label === answer);
    if (option === undefined) return;
    const words = option.kind === "text" ? await vscode.window.showInputBox({ prompt: about }) : undefined;
    if (option.kind === "text" && !words) return;
    await this.server.execute("locus.run.answer", {
      runId: run.id,
      questionId: question.id,
      option: option.id,
      ...(words === undefined ? {} : { message: words }),
      folder: run.folder,
    });
  }
}
