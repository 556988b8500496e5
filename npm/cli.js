#!/usr/bin/env node
/**
 * npx layerw copy FOLDER        the files of the engine, for any web host or bundler
 * npx layerw manifest FOLDER    the list that <layer-w src="FOLDER/main.py"> needs
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folders, manifest } from './files.js';

const [command, folder, ...rest] = process.argv.slice(2);
try {
  if (!['copy', 'manifest'].includes(command) || !folder || rest.length > 0) {
    throw new Error('usage: npx layerw copy FOLDER | npx layerw manifest FOLDER');
  }
  if (command === 'manifest') {
    writeFileSync(join(folder, 'manifest.json'), manifest(folder));
    console.log(`wrote ${join(folder, 'manifest.json')}`);
  } else {
    mkdirSync(folder, { recursive: true });
    for (const [name, from] of Object.entries(folders())) cpSync(from, join(folder, name), { recursive: true });
    console.log(`wrote ${folder}: define({ base: ... }) takes its address`);
  }
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
