/** What a run asks the person: each question once as a notification, and again from the menu while it is open. */
import * as vscode from "vscode";
import { fit, presentQuestion } from "./present";
import type { Question, RunView } from "./protocol";
import type { Server } from "./server";

/** A notification shows one paragraph and cuts long text; more than this is shown in a dialog, in full. */
const PARAGRAPH = 500;
const DETAILS = "Show Details";
/** In place of choices that are too long for buttons. */
const ANSWER = "Answer…";

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
    const { title, detail, buttons } = presentQuestion(question);
    const brief = detail.length <= PARAGRAPH && !detail.includes("\n");
    const message = brief && detail ? `${title} — ${detail}` : title;
    const more = brief ? [] : [DETAILS];
    const offered = fit(...buttons, ...more) ? buttons : [ANSWER];
    let answer = await vscode.window.showWarningMessage(message, ...offered, ...more);
    if (answer === DETAILS && !brief)
      answer = await vscode.window.showWarningMessage(title, { modal: true, detail }, ...buttons);
    if (answer === ANSWER && offered !== buttons) answer = await vscode.window.showQuickPick(buttons, { title });
    const option = question.options[answer === undefined ? -1 : buttons.indexOf(answer)];
    if (option === undefined) return;
    const words = option.kind === "text" ? await vscode.window.showInputBox({ prompt: title }) : undefined;
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
