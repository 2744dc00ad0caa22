const { app } = require('electron');
const { existsSync, readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');

const folder = process.argv.slice(1).find((word) => !word.startsWith('-') && existsSync(join(word, 'package.json')));
if (folder === undefined) {
  process.stderr.write('name the folder of an app\n');
  app.exit(2);
} else {
  const path = resolve(folder);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  app.setName(manifest.productName || manifest.name);
  app.setVersion(manifest.version);
  app.setAppPath(path);
  require(join(path, manifest.main));
}
