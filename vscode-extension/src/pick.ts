/** A quick pick of several items in which Enter alone takes the focused one. */
import * as vscode from "vscode";

export function pickSeveral<Item extends vscode.QuickPickItem>(
  title: string,
  placeholder: string,
  items: readonly Item[],
): Promise<readonly Item[]> {
  return new Promise((resolve) => {
    const pick = vscode.window.createQuickPick<Item>();
    pick.title = title;
    pick.placeholder = placeholder;
    pick.matchOnDescription = true;
    pick.canSelectMany = true;
    pick.items = items;
    pick.activeItems = items.slice(0, 1);
    pick.onDidAccept(() => {
      resolve(pick.selectedItems.length > 0 ? pick.selectedItems : pick.activeItems);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve([]);
      pick.dispose();
    });
    pick.show();
  });
}
