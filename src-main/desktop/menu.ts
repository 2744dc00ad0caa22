import { Menu, type MenuItemConstructorOptions } from 'electron';

/** Only what a keyboard needs; hidden until Alt is pressed. */
export function setMenu(development: boolean): void {
  const tools: MenuItemConstructorOptions[] = development ? [{ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' }] : [];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      { label: '&Birthmark', submenu: [{ role: 'quit' }] },
      { role: 'editMenu' },
      { label: '&View', submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { role: 'togglefullscreen' }, ...tools] },
    ]),
  );
}
