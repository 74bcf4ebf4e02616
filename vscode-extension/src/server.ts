/** The language server's life: found, started, restarted, and what is sent to it. */
import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  type ErrorHandler,
  ExecuteCommandRequest,
  CloseAction,
  LanguageClient,
  RevealOutputChannelOn,
  type ConfigurationMiddleware,
  State,
  TransportKind,
} from "vscode-languageclient/node";
import { findServer } from "./findServer";
import { oneAtATime } from "./oneAtATime";
import { explain } from "./present";
import { type Commands, PROTOCOL_VERSION, type Requests } from "./protocol";

/** `none`: no folder is open, so nothing is started. */
export type ServerState = "none" | "starting" | "running" | "stopped";

export class Server implements vscode.Disposable {
  readonly restart: () => Promise<void>;
  private client: LanguageClient | undefined;
  private current: ServerState = "none";
  private readonly changed = new vscode.EventEmitter<ServerState>();
  readonly onDidChangeState = this.changed.event;

  /** `listen` subscribes to a new client's notifications, before it starts. */
  constructor(
    private readonly output: vscode.LogOutputChannel,
    private readonly listen: (client: LanguageClient) => void,
  ) {
    this.restart = oneAtATime(async () => {
      await this.stop();
      await this.start();
    });
  }

  get state(): ServerState {
    return this.current;
  }

  /** Runs a command of the server's. */
  execute<Id extends keyof Commands>(command: Id, args: Commands[Id]["args"]): Promise<Commands[Id]["result"]> {
    return this.running().sendRequest(ExecuteCommandRequest.type, { command, arguments: [args] });
  }

  request<Id extends keyof Requests>(method: Id, args: Requests[Id]["args"]): Promise<Requests[Id]["result"]> {
    return this.running().sendRequest<Requests[Id]["result"]>(method, args);
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client === undefined) return;
    try {
      await client.dispose();
    } catch (error) {
      this.output.warn(`The server did not stop as asked: ${explain(error)}`);
    }
  }

  dispose(): void {
    this.changed.dispose();
  }

  private running(): LanguageClient {
    if (this.client !== undefined && this.current === "running") return this.client;
    if (this.current === "none") throw new Error("Locus needs an open folder.");
    throw new Error(
      this.current === "starting" ? "Locus is still starting." : "Locus's server is not running; restart it first.",
    );
  }

  private async start(): Promise<void> {
    const folder = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "file");
    if (folder === undefined) {
      this.become("none");
      return;
    }
    const trusted = vscode.workspace.isTrusted;
    const settings = vscode.workspace.getConfiguration("locus");
    const found = findServer({
      setting: settings.get("server.path", ""),
      searchPath: process.env.PATH ?? "",
      platform: process.platform,
      home: homedir(),
      folder: trusted ? folder.uri.fsPath : undefined,
      isExecutable,
    });
    if ("problem" in found) {
      this.output.error(found.problem);
      this.become("stopped");
      void this.offerSettings(found.problem);
      return;
    }
    this.become("starting");
    const client = this.create(found.path, {
      untrustedWorkspace: !trusted,
      settings: settingsToSend(settings, trusted),
    });
    this.client = client;
    client.onDidChangeState(({ newState }) => {
      if (this.client === client) this.become(fromClient(newState));
    });
    this.listen(client);
    try {
      await client.start();
    } catch (error) {
      // The client has told the person already; the status bar offers a restart.
      this.output.error(`${found.path} lsp did not start: ${explain(error)}`);
      if (this.client === client) this.become("stopped");
    }
  }

  private create(command: string, initializationOptions: object): LanguageClient {
    const client: LanguageClient = new LanguageClient(
      "locus",
      "Locus",
      { command, args: ["lsp"], transport: TransportKind.stdio },
      {
        documentSelector: [{ scheme: "file" }],
        initializationOptions,
        outputChannel: this.output,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        middleware: { workspace: { configuration: answerConfiguration } },
        errorHandler: this.restartingFewTimes(() => client.createDefaultErrorHandler()),
      },
    );
    client.registerFeature({
      fillClientCapabilities: (capabilities) => {
        const experimental = (capabilities.experimental ?? {}) as object;
        capabilities.experimental = { ...experimental, locus: { version: PROTOCOL_VERSION } };
      },
      initialize: () => undefined,
      getState: () => ({ kind: "static" }),
      clear: () => undefined,
    });
    return client;
  }

  /** The client's own policy (a fifth end within three minutes is the last one) with a message that offers what to do. */
  private restartingFewTimes(create: () => ErrorHandler): ErrorHandler {
    let own: ErrorHandler | undefined;
    const policy = () => (own ??= create());
    return {
      error: (error, message, count) => policy().error(error, message, count),
      closed: async () => {
        const result = await policy().closed();
        if (result.action === CloseAction.Restart) return result;
        void this.offerRestart("Locus's server ended again and again, so it was not started once more.");
        return { ...result, handled: true };
      },
    };
  }

  private async offerSettings(problem: string): Promise<void> {
    const answer = await vscode.window.showErrorMessage(problem, "Open Settings", "Show Log");
    if (answer === "Open Settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "locus.server.path");
    } else if (answer === "Show Log") {
      this.output.show();
    }
  }

  private async offerRestart(problem: string): Promise<void> {
    const answer = await vscode.window.showErrorMessage(problem, "Restart Server", "Show Log");
    if (answer === "Restart Server") await this.restart();
    else if (answer === "Show Log") this.output.show();
  }

  private become(state: ServerState): void {
    this.current = state;
    this.changed.fire(state);
  }
}

function fromClient(state: State): ServerState {
  if (state === State.Running) return "running";
  return state === State.Starting ? "starting" : "stopped";
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The server asks for settings by folder; what a folder that is not trusted says itself is left out there too. */
const answerConfiguration: NonNullable<ConfigurationMiddleware["configuration"]> = (params, token, next) => {
  if (vscode.workspace.isTrusted) return next(params, token);
  return params.items.map(({ section, scopeUri }) => {
    if (section !== "locus") return null;
    const scope = scopeUri === undefined ? undefined : vscode.Uri.parse(scopeUri);
    return settingsToSend(vscode.workspace.getConfiguration(section, scope), false);
  });
};

/** The `locus` settings but for the client's own. Of a folder that is not trusted, only what the person set for all folders. */
function settingsToSend(settings: vscode.WorkspaceConfiguration, trusted: boolean): object {
  const keys = Object.keys(settings).filter((key) => key !== "server" && typeof settings[key] !== "function");
  const values = keys.map((key) => [key, trusted ? settings.get(key) : settings.inspect(key)?.globalValue]);
  return JSON.parse(JSON.stringify(Object.fromEntries(values))) as object;
}
